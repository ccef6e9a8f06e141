//! Conditions that rows of other tables decide: whose rows they are is read as one long value, and counted in memory, for
//! databases would keep and search them person by person.
//!
//! Rows of many millions of people are read in pieces: databases hand out no value of a gigabyte, nor would memory hold it.
//!
//! Rows of people who were joined stay with whom their events named and count for the group. Tags, scores, consents and
//! standings of a group are kept for the group itself.

use std::collections::HashMap;

use guanxi_domain::segment::{Condition, Consented, Direction, Number, OrderMeasure};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{DAY, Millis};
use roaring::RoaringBitmap;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::compile::{between, each, numbers as compare};
use super::directory::{Directory, Few, Id, Piece};
use super::find::{hold_numbers, numbers};
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
    /// Which rows `r`: ` from … r where …`.
    rows: Sql,
    owner: Owner,
    /// Whether rows of joined people count for their group; else they count for nobody.
    leads: bool,
    wanted: Wanted,
}

/// How a row names whom it counts for.
enum Owner {
    /// By the id of a person.
    Id,
    /// By the numbers that stand in these columns.
    Numbers(&'static [&'static str]),
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
        let from = |table: &str, owner: Owner, leads: bool, wanted: Wanted| {
            let mut rows = Sql::new(dialect);
            rows.put(&format!(" from {table} r where r.tenant_id = ")).int(tenant.0);
            Self { rows, owner, leads, wanted }
        };
        Some(match condition {
            Condition::Tag { dimension, name, weight } => {
                let mut question = from("tags", Owner::Id, false, Wanted::Owners);
                tag(&mut question.rows, dimension, name.as_deref(), weight, now);
                question
            }
            Condition::Score(name, tests) => {
                let mut question = from("scores", Owner::Id, false, Wanted::Owners);
                question.rows.put(" and r.name = ").text(name.as_str()).put(" and ");
                compare(&mut question.rows, "r.value", tests);
                question
            }
            Condition::Orders(measure, tests, window) => {
                let wanted = match measure {
                    OrderMeasure::Count => Wanted::Count(tests.clone()),
                    OrderMeasure::Sum => Wanted::Sum(tests.clone()),
                };
                let mut question = from("orders", Owner::Id, true, wanted);
                question.rows.put(" and r.amount > r.refunded");
                between(&mut question.rows, "r.ordered_at", window, now);
                question
            }
            Condition::Events(kind, tests, window) => {
                let mut question = from("timeline", Owner::Id, true, Wanted::Count(tests.clone()));
                question.rows.put(" and r.kind = ").text(kind.as_str());
                between(&mut question.rows, "r.occurred_at", window, now);
                question
            }
            Condition::Identity { kind, states, deliverable } => {
                let mut question = from("identities", Owner::Id, true, Wanted::Owners);
                let sql = &mut question.rows;
                kind.iter().for_each(|kind| {
                    sql.put(" and r.kind = ").text(kind.as_str());
                });
                if !states.is_empty() {
                    sql.put(" and r.state in (").texts(states.iter().map(|state| state.as_str())).put(")");
                }
                deliverable.iter().for_each(|wanted| {
                    sql.put(if *wanted { " and r.state not in " } else { " and r.state in " })
                        .put("('invalid', 'disputed', 'stale')");
                });
                question
            }
            Condition::Consent(purpose, state) => {
                let wanted = if *state == Consented::Unknown { Wanted::Others } else { Wanted::Owners };
                let mut question = from("consents", Owner::Id, false, wanted);
                question.rows.put(" and r.purpose = ").text(purpose.as_str());
                consent(&mut question.rows, purpose, *state, settings, now);
                question
            }
            Condition::Relations(kind, direction, tests) => {
                let ends: &[&str] = match direction {
                    Direction::Out => &["r.from_number"],
                    Direction::In => &["r.to_number"],
                    Direction::Any => &["r.from_number", "r.to_number"],
                };
                let mut question = from("edges", Owner::Numbers(ends), true, Wanted::Count(tests.clone()));
                kind.iter().for_each(|kind| {
                    question.rows.put(" and r.kind = ").text(kind.as_str());
                });
                question
            }
            Condition::Influence(tests) => {
                standing(from("standings", Owner::Numbers(&["r.number"]), false, Wanted::Owners), "r.influence", tests)
            }
            Condition::Distance(tests) => {
                standing(from("standings", Owner::Numbers(&["r.number"]), false, Wanted::Owners), "r.distance", tests)
            }
            _ => return None,
        })
    }

    /// Asks it, piece by piece, of people that are everybody who matters.
    pub(super) async fn ask(
        &self,
        work: &mut Work,
        everybody: &Everybody<'_>,
        pieces: impl Iterator<Item = Piece<'_>>,
    ) -> Result<Set, StoreError> {
        let mut sums = vec![0_i64; everybody.directory.last() as usize + 1];
        for piece in pieces {
            for (owner, amount) in self.ask_piece(work, everybody.directory, &piece).await? {
                let owner = match everybody.groups.get(&owner) {
                    None => owner,
                    Some(group) if self.leads => *group,
                    Some(_) => continue,
                };
                if let Some(sum) = sums.get_mut(owner as usize) {
                    *sum = sum.saturating_add(amount);
                }
            }
        }
        Ok(match &self.wanted {
            Wanted::Owners => Set { members: of(&sums, |sum| sum > 0), others: false },
            Wanted::Others => Set { members: of(&sums, |sum| sum > 0), others: true },
            // Without rows the sum is 0.
            Wanted::Count(tests) | Wanted::Sum(tests) => {
                let others = pass(tests, 0);
                Set { members: of(&sums, |sum| pass(tests, sum) != others), others }
            }
        })
    }

    /// The rows of some people: whose they are by number, and the amount of each, or 1.
    async fn ask_piece(
        &self,
        work: &mut Work,
        directory: &Directory,
        piece: &Piece<'_>,
    ) -> Result<Vec<(u32, i64)>, StoreError> {
        let dialect = work.dialect();
        match self.owner {
            Owner::Id => {
                let ids_of = match dialect {
                    Dialect::Sqlite => "select cast(group_concat(r.person_id, '') as blob)",
                    Dialect::Postgres => "select string_agg(r.person_id, '')",
                };
                let is_sum = matches!(self.wanted, Wanted::Sum(_));
                let amount =
                    if is_sum { format!(", {}", listed("r.amount - r.refunded", dialect)) } else { String::new() };
                let mut sql = self.rows.clone();
                sql.put_first(&format!("{ids_of}{amount}"));
                piece.hold_ids(&mut sql, "r.person_id");
                let row = sql.query().fetch_one(work.connection()).await?;
                let amounts = is_sum.then(|| amounts(&row, dialect)).transpose()?;
                Ok(directory.numbers(ids(&row)?, amounts))
            }
            Owner::Numbers(columns) => {
                // Each column has an index of its own, where few people are asked for.
                let at_once = if matches!(piece, Piece::These(_)) { 1 } else { columns.len() };
                let mut owners = Vec::new();
                for columns in columns.chunks(at_once) {
                    let mut sql = self.rows.clone();
                    let listed: Vec<String> = columns.iter().map(|column| piece.listed(column, dialect)).collect();
                    sql.put_first(&format!("select {}", listed.join(", ")));
                    columns.iter().for_each(|column| piece.hold_numbers(&mut sql, column));
                    let row = sql.query().fetch_one(work.connection()).await?;
                    for index in 0..columns.len() {
                        owners.extend(numbers(&row, index, dialect)?.into_iter().map(|number| (number, 1)));
                    }
                }
                Ok(owners)
            }
        }
    }
}

