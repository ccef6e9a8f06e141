//! Conditions that rows of other tables decide: whose rows they are is read as one long value, and counted in memory, for
//! databases would keep and search them person by person.
//!
//! Rows of people who were joined stay with whom their events named and count for the group. Tags, scores, consents and
//! standings of a group are kept for the group itself.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::segment::{Condition, Consented, Direction, Number, OrderMeasure, bounds};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use roaring::RoaringBitmap;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::compile::{between, each, numbers as compare};
use super::directory::Directory;
use super::find::numbers;
use super::plan::Set;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::work::{Dialect, Work};

/// Who is who in a tenant.
pub(super) struct Everybody<'d> {
    pub(super) directory: &'d Directory,
    /// The group of each who was joined, by numbers.
    pub(super) groups: &'d HashMap<u32, u32>,
}

/// What is asked of a table.
pub(super) struct Question {
    statement: Sql,
    owner: Owner,
    /// Whether rows of joined people count for their group; else they count for nobody.
    leads: bool,
    wanted: Wanted,
}

/// How a row names its person.
#[derive(Clone, Copy)]
enum Owner {
    Id,
    Number,
}

/// Whom the rows mean.
enum Wanted {
    /// Whoever has one.
    Owners,
    /// Whoever has none.
    Others,
    /// Of whom there are so many.
    Count(Vec<Number>),
    /// Whose amounts are so much together.
    Sum(Vec<Number>),
}

impl Question {
    /// What the condition asks; nothing if rows do not decide it.
    pub(super) fn new(
        dialect: Dialect,
        tenant: TenantId,
        condition: &Condition,
        settings: &TenantSettings,
        now: Millis,
    ) -> Option<Self> {
        let question = |owner: Owner, leads: bool, wanted: Wanted| {
            let mut statement = Sql::new(dialect);
            statement.put(match (dialect, owner) {
                (Dialect::Sqlite, Owner::Id) => "select cast(group_concat(r.person_id, '') as blob)",
                (Dialect::Postgres, Owner::Id) => "select string_agg(r.person_id, '')",
                (Dialect::Sqlite, Owner::Number) => "select group_concat(r.number)",
                (Dialect::Postgres, Owner::Number) => "select string_agg(int8send(r.number), '')",
            });
            statement.put(match (dialect, &wanted) {
                (Dialect::Sqlite, Wanted::Sum(_)) => ", group_concat(r.amount - r.refunded)",
                (Dialect::Postgres, Wanted::Sum(_)) => ", string_agg(int8send(r.amount - r.refunded), '')",
                _ => "",
            });
            Self { statement, owner, leads, wanted }
        };
        let from = |table: &str, owner: Owner, leads: bool, wanted: Wanted| {
            let mut question = question(owner, leads, wanted);
            question.statement.put(&format!(" from {table} r where r.tenant_id = ")).int(tenant.0);
            question
        };
        Some(match condition {
            Condition::Tag { dimension, name, weight } => {
                let mut question = from("tags", Owner::Id, false, Wanted::Owners);
                tag(&mut question.statement, dimension, name.as_deref(), weight, now);
                question
            }
            Condition::Score(name, tests) => {
                let mut question = from("scores", Owner::Id, false, Wanted::Owners);
                question.statement.put(" and r.name = ").text(name.as_str()).put(" and ");
                compare(&mut question.statement, "r.value", tests);
                question
            }
            Condition::Orders(measure, tests, window) => {
                let wanted = match measure {
                    OrderMeasure::Count => Wanted::Count(tests.clone()),
                    OrderMeasure::Sum => Wanted::Sum(tests.clone()),
                };
                let mut question = from("orders", Owner::Id, true, wanted);
                question.statement.put(" and r.amount > r.refunded");
                between(&mut question.statement, "r.ordered_at", window, now);
                question
            }
            Condition::Events(kind, tests, window) => {
                let mut question = from("timeline", Owner::Id, true, Wanted::Count(tests.clone()));
                question.statement.put(" and r.kind = ").text(kind.as_str());
                between(&mut question.statement, "r.occurred_at", window, now);
                question
            }
            Condition::Identity { kind, states, deliverable } => {
                let mut question = from("identities", Owner::Id, true, Wanted::Owners);
                let sql = &mut question.statement;
                kind.iter().for_each(|kind| {
                    sql.put(" and r.kind = ").text(kind.as_str());
                });
                if !states.is_empty() {
                    sql.put(" and r.state in (").texts(states.iter().map(|state| state.as_str())).put(")");
                }
                deliverable.iter().for_each(|wanted| {
                    sql.put(if *wanted { " and r.state not in " } else { " and r.state in " })
                        .put("('invalid', 'disputed')");
                });
                question
            }
            Condition::Consent(purpose, state) => {
                let wanted = if *state == Consented::Unknown { Wanted::Others } else { Wanted::Owners };
                let mut question = from("consents", Owner::Id, false, wanted);
                question.statement.put(" and r.purpose = ").text(purpose.as_str());
                consent(&mut question.statement, purpose, *state, settings, now);
                question
            }
            Condition::Relations(kind, direction, tests) => {
                let ends: &[&str] = match direction {
                    Direction::Out => &["from_number"],
                    Direction::In => &["to_number"],
                    Direction::Any => &["from_number", "to_number"],
                };
                let mut question = question(Owner::Number, true, Wanted::Count(tests.clone()));
                for (index, end) in ends.iter().enumerate() {
                    let sql = question.statement.put(if index == 0 { " from (" } else { " union all " });
                    sql.put(&format!("select e.{end} as number from edges e where e.tenant_id = ")).int(tenant.0);
                    kind.iter().for_each(|kind| {
                        sql.put(" and e.kind = ").text(kind.as_str());
                    });
                }
                question.statement.put(") r");
                question
            }
            Condition::Influence(tests) => {
                standing(from("standings", Owner::Number, false, Wanted::Owners), "r.influence", tests)
            }
            Condition::Distance(tests) => {
                standing(from("standings", Owner::Number, false, Wanted::Owners), "r.distance", tests)
            }
            _ => return None,
        })
    }

