//! Reads filters: every key is known, every list and text has an end, and what is wrong is told with its place.

use serde_json::Value;

use super::bounds::{self, ANNIVERSARY_MAX};
use super::condition::{
    AttributeTest, Condition, Consented, DateTest, Direction, Number, Op, OrderMeasure, Scalar, TimeFact, TimeTest,
    Total, Which, is_identity_kind,
};
use super::{BadFilter, DEPTH_MAX, Filter, LIST_MAX, NODES_MAX, TEXT_MAX, is_name};
use crate::event::HOST_PREFIX;
use crate::person::{LinkState, Role, Stage};
use crate::{DAY, JsonMap};

type Reader = fn(&mut Fields<'_>) -> Read<Condition>;
/// What a document may look at, each word with its reader.
const SUBJECTS: [(&str, Reader); 16] = [
    ("stage", stage),
    ("role", role),
    ("fact", fact),
    ("attribute", attribute),
    ("tag", tag),
    ("score", score),
    ("orders", orders),
    ("events", events),
    ("last", last),
    ("identity", identity),
    ("consent", consent),
    ("relations", relations),
    ("influence", influence),
    ("distance", distance),
    ("touch", touch),
    ("segment", segment),
];

type Read<T> = Result<T, BadFilter>;

pub(super) fn filter(document: &Value) -> Read<Filter> {
    node(document, "filter", 1, &mut 0)
}

fn node(value: &Value, at: &str, depth: usize, nodes: &mut usize) -> Read<Filter> {
    if depth > DEPTH_MAX {
        return Err(BadFilter::new(at, format!("is nested more than {DEPTH_MAX} deep")));
    }
    *nodes += 1;
    if *nodes > NODES_MAX {
        return Err(BadFilter::new(at, format!("a filter has at most {NODES_MAX} conditions and groups")));
    }
    let map = value.as_object().ok_or_else(|| BadFilter::new(at, "is an object"))?;
    for (word, make) in [("all", Filter::All as fn(Vec<Filter>) -> Filter), ("any", Filter::Any)] {
        if let Some(value) = map.get(word) {
            alone(map, at, word)?;
            return Ok(make(group(value, &format!("{at}.{word}"), depth, nodes)?));
        }
    }
    if let Some(value) = map.get("not") {
        alone(map, at, "not")?;
        return Ok(Filter::Not(Box::new(node(value, &format!("{at}.not"), depth + 1, nodes)?)));
    }
    let Some((_, read)) = SUBJECTS.iter().find(|(word, _)| map.contains_key(*word)) else {
        let known: Vec<&str> = SUBJECTS.iter().map(|(word, _)| *word).collect();
        return Err(BadFilter::new(at, format!("has one of all, any, not, {}", known.join(", "))));
    };
    let mut fields = Fields { at, map, taken: Vec::new() };
    let condition = read(&mut fields)?;
    fields.done()?;
    Ok(Filter::Is(condition))
}

fn alone(map: &JsonMap, at: &str, word: &str) -> Read<()> {
    match map.keys().find(|key| *key != word) {
        Some(other) => Err(BadFilter::new(format!("{at}.{}", shown(other)), format!("does not stand beside `{word}`"))),
        None => Ok(()),
    }
}

fn group(value: &Value, at: &str, depth: usize, nodes: &mut usize) -> Read<Vec<Filter>> {
    let items = value.as_array().ok_or_else(|| BadFilter::new(at, "is a list"))?;
    let items = items.iter().enumerate();
    items.map(|(index, item)| node(item, &format!("{at}[{index}]"), depth + 1, nodes)).collect()
}

/// The entries of one condition, and which of them were understood.
struct Fields<'v> {
    at: &'v str,
    map: &'v JsonMap,
    taken: Vec<&'static str>,
}

