//! Tests of attributes and of what people did, which are JSON documents in columns of `people`. Databases keep them in a form
//! in which they find a value without reading the whole. Its text costs least, its kind or the value itself several times as
//! much: what texts can decide is asked of them first.

use guanxi_domain::Millis;
use guanxi_domain::segment::bounds::{self, DayBound};
use guanxi_domain::segment::{AttributeTest, DateTest, Number, Op, Scalar};

use crate::sql::Sql;
use crate::work::Dialect;

/// Below this every whole number is a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// `column -> name` passes the test; whoever has no such attribute only passes [`AttributeTest::Exists`] of `false`.
pub(super) fn attribute(sql: &mut Sql, name: &str, test: &AttributeTest, now: Millis) {
    sql.put("(");
    match sql.dialect() {
        Dialect::Sqlite => on_sqlite(sql, name, test, now),
        Dialect::Postgres => on_postgres(sql, name, test, now),
    }
    sql.put(") is true");
}

/// How often, or when last, the person did something: `count` or `last` of the kind; 0 if never.
pub(super) fn activity(sql: &mut Sql, kind: &str, what: &str) {
    match sql.dialect() {
        Dialect::Sqlite => {
            sql.put("coalesce(json_extract(p.activity, ").text(format!("{}.{what}", path(kind))).put("), 0)");
        }
        Dialect::Postgres => {
            sql.put("coalesce((p.activity #>> (select array[").text(kind).put(&format!(", '{what}']))::bigint, 0)"));
        }
    }
}

/// Whether numbers may be compared as they stand; else as doubles, as in memory.
fn are_exact(tests: &[Number]) -> bool {
    tests.iter().all(|test| test.to.abs() < EXACT_MAX)
}

fn equal_to(to: f64) -> Number {
    Number { op: Op::Eq, to }
}

/// Names have no quotes and backslashes.
fn path(name: &str) -> String {
    format!("$.\"{name}\"")
}

fn on_sqlite(sql: &mut Sql, name: &str, test: &AttributeTest, now: Millis) {
    let path = path(name);
    let kind = |sql: &mut Sql| {
        sql.put("json_type(p.attributes, ").text(path.clone()).put(")");
    };
    let value = |sql: &mut Sql| {
        sql.put("json_extract(p.attributes, ").text(path.clone()).put(")");
    };
    match test {
        AttributeTest::Exists(exists) => {
            sql.put("coalesce(");
            kind(sql);
            sql.put(if *exists { ", 'null') <> 'null'" } else { ", 'null') = 'null'" });
        }
        AttributeTest::In(values) => {
            for (index, wanted) in values.iter().enumerate() {
                sql.put(if index == 0 { "(" } else { " or (" });
                match wanted {
                    // Most differ, and are not asked for their kind.
                    Scalar::Text(text) => {
                        value(sql);
                        sql.put(" = ").text(text.as_str()).put(" and ");
                        kind(sql);
                        sql.put(" = 'text'");
                    }
                    Scalar::Number(number) => numbers_on_sqlite(sql, name, &[equal_to(*number)]),
                    Scalar::Flag(flag) => {
                        kind(sql);
                        sql.put(if *flag { " = 'true'" } else { " = 'false'" });
                    }
                }
                sql.put(")");
            }
        }
        AttributeTest::Numbers(tests) => numbers_on_sqlite(sql, name, tests),
        AttributeTest::Contains(part) => {
            sql.put("case ");
            kind(sql);
            sql.put(" when 'text' then instr(");
            value(sql);
            sql.put(", ")
                .text(part.as_str())
                .put(") > 0 when 'array' then exists (select 1 from json_each(p.attributes, ");
            sql.text(path.clone()).put(") where type = 'text' and value = ").text(part.as_str()).put(") end");
        }
        AttributeTest::Prefix(start) => {
            kind(sql);
            sql.put(" = 'text' and substr(");
            value(sql);
            sql.put(&format!(", 1, {}) = ", start.chars().count())).text(start.as_str());
        }
        AttributeTest::Date(tests) => {
            days(sql, tests, now, &|sql, from, length| {
                sql.put("substr(");
                value(sql);
                sql.put(&format!(", {from}, {length})"));
            });
            value(sql);
            sql.put(" glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' and ");
            kind(sql);
            sql.put(" = 'text'");
        }
    }
}

