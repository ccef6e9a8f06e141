//! Tests of attributes and of what people did, which are JSON documents in columns of `people`.
//!
//! A document is only read where it has the key at all: looking for the key's text costs a tenth of reading it.

use guanxi_domain::Millis;
use guanxi_domain::segment::bounds::{self, DayBound};
use guanxi_domain::segment::{AttributeTest, DateTest, Number, Scalar};

use crate::sql::Sql;
use crate::work::Dialect;

/// With more values than this it is quicker to look for the key alone.
const NEEDLES_MAX: usize = 4;

/// `column -> name` passes the test; whoever has no such attribute only passes [`AttributeTest::Exists`] of `false`.
pub(super) fn attribute(sql: &mut Sql, name: &str, test: &AttributeTest, now: Millis) {
    guarded(sql, "p.attributes", &needles(name, test));
    match sql.dialect() {
        Dialect::Sqlite => on_sqlite(sql, name, test, now),
        Dialect::Postgres => {
            sql.put("(select (");
            on_postgres(sql, test, now);
            sql.put(") is true from (select p.attributes::jsonb -> ").text(name).put(" as j offset 0) as one)");
        }
    }
    sql.put(if matches!(test, AttributeTest::Exists(false)) { " else true end)" } else { " else false end)" });
}

/// How often, or when last, the person did something: `count` or `last` of the kind; 0 if never.
pub(super) fn activity(sql: &mut Sql, kind: &str, what: &str) {
    guarded(sql, "p.activity", &[format!("{}:", quoted(kind))]);
    match sql.dialect() {
        Dialect::Sqlite => sql.put("json_extract(p.activity, ").text(format!("{}.{what}", path(kind))).put(")"),
        Dialect::Postgres => sql.put("(p.activity::jsonb -> ").text(kind).put(&format!(" ->> '{what}')::bigint")),
    };
    sql.put(" else 0 end)");
}

/// Texts of which one stands in every document that may pass: the key, with the value where texts are compared.
fn needles(name: &str, test: &AttributeTest) -> Vec<String> {
    let key = quoted(name);
    let whole = |value: &Scalar| match value {
        Scalar::Text(text) => Some(format!("{key}:{}", quoted(text))),
        Scalar::Number(_) | Scalar::Flag(_) => None,
    };
    let wholes: Option<Vec<String>> = match test {
        AttributeTest::In(values) if values.len() <= NEEDLES_MAX => values.iter().map(whole).collect(),
        _ => None,
    };
    wholes.unwrap_or_else(|| vec![format!("{key}:")])
}

/// `(case when` the document has one of the needles `then`.
fn guarded(sql: &mut Sql, column: &str, needles: &[String]) {
    let find = match sql.dialect() {
        Dialect::Sqlite => "instr",
        Dialect::Postgres => "strpos",
    };
    sql.put("(case when ");
    for (index, needle) in needles.iter().enumerate() {
        sql.put(if index == 0 { "" } else { " or " }).put(find).put("(").put(column).put(", ");
        sql.text(needle.as_str()).put(") > 0");
    }
    sql.put(" then ");
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
                kind(sql);
                match wanted {
                    Scalar::Text(text) => {
                        sql.put(" = 'text' and ");
                        value(sql);
                        sql.put(" = ").text(text.as_str());
                    }
                    Scalar::Number(number) => {
                        sql.put(" in ('integer', 'real') and ");
                        value(sql);
                        sql.put(" = ").real(*number);
                    }
                    Scalar::Flag(flag) => {
                        sql.put(if *flag { " = 'true'" } else { " = 'false'" });
                    }
                }
                sql.put(")");
            }
        }
        AttributeTest::Numbers(tests) => {
            kind(sql);
            sql.put(" in ('integer', 'real')");
            for Number { op, to } in tests {
                sql.put(" and ");
                value(sql);
                sql.put(&format!(" {} ", op.sign())).real(*to);
            }
        }
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