impl<'v> Fields<'v> {
    fn take(&mut self, key: &'static str) -> Option<&'v Value> {
        self.taken.push(key);
        self.map.get(key)
    }

    fn bad(&self, key: &str, problem: impl Into<String>) -> BadFilter {
        BadFilter::new(format!("{}.{key}", self.at), problem)
    }

    fn text(&mut self, key: &'static str) -> Read<Option<String>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        read_text(value).map(Some).ok_or_else(|| self.bad(key, text_rule()))
    }

    fn name(&mut self, key: &'static str) -> Read<String> {
        let name = self.text(key)?.filter(|name| !name.contains(['"', '\\']));
        name.ok_or_else(|| self.bad(key, format!("{}, without quotes and backslashes", text_rule())))
    }

    fn flag(&mut self, key: &'static str) -> Read<Option<bool>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.bad(key, "is true or false"))
    }

    /// One word or several of a fixed set.
    fn words<T>(&mut self, key: &'static str, all: &[&str], parse: impl Fn(&str) -> Option<T>) -> Read<Vec<T>> {
        let known = |value: &Value| value.as_str().and_then(&parse);
        let rule = || format!("is one of {}, or a list of them", all.join(", "));
        let read: Option<Vec<T>> = match self.take(key) {
            Some(Value::Array(items)) if !items.is_empty() && items.len() <= LIST_MAX => {
                items.iter().map(known).collect()
            }
            Some(one) => known(one).map(|one| vec![one]),
            None => None,
        };
        read.ok_or_else(|| self.bad(key, rule()))
    }

    /// Comparisons with numbers among the entries.
    fn numbers(&mut self) -> Read<Vec<Number>> {
        let mut tests = Vec::new();
        for op in Op::ALL {
            let Some(value) = self.take(op.as_str()) else { continue };
            let to = value.as_f64().filter(|number| number.is_finite());
            tests.push(Number { op, to: to.ok_or_else(|| self.bad(op.as_str(), "is a number"))? });
        }
        Ok(tests)
    }

    fn some_numbers(&mut self) -> Read<Vec<Number>> {
        let tests = self.numbers()?;
        if tests.is_empty() {
            return Err(BadFilter::new(self.at, "needs a comparison: eq, gt, gte, lt or lte"));
        }
        Ok(tests)
    }

    /// Comparisons with numbers in an object of their own.
    fn nested(&mut self, key: &'static str) -> Read<Option<Vec<Number>>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let at = format!("{}.{key}", self.at);
        let map = value.as_object().ok_or_else(|| BadFilter::new(&at, "is an object such as {\"gte\": 3}"))?;
        let mut fields = Fields { at: &at, map, taken: Vec::new() };
        let tests = fields.some_numbers()?;
        fields.done()?;
        Ok(Some(tests))
    }

    /// Comparisons with times among the entries.
    fn times(&mut self) -> Read<Vec<TimeTest>> {
        let mut tests = Vec::new();
        for (key, make) in [("within", TimeTest::Within as fn(i64) -> TimeTest), ("before", TimeTest::Before)] {
            let Some(value) = self.take(key) else { continue };
            let span = value.as_str().and_then(bounds::span);
            tests.push(make(span.ok_or_else(|| self.bad(key, "is a span of time such as 30d, 12h, 45m or 10s"))?));
        }
        for (key, make) in [("since", TimeTest::Since as fn(i64) -> TimeTest), ("until", TimeTest::Until)] {
            let Some(value) = self.take(key) else { continue };
            let at = value.as_str().and_then(bounds::time);
            tests.push(make(at.ok_or_else(|| self.bad(key, "is a day 2026-11-22 or a time 2026-11-22T08:00:00Z"))?));
        }
        Ok(tests)
    }

    fn some_times(&mut self) -> Read<Vec<TimeTest>> {
        let tests = self.times()?;
        if tests.is_empty() {
            return Err(BadFilter::new(self.at, "needs a time: within, before, since or until"));
        }
        Ok(tests)
    }

    fn done(&self) -> Read<()> {
        match self.map.keys().find(|key| !self.taken.contains(&key.as_str())) {
            Some(unknown) => Err(self.bad(
                &shown(unknown),
                format!("is not known here; there are {}", {
                    let mut known = self.taken.clone();
                    known.dedup();
                    known.join(", ")
                }),
            )),
            None => Ok(()),
        }
    }
}

fn stage(fields: &mut Fields<'_>) -> Read<Condition> {
    fields.words("stage", &["prospect", "fan", "customer"], Stage::parse).map(Condition::Stage)
}

fn role(fields: &mut Fields<'_>) -> Read<Condition> {
    fields.words("role", &Role::ALL.map(Role::as_str), Role::parse).map(Condition::Role)
}

fn fact(fields: &mut Fields<'_>) -> Read<Condition> {
    let word = fields.text("fact")?.unwrap_or_default();
    if let Some(total) = Total::ALL.into_iter().find(|total| total.as_str() == word) {
        return Ok(Condition::Total(total, fields.some_numbers()?));
    }
    if let Some(time) = TimeFact::ALL.into_iter().find(|time| time.as_str() == word) {
        return Ok(Condition::Time(time, fields.some_times()?));
    }
    let known: Vec<&str> =
        Total::ALL.map(Total::as_str).into_iter().chain(TimeFact::ALL.map(TimeFact::as_str)).collect();
    Err(fields.bad("fact", format!("is one of {}", known.join(", "))))
}

fn attribute(fields: &mut Fields<'_>) -> Read<Condition> {
    let name = fields.name("attribute")?;
    let mut tests = Vec::new();
    tests.extend(fields.flag("exists")?.map(AttributeTest::Exists));
    if let Some(value) = fields.take("in") {
        let values = value.as_array().filter(|items| !items.is_empty() && items.len() <= LIST_MAX);
        let values: Option<Vec<Scalar>> = values.and_then(|items| items.iter().map(scalar).collect());
        let rule = format!("is a list of 1 to {LIST_MAX} texts, numbers or flags");
        tests.push(AttributeTest::In(values.ok_or_else(|| fields.bad("in", rule))?));
    }
    if let Some(value) = fields.map.get("eq") {
        fields.taken.push("eq");
        let value = scalar(value).ok_or_else(|| fields.bad("eq", "is a text, a number or a flag"))?;
        tests.push(AttributeTest::In(vec![value]));
    } else {
        let numbers = fields.numbers()?;
        tests.extend((!numbers.is_empty()).then_some(AttributeTest::Numbers(numbers)));
    }
    tests.extend(fields.text("contains")?.map(AttributeTest::Contains));
    tests.extend(fields.text("prefix")?.map(AttributeTest::Prefix));
    let dates = dates(fields)?;
    tests.extend((!dates.is_empty()).then_some(AttributeTest::Date(dates)));
    match (tests.pop(), tests.is_empty()) {
        (Some(test), true) => Ok(Condition::Attribute(name, test)),
        (Some(_), false) => Err(BadFilter::new(fields.at, "asks for one thing; put several into `all`")),
        (None, _) => Err(BadFilter::new(
            fields.at,
            "needs a test: exists, eq, in, gt, gte, lt, lte, contains, prefix, within, before, since, until, ahead, \
             anniversary or age",
        )),
    }
}

fn dates(fields: &mut Fields<'_>) -> Read<Vec<DateTest>> {
    let mut tests = Vec::new();
    for (key, make) in [
        ("within", DateTest::Within as fn(u32) -> DateTest),
        ("before", DateTest::Before),
        ("ahead", DateTest::Ahead),
        ("anniversary", DateTest::Anniversary),
    ] {
        let Some(value) = fields.take(key) else { continue };
        let days = value.as_str().and_then(bounds::span).filter(|span| span % DAY == 0).map(|span| span / DAY);
        let days = days.and_then(|days| u32::try_from(days).ok());
        let days = days.filter(|days| key != "anniversary" || *days <= ANNIVERSARY_MAX);
        let rule = format!("is a number of days such as 30d; up to {ANNIVERSARY_MAX}d for an anniversary");
        tests.push(make(days.ok_or_else(|| fields.bad(key, rule))?));
    }
    for (key, make) in [("since", DateTest::Since as fn(String) -> DateTest), ("until", DateTest::Until)] {
        let Some(value) = fields.take(key) else { continue };
        let day = value.as_str().and_then(bounds::date);
        tests.push(make(day.ok_or_else(|| fields.bad(key, "is a day such as 1990-02-28"))?.to_string()));
    }
    for Number { op, to } in fields.nested("age")?.unwrap_or_default() {
        let years = (to.fract() == 0.0 && (0.0..=200.0).contains(&to)).then_some(to as u32);
        let years = years.ok_or_else(|| fields.bad(&format!("age.{}", op.as_str()), "is a whole number up to 200"))?;
        tests.push(DateTest::Age(op, years));
    }
    Ok(tests)
}

fn tag(fields: &mut Fields<'_>) -> Read<Condition> {
    let dimension = fields.name("tag")?;
    let weight = fields.nested("weight")?.unwrap_or_default();
    Ok(Condition::Tag { dimension, name: fields.text("name")?, weight })
}

fn score(fields: &mut Fields<'_>) -> Read<Condition> {
    Ok(Condition::Score(fields.name("score")?, fields.some_numbers()?))
}

fn orders(fields: &mut Fields<'_>) -> Read<Condition> {
    let word = fields.text("orders")?.unwrap_or_default();
    let measure = match word.as_str() {
        "count" => OrderMeasure::Count,
        "sum" => OrderMeasure::Sum,
        _ => return Err(fields.bad("orders", "is count or sum")),
    };
    Ok(Condition::Orders(measure, fields.some_numbers()?, fields.times()?))
}

fn events(fields: &mut Fields<'_>) -> Read<Condition> {
    let kind = kind(fields, "events")?;
    let at_least_once = || vec![Number { op: Op::Gte, to: 1.0 }];
    let count = fields.nested("count")?.unwrap_or_else(at_least_once);
    Ok(Condition::Events(kind, count, fields.times()?))
}

fn last(fields: &mut Fields<'_>) -> Read<Condition> {
    Ok(Condition::LastEvent(kind(fields, "last")?, fields.some_times()?))
}

fn kind(fields: &mut Fields<'_>, key: &'static str) -> Read<String> {
    let kind = fields.name(key)?;
    if kind.starts_with(HOST_PREFIX) {
        return Err(fields.bad(key, "is an event of the brand; what the host says itself is not counted"));
    }
    Ok(kind)
}

fn identity(fields: &mut Fields<'_>) -> Read<Condition> {
    let kind = fields.name("identity")?;
    if kind != "*" && !is_identity_kind(&kind) {
        return Err(fields.bad("identity", "is a kind such as email, phone or user, or * for any"));
    }
    let states = match fields.map.contains_key("state") {
        true => fields.words("state", &LinkState::ALL.map(LinkState::as_str), LinkState::parse)?,
        false => {
            fields.taken.push("state");
            Vec::new()
        }
    };
    let kind = (kind != "*").then_some(kind);
    Ok(Condition::Identity { kind, states, deliverable: fields.flag("deliverable")? })
}

fn consent(fields: &mut Fields<'_>) -> Read<Condition> {
    let purpose = fields.name("consent")?;
    let word = fields.text("state")?.unwrap_or_else(|| "granted".to_owned());
    let state = Consented::ALL.into_iter().find(|state| state.as_str() == word);
    let known = Consented::ALL.map(Consented::as_str).join(", ");
    Ok(Condition::Consent(purpose, state.ok_or_else(|| fields.bad("state", format!("is one of {known}")))?))
}

fn relations(fields: &mut Fields<'_>) -> Read<Condition> {
    let kind = fields.name("relations")?;
    let word = fields.text("direction")?.unwrap_or_else(|| "any".to_owned());
    let direction = Direction::ALL.into_iter().find(|direction| direction.as_str() == word);
    let direction = direction.ok_or_else(|| fields.bad("direction", "is out, in or any"))?;
    let count = fields.nested("count")?.unwrap_or_else(|| vec![Number { op: Op::Gte, to: 1.0 }]);
    Ok(Condition::Relations((kind != "*").then_some(kind), direction, count))
}

fn influence(fields: &mut Fields<'_>) -> Read<Condition> {
    Ok(Condition::Influence(fields.nested("influence")?.unwrap_or_default()))
}

fn distance(fields: &mut Fields<'_>) -> Read<Condition> {
    Ok(Condition::Distance(fields.nested("distance")?.unwrap_or_default()))
}

fn touch(fields: &mut Fields<'_>) -> Read<Condition> {
    let which = match fields.text("touch")?.as_deref() {
        Some("first") => Which::First,
        Some("last") => Which::Last,
        _ => return Err(fields.bad("touch", "is first or last")),
    };
    let channels = match fields.take("channel") {
        Some(Value::Array(items)) if (1..=LIST_MAX).contains(&items.len()) => items.iter().map(read_text).collect(),
        Some(one) => read_text(one).map(|one| vec![one]),
        None => None,
    };
    let rule = format!("is a channel or a list of up to {LIST_MAX} channels");
    Ok(Condition::Touch(which, channels.ok_or_else(|| fields.bad("channel", rule))?))
}

fn segment(fields: &mut Fields<'_>) -> Read<Condition> {
    let name = fields.text("segment")?.filter(|name| is_name(name));
    name.map(Condition::Segment).ok_or_else(|| fields.bad("segment", "is the name of a segment"))
}

fn read_text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let good = (1..=TEXT_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

fn text_rule() -> String {
    format!("is a text of 1 to {TEXT_MAX} characters")
}

fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::String(_) => read_text(value).map(Scalar::Text),
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()).map(Scalar::Number),
        Value::Bool(flag) => Some(Scalar::Flag(*flag)),
        _ => None,
    }
}

/// A key from outside, as far as it is shown.
fn shown(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(64).collect()
}