    /// Asks it.
    pub(super) async fn ask(self, work: &mut Work, everybody: &Everybody<'_>) -> Result<Set, StoreError> {
        let dialect = work.dialect();
        let row = self.statement.query().fetch_one(work.connection()).await?;
        let amounts = match self.wanted {
            Wanted::Sum(_) => Some(amounts(&row, dialect)?),
            _ => None,
        };
        let mut owners = match self.owner {
            Owner::Id => everybody.directory.numbers(ids(&row)?, amounts),
            Owner::Number => numbers(&row, 0, dialect)?.into_iter().map(|number| (number, 1)).collect(),
        };
        let led = |(owner, amount)| match everybody.groups.get(&owner) {
            None => Some((owner, amount)),
            Some(group) => self.leads.then_some((*group, amount)),
        };
        owners = owners.into_iter().filter_map(led).collect();
        owners.sort_unstable_by_key(|(owner, _)| *owner);
        Ok(match self.wanted {
            Wanted::Owners => Set { members: distinct(&owners), others: false },
            Wanted::Others => Set { members: distinct(&owners), others: true },
            Wanted::Count(tests) | Wanted::Sum(tests) => passing(&owners, &tests),
        })
    }
}

/// The ids that stand in the row one after the other.
fn ids(row: &AnyRow) -> Result<Vec<u128>, StoreError> {
    let bytes: Option<Vec<u8>> = row.try_get(0)?;
    let (ids, _) = bytes.as_deref().unwrap_or_default().as_chunks();
    Ok(ids.iter().map(|id| u128::from_be_bytes(*id)).collect())
}

fn amounts(row: &AnyRow, dialect: Dialect) -> Result<Vec<i64>, StoreError> {
    Ok(match dialect {
        Dialect::Sqlite => {
            let text: Option<String> = row.try_get(1)?;
            text.iter().flat_map(|text| text.split(',')).filter_map(|amount| amount.parse().ok()).collect()
        }
        Dialect::Postgres => {
            let bytes: Option<Vec<u8>> = row.try_get(1)?;
            let (amounts, _) = bytes.as_deref().unwrap_or_default().as_chunks();
            amounts.iter().map(|amount| i64::from_be_bytes(*amount)).collect()
        }
    })
}