/// Reads the document once, where it can. Texts are greater than every number; `true` and `false` are read as 1 and 0.
fn numbers_on_sqlite(sql: &mut Sql, name: &str, tests: &[Number]) {
    if !are_exact(tests) {
        sql.put("json_type(p.attributes, ").text(path(name)).put(") in ('integer', 'real')");
        for Number { op, to } in tests {
            sql.put(" and cast(p.attributes ->> ").text(path(name)).put(&format!(" as real) {} ", op.sign())).real(*to);
        }
        return;
    }
    let (mut from, mut to) = (f64::NEG_INFINITY, f64::INFINITY);
    for test in tests {
        match test.op {
            Op::Eq => (from, to) = (from.max(test.to), to.min(test.to)),
            Op::Gt => from = from.max(test.to.next_up()),
            Op::Gte => from = from.max(test.to),
            Op::Lt => to = to.min(test.to.next_down()),
            Op::Lte => to = to.min(test.to),
        }
    }
    let value = |sql: &mut Sql| {
        sql.put("p.attributes ->> ").text(path(name));
    };
    value(sql);
    sql.put(" between ").real(from).put(" and ").real(to);
    if [0.0, 1.0].iter().any(|flag| (from..=to).contains(flag)) {
        sql.put(" and (");
        value(sql);
        sql.put(" not in (0, 1) or json_type(p.attributes, ").text(path(name)).put(") in ('integer', 'real'))");
    }
}

fn on_postgres(sql: &mut Sql, name: &str, test: &AttributeTest, now: Millis) {
    let value = |sql: &mut Sql| {
        sql.put("p.attributes ->> ").text(name);
    };
    let is = |sql: &mut Sql, kind: &str| {
        sql.put("jsonb_typeof(p.attributes -> ").text(name).put(&format!(") = '{kind}'"));
    };
    match test {
        AttributeTest::Exists(exists) => {
            value(sql);
            sql.put(if *exists { " is not null" } else { " is null" });
        }
        AttributeTest::In(values) => {
            for (index, wanted) in values.iter().enumerate() {
                sql.put(if index == 0 { "(" } else { " or (" });
                match wanted {
                    Scalar::Text(text) => {
                        value(sql);
                        sql.put(" = ").text(text.as_str()).put(" and ");
                        is(sql, "string");
                    }
                    Scalar::Number(number) => numbers_on_postgres(sql, name, &[equal_to(*number)]),
                    Scalar::Flag(flag) => {
                        value(sql);
                        sql.put(&format!(" = '{flag}' and "));
                        is(sql, "boolean");
                    }
                }
                sql.put(")");
            }
        }
        AttributeTest::Numbers(tests) => numbers_on_postgres(sql, name, tests),
        AttributeTest::Contains(part) => {
            sql.put("case jsonb_typeof(p.attributes -> ").text(name).put(") when 'string' then strpos(");
            value(sql);
            sql.put(", ").text(part.as_str()).put(") > 0 when 'array' then p.attributes -> ").text(name);
            sql.put(" ? ").text(part.as_str()).put(" end");
        }
        AttributeTest::Prefix(start) => {
            sql.put("starts_with(");
            value(sql);
            sql.put(", ").text(start.as_str()).put(") and ");
            is(sql, "string");
        }
        AttributeTest::Date(tests) => {
            days(sql, tests, now, &|sql, from, length| {
                sql.put("substr(");
                value(sql);
                sql.put(&format!(", {from}, {length}) collate \"C\""));
            });
            // No other kind of value looks like that.
            value(sql);
            sql.put(" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'");
        }
    }
}

/// A path finds and compares a number in less time than it takes to make a value of it.
fn numbers_on_postgres(sql: &mut Sql, name: &str, tests: &[Number]) {
    if are_exact(tests) {
        let key = serde_json::Value::from(name);
        let tests = tests.iter().map(|Number { op, to }| {
            let sign = if *op == Op::Eq { "==" } else { op.sign() };
            format!("$.{key} {sign} {to:?}")
        });
        let path = format!("strict {}", tests.collect::<Vec<_>>().join(" && "));
        // Asked so, it is read once a statement.
        sql.put("p.attributes @@ (select ").text(path).put("::jsonpath)");
        return;
    }
    sql.put("case when jsonb_typeof(p.attributes -> ").text(name).put(") = 'number' then true");
    for Number { op, to } in tests {
        sql.put(" and (p.attributes ->> ").text(name).put(&format!(")::double precision {} ", op.sign())).real(*to);
    }
    sql.put(" end");
}

/// Adds a comparison for each bound, which most values fail, before what asks whether it is a day; `part` writes so many
/// characters of the day from one on.
fn days(sql: &mut Sql, tests: &[DateTest], now: Millis, part: &dyn Fn(&mut Sql, u8, u8)) {
    for bound in tests.iter().flat_map(|test| bounds::on(test, now)) {
        sql.put("(");
        match bound {
            DayBound::Day(op, day) => {
                part(sql, 1, 10);
                sql.put(&format!(" {} ", op.sign())).text(day);
            }
            DayBound::Within(first, last) => of_year(sql, part, first, " and ", last),
            DayBound::Around(first, last) => of_year(sql, part, first, " or ", last),
        }
        sql.put(") and ");
    }
}

fn of_year(sql: &mut Sql, part: &dyn Fn(&mut Sql, u8, u8), first: String, word: &str, last: String) {
    part(sql, 6, 5);
    sql.put(" >= ").text(first).put(word);
    part(sql, 6, 5);
    sql.put(" <= ").text(last);
}
