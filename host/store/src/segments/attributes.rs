//! Tests of attributes and of what people did, which are JSON documents in columns of `people`.
//!
//! SQLite keeps them in a form in which it finds a value without reading the whole. On PostgreSQL a document is mostly only
//! read where it has the key at all: looking for the key's text costs less than reading it.

use guanxi_domain::Millis;
use guanxi_domain::segment::bounds::{self, DayBound};
use guanxi_domain::segment::{AttributeTest, DateTest, Number, Op, Scalar};

use crate::sql::Sql;
use crate::work::Dialect;

/// With more values than this it is quicker to look for the key alone.
const NEEDLES_MAX: usize = 4;

/// `column -> name` passes the test; whoever has no such attribute only passes [`AttributeTest::Exists`] of `false`.
pub(super) fn attribute(sql: &mut Sql, name: &str, test: &AttributeTest, now: Millis) {
    if sql.dialect() == Dialect::Sqlite {
        return on_sqlite(sql, name, test, now);
    }
    let is_plain = plain_on_postgres(sql, name, test);
    guarded(sql, "p.attributes", &needles(name, test));
    sql.put("(select (");
    on_postgres(sql, test, now);
    sql.put(") is true from (select p.attributes::jsonb -> ").text(name).put(" as j offset 0) as one)");
    sql.put(if matches!(test, AttributeTest::Exists(false)) { " else true end)" } else { " else false end)" });
    sql.put(if is_plain { " end)" } else { "" });
}

/// How often, or when last, the person did something: `count` or `last` of the kind; 0 if never.
pub(super) fn activity(sql: &mut Sql, kind: &str, what: &str) {
    if sql.dialect() == Dialect::Sqlite {
        sql.put("coalesce(json_extract(p.activity, ").text(format!("{}.{what}", path(kind))).put("), 0)");
        return;
    }
    guarded(sql, "p.activity", &[format!("{}:", quoted(kind))]);
    sql.put("(p.activity::jsonb -> ").text(kind).put(&format!(" ->> '{what}')::bigint else 0 end)"));
}

/// Texts of which one stands in every document that may pass: the key, with the value where texts are compared.
fn needles(name: &str, test: &AttributeTest) -> Vec<String> {
    wholes(name, test).unwrap_or_else(|| vec![format!("{}:", quoted(name))])
}

/// The key with each value, if the test compares it with few texts.
fn wholes(name: &str, test: &AttributeTest) -> Option<Vec<String>> {
    let whole = |value: &Scalar| match value {
        Scalar::Text(text) => Some(format!("{}:{}", quoted(name), quoted(text))),
        Scalar::Number(_) | Scalar::Flag(_) => None,
    };
    match test {
        AttributeTest::In(values) if values.len() <= NEEDLES_MAX => values.iter().map(whole).collect(),
        _ => None,
    }
}

/// `(case when` the document has one of the needles `then`.
fn guarded(sql: &mut Sql, column: &str, needles: &[String]) {
    sql.put("(case when ");
    has_one(sql, column, needles);
    sql.put(" then ");
}

/// The document has one of the needles.
fn has_one(sql: &mut Sql, column: &str, needles: &[String]) {
    // Something always follows. PostgreSQL cuts a text in a quarter of the time that it takes to count the characters
    // before the needle, as its `strpos` does.
    for (index, needle) in needles.iter().enumerate() {
        sql.put(if index == 0 { "" } else { " or " }).put("split_part(").put(column).put(", ");
        sql.text(needle.as_str()).put(", 2) <> ''");
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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
    sql.put("(");
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
                    Scalar::Number(number) => {
                        value(sql);
                        sql.put(" = ").real(*number).put(" and ");
                        kind(sql);
                        sql.put(" in ('integer', 'real')");
                    }
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
            kind(sql);
            sql.put(" = 'text' and ");
            value(sql);
            sql.put(" glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'");
            days(sql, tests, now, &|sql, from, length| {
                sql.put("substr(");
                value(sql);
                sql.put(&format!(", {from}, {length})"));
            });
        }
    }
    sql.put(") is true");
}

