//! A filter as a condition on `people p`, with the answer that it gives in memory.
//!
//! Rows of people who were joined stay with whom their events named: they are led to the group by `root_id`, which few
//! people have. Tags and scores of a group are kept for the group itself.

use guanxi_domain::Millis;
use guanxi_domain::person::Role;
use guanxi_domain::segment::{
    Condition, Consented, Direction, Filter, Number, Op, OrderMeasure, TimeFact, TimeTest, Total, Which, bounds,
};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;

use super::attributes::{activity, attribute};
use crate::sql::Sql;
use crate::work::Dialect;

/// The sum of rows that only counts them.
const COUNT: &str = "count(*)";

/// For whom a filter is compiled.
#[derive(Clone, Copy)]
pub(super) struct Ground<'s> {
    pub(super) tenant: TenantId,
    pub(super) settings: &'s TenantSettings,
    pub(super) now: Millis,
    /// Of whom the answer is wanted: a statement that goes through some of the people looks up no more than those.
    pub(super) part: &'s Part,
}

/// Some of the people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Everybody,
    Before(Bound),
    From(Bound),
}

/// What parts people in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bound {
    /// A person's id. On SQLite people lie in the order of these.
    Id(Vec<u8>),
    /// A place in the file, which is the order in which PostgreSQL goes through many rows.
    Place(String),
}

impl Part {
    /// Holds people `p` to the part.
    pub(super) fn hold(&self, sql: &mut Sql) {
        self.bound(sql, "p.id", Some("p.ctid"));
    }

    /// Holds rows, which are found by something else, to those of people of the part, if ids tell who that is.
    fn sift(&self, sql: &mut Sql, column: &str) {
        // With the sign SQLite does not go through them by person.
        let sign = if sql.dialect() == Dialect::Sqlite { "+" } else { "" };
        self.bound(sql, &format!("{sign}{column}"), None);
    }

    fn bound(&self, sql: &mut Sql, id: &str, place: Option<&str>) {
        let (sign, bound) = match self {
            Self::Everybody => return,
            Self::Before(bound) => ("<", bound),
            Self::From(bound) => (">=", bound),
        };
        match (bound, place) {
            (Bound::Id(bound), _) => drop(sql.put(&format!(" and {id} {sign} ")).bytes(bound)),
            (Bound::Place(bound), Some(place)) => {
                sql.put(&format!(" and {place} {sign} ")).text(bound.as_str()).put("::tid");
            }
            (Bound::Place(_), None) => {}
        }
    }
}

/// Adds the filter as one condition in parentheses. A segment that is still named in it has no members.
pub(super) fn compile(sql: &mut Sql, filter: &Filter, ground: Ground<'_>) {
    match filter {
        Filter::All(filters) => group(sql, filters, ground, " and ", "true"),
        Filter::Any(filters) => group(sql, filters, ground, " or ", "false"),
        Filter::Not(filter) => {
            sql.put("(not ");
            compile(sql, filter, ground);
            sql.put(")");
        }
        Filter::Is(is) => {
            sql.put("(");
            condition(sql, is, ground);
            sql.put(")");
        }
    }
}

/// What costs least stands first: where it decides, databases ask no further.
fn group(sql: &mut Sql, filters: &[Filter], ground: Ground<'_>, word: &str, empty: &str) {
    let mut filters: Vec<&Filter> = filters.iter().collect();
    filters.sort_by_key(|filter| effort(filter));
    sql.put("(");
    for (index, filter) in filters.iter().enumerate() {
        sql.put(if index == 0 { "" } else { word });
        compile(sql, filter, ground);
    }
    sql.put(if filters.is_empty() { empty } else { "" }).put(")");
}

/// What answering for one person costs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Effort {
    /// A comparison with a column of the person.
    Column,
    /// A look into a document of the person.
    Document,
    /// A look among rows of other tables.
    Rows,
}

fn effort(filter: &Filter) -> Effort {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().map(effort).max().unwrap_or(Effort::Column),
        Filter::Not(filter) => effort(filter),
        Filter::Is(Condition::Stage(_) | Condition::Role(_) | Condition::Total(..) | Condition::Time(..)) => {
            Effort::Column
        }
        Filter::Is(Condition::Attribute(..) | Condition::LastEvent(..) | Condition::Touch(..)) => Effort::Document,
        Filter::Is(Condition::Events(_, _, window)) if window.is_empty() => Effort::Document,
        Filter::Is(Condition::Orders(_, _, window)) if window.is_empty() => Effort::Column,
        Filter::Is(_) => Effort::Rows,
    }
}