impl Piece<'_> {
    /// Holds ids of people to the piece.
    fn hold_ids(&self, sql: &mut Sql, column: &str) {
        match self {
            Self::Range { ids: (from, to), .. } => {
                for (sign, bound) in [(">=", from), ("<", to)] {
                    bound.iter().for_each(|id| {
                        sql.put(&format!(" and {column} {sign} ")).bytes(id);
                    });
                }
            }
            Self::These(Few { ids, .. }) => {
                let (before, after) = match sql.dialect() {
                    Dialect::Sqlite => ("in (select unhex(value) from json_each(", "))"),
                    Dialect::Postgres => ("= any(", "::bytea[])"),
                };
                let list = hex_list(ids, sql.dialect());
                sql.put(&format!(" and {column} {before}")).text(list).put(after);
            }
        }
    }

    /// Holds the numbers of a column to these, if the piece names them.
    fn hold_numbers(&self, sql: &mut Sql, column: &str) {
        if let Self::These(Few { numbers, .. }) = self {
            hold_numbers(sql, column, numbers);
        }
    }

    /// The numbers of a column that are in the piece, as one value: a row may count for one of its columns and not for
    /// another.
    fn listed(&self, column: &str, dialect: Dialect) -> String {
        let listed = listed(column, dialect);
        let Self::Range { numbers: (from, to), .. } = self else { return listed };
        let from = from.map(|from| format!("{column} >= {from}"));
        let bounds: Vec<String> = from.into_iter().chain(to.map(|to| format!("{column} < {to}"))).collect();
        match bounds.is_empty() {
            true => listed,
            false => format!("{listed} filter (where {})", bounds.join(" and ")),
        }
    }
}

/// Ids as the database reads a list of them from a text.
fn hex_list(ids: &[Id], dialect: Dialect) -> String {
    let (open, before, after, close) = match dialect {
        Dialect::Sqlite => ("[", "\"", "\"", "]"),
        Dialect::Postgres => ("{", "\\\\x", "", "}"),
    };
    let ids: Vec<String> = ids.iter().map(|id| format!("{before}{:032x}{after}", u128::from_be_bytes(*id))).collect();
    format!("{open}{}{close}", ids.join(","))
}

/// All values of a whole number as one.
fn listed(value: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!("group_concat({value})"),
        Dialect::Postgres => format!("string_agg(int8send({value}), '')"),
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

/// The numbers whose sums are such.
fn of(sums: &[i64], are_such: impl Fn(i64) -> bool) -> RoaringBitmap {
    (0_u32..).zip(sums).filter(|(_, sum)| are_such(**sum)).map(|(number, _)| number).collect()
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

/// What is soon known.
pub(super) const LIGHT: u8 = 1;

/// About how long a condition takes beside others: by how many rows its table has.
pub(super) fn weight(condition: &Condition) -> u8 {
    match condition {
        Condition::Relations(..) => 3,
        Condition::Identity { .. } | Condition::Events(..) | Condition::Orders(..) | Condition::Consent(..) => 2,
        _ => LIGHT,
    }
}

fn pass(tests: &[Number], sum: i64) -> bool {
    tests.iter().all(|test| test.op.holds(sum as f64, test.to))
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
    let oldest = days.map(|days| now - i64::from(days) * DAY);
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
    question.rows.put(&format!(" and {column} is not null and "));
    compare(&mut question.rows, column, tests);
    question
}
