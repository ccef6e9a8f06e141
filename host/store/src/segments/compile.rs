//! What people's own rows decide of a filter as a condition on `people p`, with the answer that it gives in memory.

use guanxi_domain::Millis;
use guanxi_domain::person::Role;
use guanxi_domain::segment::{Condition, Filter, Number, OrderMeasure, TimeFact, TimeTest, Total, Which, bounds};

use super::attributes::{activity, attribute};
use crate::sql::Sql;
use crate::work::Dialect;

/// Adds a filter that people's own rows decide as one condition in parentheses.
pub(super) fn compile(sql: &mut Sql, filter: &Filter, now: Millis) {
    match filter {
        Filter::All(filters) => group(sql, filters, now, " and ", "true"),
        Filter::Any(filters) => group(sql, filters, now, " or ", "false"),
        Filter::Not(filter) => {
            sql.put("(not ");
            compile(sql, filter, now);
            sql.put(")");
        }
        Filter::Is(is) => {
            sql.put("(");
            condition(sql, is, now);
            sql.put(")");
        }
    }
}

/// What costs least stands first: where it decides, databases ask no further.
fn group(sql: &mut Sql, filters: &[Filter], now: Millis, word: &str, empty: &str) {
    let mut filters: Vec<&Filter> = filters.iter().collect();
    filters.sort_by_key(|filter| effort(filter));
    sql.put("(");
    for (index, filter) in filters.iter().enumerate() {
        sql.put(if index == 0 { "" } else { word });
        compile(sql, filter, now);
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
}

fn effort(filter: &Filter) -> Effort {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().map(effort).max().unwrap_or(Effort::Column),
        Filter::Not(filter) => effort(filter),
        Filter::Is(
            Condition::Attribute(..) | Condition::Events(..) | Condition::LastEvent(..) | Condition::Touch(..),
        ) => Effort::Document,
        Filter::Is(_) => Effort::Column,
    }
}

fn condition(sql: &mut Sql, is: &Condition, now: Millis) {
    match is {
        Condition::Stage(stages) => {
            sql.put("p.stage in (").texts(stages.iter().map(|stage| stage.as_str())).put(")");
        }
        Condition::Role(roles) => role(sql, roles),
        Condition::Total(total, tests) => numbers(sql, column(*total), tests),
        Condition::Time(fact, tests) => times(sql, time_column(*fact), tests, now),
        Condition::Attribute(name, test) => attribute(sql, name, test, now),
        Condition::Orders(measure, tests, window) if window.is_empty() => {
            let total = if *measure == OrderMeasure::Count { Total::OrderCount } else { Total::Revenue };
            numbers(sql, column(total), tests);
        }
        Condition::Events(kind, tests, window) if window.is_empty() => {
            each(sql, tests, |sql| activity(sql, kind, "count"));
        }
        Condition::LastEvent(kind, tests) => last(sql, kind, tests, now),
        Condition::Touch(which, channels) => touch(sql, *which, channels),
        // A segment that is still named has no members; everything else is decided by rows of other tables.
        _ => {
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

pub(super) fn numbers(sql: &mut Sql, value: &str, tests: &[Number]) {
    each(sql, tests, |sql| {
        sql.put(value);
    });
}

/// Every test of what `value` writes.
pub(super) fn each(sql: &mut Sql, tests: &[Number], mut value: impl FnMut(&mut Sql)) {
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

pub(super) fn between(sql: &mut Sql, value: &str, tests: &[TimeTest], now: Millis) {
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