fn condition(sql: &mut Sql, is: &Condition, ground: Ground<'_>) {
    match is {
        Condition::Stage(stages) => {
            sql.put("p.stage in (").texts(stages.iter().map(|stage| stage.as_str())).put(")");
        }
        Condition::Role(roles) => role(sql, roles),
        Condition::Total(total, tests) => numbers(sql, column(*total), tests),
        Condition::Time(fact, tests) => times(sql, time_column(*fact), tests, ground.now),
        Condition::Attribute(name, test) => attribute(sql, name, test, ground.now),
        Condition::Tag { dimension, name, weight } => tag(sql, dimension, name.as_deref(), weight, ground),
        Condition::Score(name, tests) => {
            sql.put("p.id in (select s.person_id from scores s where s.tenant_id = ").int(ground.tenant.0);
            sql.put(" and s.name = ").text(name.as_str());
            ground.part.sift(sql, "s.person_id");
            sql.put(" and ");
            numbers(sql, "s.value", tests);
            sql.put(")");
        }
        Condition::Orders(measure, tests, window) if window.is_empty() => {
            let total = if *measure == OrderMeasure::Count { Total::OrderCount } else { Total::Revenue };
            numbers(sql, column(total), tests);
        }
        Condition::Orders(measure, tests, window) => orders(sql, *measure, tests, window, ground),
        Condition::Events(kind, tests, window) if window.is_empty() => {
            each(sql, tests, |sql| activity(sql, kind, "count"));
        }
        Condition::Events(kind, tests, window) => events(sql, kind, tests, window, ground),
        Condition::LastEvent(kind, tests) => last(sql, kind, tests, ground.now),
        Condition::Identity { kind, states, deliverable } => {
            let fits = |sql: &mut Sql| {
                kind.iter().for_each(|kind| {
                    // In the order of people: SQLite would else go through those of the kind, each in another place.
                    let column = if sql.dialect() == Dialect::Sqlite { "+r.kind" } else { "r.kind" };
                    sql.put(&format!(" and {column} = ")).text(kind.as_str());
                });
                if !states.is_empty() {
                    sql.put(" and r.state in (").texts(states.iter().map(|state| state.as_str())).put(")");
                }
                let reached = |wanted: &bool| if *wanted { "not in" } else { "in" };
                deliverable.iter().for_each(|wanted| {
                    sql.put(&format!(" and r.state {} ('invalid', 'disputed')", reached(wanted)));
                });
            };
            sql.put("p.id in (");
            owners(sql, "identities", "", ground, fits);
            sql.put(")");
        }
        Condition::Consent(purpose, state) => consent(sql, purpose, *state, ground),
        Condition::Relations(kind, direction, tests) => relations(sql, kind.as_deref(), *direction, tests, ground),
        Condition::Influence(tests) => standing(sql, "t.influence", tests, ground),
        Condition::Distance(tests) => standing(sql, "t.distance", tests, ground),
        Condition::Touch(which, channels) => touch(sql, *which, channels),
        Condition::Segment(_) => {
            sql.put("false");
        }
    }
}

fn column(total: Total) -> &'static str {
    match total {
        Total::Revenue => "p.revenue",
        Total::OrderCount => "p.order_count",
        Total::EventCount => "p.event_count",
    }
}

fn time_column(fact: TimeFact) -> &'static str {
    match fact {
        TimeFact::FirstSeen => "p.first_seen",
        TimeFact::LastSeen => "p.last_seen",
        TimeFact::LastOrderAt => "p.last_order_at",
        TimeFact::CreatedAt => "p.created_at",
    }
}