/// Reads the document once, where it can. Texts are greater than every number; `true` and `false` are read as 1 and 0.
fn numbers_on_sqlite(sql: &mut Sql, name: &str, tests: &[Number]) {
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

/// `(case when` the document holds no other, in which the key could stand, `then` the text that follows the key passes the
/// test `else`: cutting a text takes a third of the time of reading it. Every key stands in quotes before a colon, and no
/// text has quotes that are not escaped. `false` if the test is none for which that serves.
fn plain_on_postgres(sql: &mut Sql, name: &str, test: &AttributeTest) -> bool {
    let (numbers, texts) = match test {
        AttributeTest::Numbers(tests) => (Some(tests), None),
        test => (None, wholes(name, test)),
    };
    if numbers.is_none() && texts.is_none() {
        return false;
    }
    sql.put("(case when split_part(p.attributes, '{', 3) = '' then (");
    if let Some(tests) = numbers {
        let after = |sql: &mut Sql| {
            sql.put("split_part(p.attributes, ").text(format!("{}:", quoted(name))).put(", 2)");
        };
        // What begins with a sign or a digit, from 45 to 57, is a number; asked so, the text is cut once.
        sql.put("case when abs(ascii(");
        after(sql);
        sql.put(") - 51) <= 6 then true");
        for Number { op, to } in tests {
            sql.put(" and split_part(split_part(");
            after(sql);
            sql.put(&format!(", ',', 1), '}}', 1)::double precision {} ", op.sign())).real(*to);
        }
        sql.put(" else false end");
    }
    texts.iter().for_each(|texts| has_one(sql, "p.attributes", texts));
    sql.put(") else ");
    true
}

/// A test of `j`, the attribute's value.
fn on_postgres(sql: &mut Sql, test: &AttributeTest, now: Millis) {
    match test {
        AttributeTest::Exists(exists) => {
            sql.put("coalesce(jsonb_typeof(j), 'null') ").put(if *exists { "<> 'null'" } else { "= 'null'" });
        }
        AttributeTest::In(values) => {
            sql.put("j in (");
            for (index, wanted) in values.iter().enumerate() {
                sql.put(if index == 0 { "" } else { ", " }).text(wanted.to_json().to_string()).put("::jsonb");
            }
            sql.put(")");
        }
        AttributeTest::Numbers(tests) => {
            sql.put("case when jsonb_typeof(j) = 'number' then true");
            for Number { op, to } in tests {
                sql.put(&format!(" and j::double precision {} ", op.sign())).real(*to);
            }
            sql.put(" end");
        }
        AttributeTest::Contains(part) => {
            sql.put("case jsonb_typeof(j) when 'string' then strpos(j #>> '{}', ").text(part.as_str());
            sql.put(") > 0 when 'array' then j ? ").text(part.as_str()).put(" end");
        }
        AttributeTest::Prefix(start) => {
            sql.put("jsonb_typeof(j) = 'string' and ");
            sql.put(&format!("left(j #>> '{{}}', {}) = ", start.chars().count())).text(start.as_str());
        }
        AttributeTest::Date(tests) => {
            sql.put("jsonb_typeof(j) = 'string' and j #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'");
            days(sql, tests, now, &|sql, from, length| {
                sql.put(&format!("substr(j #>> '{{}}', {from}, {length}) collate \"C\""));
            });
        }
    }
}

/// Adds a comparison for each bound; `part` writes so many characters of the day from one on.
fn days(sql: &mut Sql, tests: &[DateTest], now: Millis, part: &dyn Fn(&mut Sql, u8, u8)) {
    for bound in tests.iter().flat_map(|test| bounds::on(test, now)) {
        sql.put(" and (");
        match bound {
            DayBound::Day(op, day) => {
                part(sql, 1, 10);
                sql.put(&format!(" {} ", op.sign())).text(day);
            }
            DayBound::Within(first, last) => of_year(sql, part, first, " and ", last),
            DayBound::Around(first, last) => of_year(sql, part, first, " or ", last),
        }
        sql.put(")");
    }
}

fn of_year(sql: &mut Sql, part: &dyn Fn(&mut Sql, u8, u8), first: String, word: &str, last: String) {
    part(sql, 6, 5);
    sql.put(" >= ").text(first).put(word);
    part(sql, 6, 5);
    sql.put(" <= ").text(last);
}