/// Each owner once, of many in their order.
fn distinct(owners: &[(u32, i64)]) -> RoaringBitmap {
    owners.chunk_by(|(a, _), (b, _)| a == b).filter_map(|same| same.first()).map(|(owner, _)| *owner).collect()
}

/// Whether the condition holds for whoever has no rows, so that rows tell for whom it does not.
pub(super) fn holds_without_rows(condition: &Condition) -> bool {
    match condition {
        Condition::Orders(_, tests, _) | Condition::Events(_, tests, _) | Condition::Relations(_, _, tests) => {
            pass(tests, 0)
        }
        Condition::Consent(_, state) => *state == Consented::Unknown,
        _ => false,
    }
}

fn pass(tests: &[Number], sum: i64) -> bool {
    tests.iter().all(|test| test.op.holds(sum as f64, test.to))
}

/// Whose amounts, which stand side by side, pass the tests together; without rows they are 0.
fn passing(amounts: &[(u32, i64)], tests: &[Number]) -> Set {
    let others = pass(tests, 0);
    let sum = |amounts: &[(u32, i64)]| amounts.iter().fold(0_i64, |sum, (_, amount)| sum.saturating_add(*amount));
    let told = amounts.chunk_by(|(a, _), (b, _)| a == b).filter(|amounts| pass(tests, sum(amounts)) != others);
    Set { members: told.filter_map(|amounts| amounts.first()).map(|(owner, _)| *owner).collect(), others }
}

fn tag(sql: &mut Sql, dimension: &str, name: Option<&str>, weight: &[Number], now: Millis) {
    sql.put(" and r.dimension = ").text(dimension);
    name.iter().for_each(|name| {
        sql.put(" and r.name = ").text(*name);
    });
    sql.put(" and r.weight > 0 and ");
    each(sql, weight, |sql| weight_now(sql, "r", now));
}

/// What is left of the weight of a tag: half of it after each half-life. SQLite knows no powers: whole half-lives are
/// shifts, the rest is the series of e^-x, exact to 10⁻¹².
pub(crate) fn weight_now(sql: &mut Sql, tag: &str, now: Millis) {
    sql.put(&format!("({tag}.weight * case when {tag}.half_life is null or {tag}.at >= ")).int(now).put(" then 1.0");
    match sql.dialect() {
        Dialect::Postgres => {
            sql.put(" else power(0.5::double precision, least((").int(now);
            sql.put(&format!(" - {tag}.at)::double precision / {tag}.half_life, 1000)) end)"));
        }
        Dialect::Sqlite => {
            sql.put(" when (")
                .int(now)
                .put(&format!(" - {tag}.at) / {tag}.half_life >= 62 then 0.0 else 1.0 / (1 << (("));
            sql.int(now).put(&format!(" - {tag}.at) / {tag}.half_life)) * "));
            for divisor in 1..=12 {
                sql.put("(1.0 - ((").int(now);
                sql.put(&format!(
                    " - {tag}.at) % {tag}.half_life) * {:?} / {tag}.half_life / {divisor}.0 * ",
                    std::f64::consts::LN_2
                ));
            }
            sql.put("1.0").put(&")".repeat(12)).put(" end)");
        }
    }
}

/// The latest word of somebody.
fn consent(sql: &mut Sql, purpose: &str, state: Consented, settings: &TenantSettings, now: Millis) {
    let days = settings.purposes.get(purpose).and_then(|purpose| purpose.days);
    let oldest = days.map(|days| now - i64::from(days) * bounds::DAY);
    match state {
        Consented::Granted => {
            sql.put(" and r.state = 'granted' and (r.expires_at is null or r.expires_at > ").int(now).put(")");
            oldest.iter().for_each(|oldest| {
                sql.put(" and r.at > ").int(*oldest);
            });
        }
        Consented::Expired => {
            sql.put(" and r.state = 'granted' and (r.expires_at <= ").int(now);
            oldest.iter().for_each(|oldest| {
                sql.put(" or r.at <= ").int(*oldest);
            });
            sql.put(")");
        }
        Consented::Withdrawn => {
            sql.put(" and r.state = 'withdrawn'");
        }
        Consented::Unknown => {}
    }
}

fn standing(mut question: Question, column: &str, tests: &[Number]) -> Question {
    question.statement.put(&format!(" and {column} is not null and "));
    compare(&mut question.statement, column, tests);
    question
}