fn role(sql: &mut Sql, roles: &[Role]) {
    if roles.contains(&Role::Consumer) {
        sql.put("true");
        return;
    }
    // The comparison with '[]' is what the index of those who have a role knows.
    sql.put("p.roles <> '[]' and (");
    for (index, role) in roles.iter().enumerate() {
        sql.put(if index == 0 { "" } else { " or " }).put(&format!(r#"p.roles like '%"{}"%'"#, role.as_str()));
    }
    sql.put(")");
}

fn numbers(sql: &mut Sql, value: &str, tests: &[Number]) {
    each(sql, tests, |sql| {
        sql.put(value);
    });
}

/// Every test of what `value` writes.
fn each(sql: &mut Sql, tests: &[Number], mut value: impl FnMut(&mut Sql)) {
    sql.put("(");
    for (index, Number { op, to }) in tests.iter().enumerate() {
        sql.put(if index == 0 { "" } else { " and " });
        value(sql);
        sql.put(&format!(" {} ", op.sign())).real(*to);
    }
    sql.put(if tests.is_empty() { "true" } else { "" }).put(")");
}

fn times(sql: &mut Sql, value: &str, tests: &[TimeTest], now: Millis) {
    sql.put(value).put(" > 0");
    between(sql, value, tests, now);
}

fn between(sql: &mut Sql, value: &str, tests: &[TimeTest], now: Millis) {
    for (op, at) in tests.iter().map(|test| bounds::at(*test, now)) {
        sql.put(&format!(" and {value} {} ", op.sign())).int(at);
    }
}

fn last(sql: &mut Sql, kind: &str, tests: &[TimeTest], now: Millis) {
    activity(sql, kind, "last");
    sql.put(" > 0");
    for (op, at) in tests.iter().map(|test| bounds::at(*test, now)) {
        sql.put(" and ");
        activity(sql, kind, "last");
        sql.put(&format!(" {} ", op.sign())).int(at);
    }
}

fn tag(sql: &mut Sql, dimension: &str, name: Option<&str>, weight: &[Number], ground: Ground<'_>) {
    sql.put("p.id in (select t.person_id from tags t where t.tenant_id = ").int(ground.tenant.0);
    sql.put(" and t.dimension = ").text(dimension);
    name.iter().for_each(|name| {
        sql.put(" and t.name = ").text(*name);
    });
    ground.part.sift(sql, "t.person_id");
    sql.put(" and t.weight > 0 and ");
    each(sql, weight, |sql| weight_now(sql, ground.now));
    sql.put(")");
}

/// What is left of the weight of tag `t`: half of it after each half-life. SQLite knows no powers: whole half-lives are
/// shifts, the rest is the series of e^-x, exact to 10⁻¹².
pub(crate) fn weight_now(sql: &mut Sql, now: Millis) {
    sql.put("(t.weight * case when t.half_life is null or t.at >= ").int(now).put(" then 1.0");
    match sql.dialect() {
        Dialect::Postgres => {
            sql.put(" else power(0.5::double precision, least((").int(now);
            sql.put(" - t.at)::double precision / t.half_life, 1000)) end)");
        }
        Dialect::Sqlite => {
            sql.put(" when (").int(now).put(" - t.at) / t.half_life >= 62 then 0.0 else 1.0 / (1 << ((").int(now);
            sql.put(" - t.at) / t.half_life)) * ");
            for divisor in 1..=12 {
                sql.put("(1.0 - ((").int(now);
                sql.put(&format!(
                    " - t.at) % t.half_life) * {:?} / t.half_life / {divisor}.0 * ",
                    std::f64::consts::LN_2
                ));
            }
            sql.put("1.0").put(&")".repeat(12)).put(" end)");
        }
    }
}

/// `select` of whose rows `r` of a table fit, those of joined people as their group's, with what else is `wanted` of a
/// row.
fn owners(sql: &mut Sql, table: &str, wanted: &str, ground: Ground<'_>, mut fits: impl FnMut(&mut Sql)) {
    let tenant = ground.tenant;
    sql.put(&format!("select r.person_id as owner{wanted} from {table} r where r.tenant_id = ")).int(tenant.0);
    fits(sql);
    ground.part.sift(sql, "r.person_id");
    // In this order: SQLite would else go through the table once for each who was joined.
    sql.put(&format!(
        " union all select l.root_id as owner{wanted} from people l cross join {table} r where l.tenant_id = "
    ));
    sql.int(tenant.0).put(" and l.root_id is not null and r.tenant_id = ").int(tenant.0);
    sql.put(" and r.person_id = l.id");
    fits(sql);
    ground.part.sift(sql, "l.root_id");
}

/// Owners whose `sum` passes the tests; without rows the sum is 0.
fn counted(sql: &mut Sql, key: &str, sum: &str, tests: &[Number], rows: impl FnOnce(&mut Sql)) {
    let zero = tests.iter().all(|test| test.op.holds(0.0, test.to));
    if sum == COUNT && tests.iter().all(whether) && tests.iter().all(|test| test.op.holds(1.0, test.to)) != zero {
        sql.put(key).put(if zero { " not in (" } else { " in (" });
        rows(sql);
        sql.put(")");
        return;
    }
    sql.put(key).put(if zero { " not in (select owner from (" } else { " in (select owner from (" });
    rows(sql);
    sql.put(") as counted group by owner having ").put(if zero { "not " } else { "" });
    numbers(sql, sum, tests);
    sql.put(")");
}

/// Whether a test of a count asks no more than whether there is any: it answers the same of every count from one.
fn whether(test: &Number) -> bool {
    test.to < 1.0 || (test.to == 1.0 && matches!(test.op, Op::Gte | Op::Lt))
}

fn orders(sql: &mut Sql, measure: OrderMeasure, tests: &[Number], window: &[TimeTest], ground: Ground<'_>) {
    let (wanted, sum) = match measure {
        OrderMeasure::Count => ("", COUNT),
        OrderMeasure::Sum => (", r.amount - r.refunded as paid", "sum(paid)"),
    };
    counted(sql, "p.id", sum, tests, |sql| {
        owners(sql, "orders", wanted, ground, |sql| {
            sql.put(" and r.amount > r.refunded");
            between(sql, "r.ordered_at", window, ground.now);
        });
    });
}

fn events(sql: &mut Sql, kind: &str, tests: &[Number], window: &[TimeTest], ground: Ground<'_>) {
    counted(sql, "p.id", COUNT, tests, |sql| {
        owners(sql, "timeline", "", ground, |sql| {
            sql.put(" and r.kind = ").text(kind);
            between(sql, "r.occurred_at", window, ground.now);
        });
    });
}

/// The latest word of somebody, which for a group is kept for the group itself.
fn consent(sql: &mut Sql, purpose: &str, state: Consented, ground: Ground<'_>) {
    sql.put(if state == Consented::Unknown { "p.id not in (" } else { "p.id in (" });
    sql.put("select r.person_id from consents r where r.tenant_id = ").int(ground.tenant.0);
    sql.put(" and r.purpose = ").text(purpose);
    ground.part.sift(sql, "r.person_id");
    if state != Consented::Unknown {
        consent_state(sql, purpose, state, ground);
    }
    sql.put(")");
}

fn consent_state(sql: &mut Sql, purpose: &str, state: Consented, ground: Ground<'_>) {
    let days = ground.settings.purposes.get(purpose).and_then(|purpose| purpose.days);
    let oldest = days.map(|days| ground.now - i64::from(days) * bounds::DAY);
    match state {
        Consented::Granted => {
            sql.put(" and r.state = 'granted' and (r.expires_at is null or r.expires_at > ").int(ground.now).put(")");
            oldest.iter().for_each(|oldest| {
                sql.put(" and r.at > ").int(*oldest);
            });
        }
        Consented::Expired => {
            sql.put(" and r.state = 'granted' and (r.expires_at <= ").int(ground.now);
            oldest.iter().for_each(|oldest| {
                sql.put(" or r.at <= ").int(*oldest);
            });
            sql.put(")");
        }
        Consented::Withdrawn | Consented::Unknown => {
            sql.put(" and r.state = 'withdrawn'");
        }
    }
}

fn relations(sql: &mut Sql, kind: Option<&str>, direction: Direction, tests: &[Number], ground: Ground<'_>) {
    let ends: &[&str] = match direction {
        Direction::Out => &["from_number"],
        Direction::In => &["to_number"],
        Direction::Any => &["from_number", "to_number"],
    };
    let tenant = ground.tenant.0;
    counted(sql, "p.number", COUNT, tests, |sql| {
        for (index, end) in ends.iter().enumerate() {
            let fits = |sql: &mut Sql| {
                kind.iter().for_each(|kind| {
                    sql.put(" and e.kind = ").text(*kind);
                });
            };
            sql.put(if index == 0 { "" } else { " union all " });
            sql.put(&format!("select e.{end} as owner from edges e where e.tenant_id = ")).int(tenant);
            fits(sql);
            sql.put(" union all select g.number as owner from people l cross join people g cross join edges e where l.tenant_id = ");
            sql.int(tenant).put(" and l.root_id is not null and g.tenant_id = ").int(tenant);
            sql.put(" and g.id = l.root_id and e.tenant_id = ").int(tenant).put(&format!(" and e.{end} = l.number"));
            fits(sql);
        }
    });
}

fn standing(sql: &mut Sql, column: &str, tests: &[Number], ground: Ground<'_>) {
    sql.put("p.number in (select t.number from standings t where t.tenant_id = ").int(ground.tenant.0);
    sql.put(&format!(" and {column} is not null and "));
    numbers(sql, column, tests);
    sql.put(")");
}

fn touch(sql: &mut Sql, which: Which, channels: &[String]) {
    let column = match which {
        Which::First => "p.first_touch",
        Which::Last => "p.last_touch",
    };
    match sql.dialect() {
        Dialect::Sqlite => sql.put(&format!("(json_extract({column}, '$.channel') in (")),
        Dialect::Postgres => sql.put(&format!("({column}::jsonb ->> 'channel' in (")),
    };
    sql.texts(channels.iter().map(String::as_str)).put(")) is true");
}
