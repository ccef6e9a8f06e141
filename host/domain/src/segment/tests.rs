//! The language from the outside: documents and what they mean.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::schema::SCHEMA;
use super::*;
use crate::DAY;
use crate::ids::{InstallationId, PersonId};
use crate::person::{Activity, Consent, HeldTag, Link, LinkState, Person, Role, Score, Stage, Tag, Touch};

/// 2026-03-01T12:00:00Z.
const NOW: i64 = 1_772_366_400_000;

fn examples() -> Vec<Value> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    schema["examples"].as_array().unwrap().clone()
}

#[test]
fn every_example_of_the_schema_is_read_and_written_again() {
    for example in examples() {
        let filter = Filter::read(&example).unwrap_or_else(|error| panic!("{example}: {error}"));
        assert_eq!(Filter::read(&filter.to_json()), Ok(filter.clone()), "{example}");
        for tongue in [Tongue::English, Tongue::Chinese] {
            assert!(!filter.say(tongue).is_empty(), "{example}");
        }
    }
}

#[test]
fn the_schema_takes_its_examples_and_what_the_reader_writes() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for example in examples() {
        let written = Filter::read(&example).unwrap().to_json();
        for document in [&example, &written] {
            let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{document}: {errors:?}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_by_reader_and_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (document, at) in [
        (json!([]), "filter"),
        (json!({}), "filter"),
        (json!({"all": {}}), "filter.all"),
        (json!({"all": [], "any": []}), "filter.any"),
        (json!({"all": [{"stage": "fan"}, {"fact": "revenue", "gte": "much"}]}), "filter.all[1].gte"),
        (json!({"all": [{"fact": "revenue"}]}), "filter.all[0]"),
        (json!({"fact": "wealth", "gte": 1}), "filter.fact"),
        (json!({"fact": "last-seen", "within": "1 day"}), "filter.within"),
        (json!({"fact": "revenue", "gte": 1, "within": "30d"}), "filter.within"),
        (json!({"not": {"any": [{"stage": []}]}}), "filter.not.any[0].stage"),
        (json!({"stage": "king"}), "filter.stage"),
        (json!({"attribute": "city"}), "filter"),
        (json!({"attribute": "ci\"ty", "eq": 1}), "filter.attribute"),
        (json!({"attribute": "city", "eq": "x", "prefix": "y"}), "filter"),
        (json!({"attribute": "city", "in": []}), "filter.in"),
        (json!({"attribute": "city", "in": vec!["x"; LIST_MAX + 1]}), "filter.in"),
        (json!({"attribute": "city", "eq": "x".repeat(TEXT_MAX + 1)}), "filter.eq"),
        (json!({"attribute": "city", "eq": null}), "filter.eq"),
        (json!({"tag": "interest", "weight": {}}), "filter.weight"),
        (json!({"tag": "interest", "weight": {"gte": 0.1, "near": 1}}), "filter.weight.near"),
        (json!({"segment": "No Name"}), "filter.segment"),
        (json!({"consent": "marketing", "state": "maybe"}), "filter.state"),
        (json!({"touch": "first"}), "filter.channel"),
        (json!({"unknown": 1}), "filter"),
    ] {
        let bad = Filter::read(&document).unwrap_err();
        assert_eq!(bad.at, at, "{document}: {bad}");
        assert!(!validator.is_valid(&document), "the schema takes {document}");
    }
}

#[test]
fn what_the_schema_cannot_say_the_reader_refuses() {
    for (document, at) in [
        (json!({"events": "guanxi.timer"}), "filter.events"),
        (json!({"fact": "last-seen", "within": "999999999w"}), "filter.within"),
        (json!({"attribute": "birthday", "anniversary": "181d"}), "filter.anniversary"),
        (json!({"attribute": "birthday", "within": "12h"}), "filter.within"),
        (json!({"attribute": "birthday", "age": {"gte": 17.5}}), "filter.age.gte"),
        (json!({"attribute": "birthday", "since": "2026-02-30"}), "filter.since"),
        (json!({"all": vec![json!({"stage": "fan"}); NODES_MAX]}), "filter.all[199]"),
    ] {
        assert_eq!(Filter::read(&document).unwrap_err().at, at, "{document}");
    }
}

#[test]
fn documents_nested_too_deep_are_refused_without_trouble() {
    for depth in [DEPTH_MAX, 100, 1_000, 10_000] {
        let text = format!("{}{}{}", "{\"not\":".repeat(depth), r#"{"stage":"fan"}"#, "}".repeat(depth));
        assert!(Filter::parse(&text).is_err(), "{depth}");
    }
    let deepest = DEPTH_MAX - 1;
    let text = format!("{}{}{}", "{\"not\":".repeat(deepest), r#"{"stage":"fan"}"#, "}".repeat(deepest));
    assert!(Filter::parse(&text).is_ok());
}

#[test]
fn a_person_is_meant_or_not() {
    let ada = ada();
    for (document, expected) in [
        (json!({"all": []}), true),
        (json!({"any": []}), false),
        (json!({"stage": ["fan", "customer"]}), true),
        (json!({"role": "consumer"}), true),
        (json!({"role": "employee"}), false),
        (json!({"fact": "revenue", "gte": 1000, "lt": 1001}), true),
        (json!({"fact": "last-seen", "within": "1d"}), true),
        (json!({"fact": "last-seen", "before": "1d"}), false),
        (json!({"fact": "last-order-at", "before": "1d"}), false),
        (json!({"fact": "last-order-at", "within": "100d"}), false),
        (json!({"fact": "first-seen", "before": "9d"}), true),
        (json!({"fact": "first-seen", "since": "2026-02-19", "until": "2026-02-20"}), true),
        (json!({"attribute": "city", "eq": "上海"}), true),
        (json!({"attribute": "city", "in": ["Berlin", 7]}), false),
        (json!({"attribute": "city", "contains": "海"}), true),
        (json!({"attribute": "city", "prefix": "海"}), false),
        (json!({"attribute": "languages", "contains": "zh"}), true),
        (json!({"attribute": "languages", "contains": "z"}), false),
        (json!({"attribute": "followers", "eq": 7}), true),
        (json!({"attribute": "followers", "gt": 6.5}), true),
        (json!({"attribute": "followers", "eq": "7"}), false),
        (json!({"attribute": "vip", "eq": true}), true),
        (json!({"attribute": "vip", "eq": 1}), false),
        (json!({"attribute": "gone", "exists": false}), true),
        (json!({"attribute": "nothing", "exists": true}), false),
        (json!({"attribute": "birthday", "anniversary": "3d"}), true),
        (json!({"attribute": "birthday", "anniversary": "2d"}), false),
        (json!({"attribute": "birthday", "age": {"eq": 25}}), true),
        (json!({"attribute": "birthday", "age": {"gte": 26}}), false),
        (json!({"attribute": "birthday", "age": {"gte": 18, "lt": 26}}), true),
        (json!({"attribute": "city", "within": "30d"}), false),
        (json!({"tag": "interest"}), true),
        (json!({"tag": "interest", "name": "tea", "weight": {"gte": 0.39, "lte": 0.41}}), true),
        (json!({"tag": "interest", "name": "tea", "weight": {"gte": 0.5}}), false),
        (json!({"tag": "interest", "name": "gone"}), false),
        (json!({"score": "value", "gte": 0.5}), true),
        (json!({"score": "other", "gte": 0}), false),
        (json!({"orders": "count", "gte": 2}), false),
        (json!({"orders": "count", "gte": 2, "within": "90d"}), true),
        (json!({"events": "page"}), true),
        (json!({"events": "page", "count": {"gt": 3}}), false),
        (json!({"events": "page", "count": {"eq": 0}, "within": "7d"}), true),
        (json!({"last": "page", "before": "5d"}), true),
        (json!({"last": "never", "before": "5d"}), false),
        (json!({"identity": "email", "state": "verified"}), true),
        (json!({"identity": "phone"}), false),
        (json!({"identity": "*", "deliverable": false}), false),
        (json!({"consent": "marketing"}), false),
        (json!({"consent": "marketing", "state": "expired"}), true),
        (json!({"consent": "other", "state": "unknown"}), true),
        (json!({"relations": "follows", "count": {"eq": 5}}), true),
        (json!({"relations": "*", "direction": "in", "count": {"eq": 3}}), true),
        (json!({"influence": {"gte": 1.5}}), true),
        (json!({"distance": {"lte": 2}}), false),
        (json!({"touch": "first", "channel": ["wechat", "web"]}), true),
        (json!({"touch": "last", "channel": "web"}), false),
        (json!({"not": {"stage": "prospect"}}), true),
        (
            json!({"any": [{"stage": "prospect"}, {"all": [{"stage": "customer"}, {"attribute": "vip", "eq": true}]}]}),
            true,
        ),
    ] {
        let filter = Filter::read(&document).unwrap();
        assert_eq!(filter.holds(&ada, NOW), expected, "{document}");
        assert_eq!(filter.explain(&ada, NOW).holds, expected, "{document}");
    }
}

#[test]
fn an_explanation_tells_each_part_and_what_was_found() {
    let filter =
        Filter::read(&json!({"all": [{"stage": "prospect"}, {"tag": "interest"}, {"not": {"identity": "phone"}}]}));
    let filter = filter.unwrap();
    let finding = filter.explain(&ada(), NOW);
    let told: Vec<(bool, Option<&str>)> =
        finding.parts.iter().map(|part| (part.holds, part.found.as_deref())).collect();
    assert_eq!(told, [(false, Some("customer")), (true, Some("tea 0.40")), (true, None)]);
}

#[test]
fn segments_are_put_in_and_never_lead_back() {
    let read = |document| Filter::read(&document).unwrap();
    let (fans, big, circle) =
        (read(json!({"stage": "fan"})), read(json!({"any": [{"segment": "fans"}]})), read(json!({"segment": "a1"})));
    let mut known: Known<'_> = BTreeMap::from([("fans", &fans), ("big", &big)]);
    let whole = read(json!({"not": {"segment": "big"}}));
    let expanded = expand("mine", &whole, &known).unwrap();
    assert_eq!(expanded.to_json(), json!({"not": {"any": [{"stage": ["fan"]}]}}));
    known.insert("b1", &circle);
    let leading = read(json!({"segment": "b1"}));
    let bad = expand("a1", &leading, &known).unwrap_err();
    assert!(bad.problem.contains("a1 → b1 → a1"), "{bad}");
    assert!(expand("mine", &read(json!({"segment": "none"})), &known).is_err());
    let many = read(json!({"all": vec![json!({"segment": "wide"}); 20]}));
    let wide = read(json!({"all": vec![json!({"stage": "fan"}); 150]}));
    known.insert("wide", &wide);
    assert!(expand("mine", &many, &known).is_err());
}

#[test]
fn time_alone_changes_what_is_said_in_relation_to_now() {
    for (document, expected) in [
        (json!({"stage": "fan"}), vec![]),
        (json!({"fact": "last-seen", "since": "2026-01-01"}), vec![]),
        (json!({"fact": "last-seen", "before": "30d"}), vec![Tick::Event(None, 30 * DAY)]),
        (json!({"orders": "sum", "gte": 1, "within": "1d"}), vec![Tick::Order(DAY)]),
        (json!({"last": "page", "within": "1d"}), vec![Tick::Event(Some("page".to_owned()), DAY)]),
        (json!({"tag": "interest", "weight": {"gt": 0.5}}), vec![Tick::Tag("interest".to_owned(), None)]),
        (json!({"attribute": "birthday", "age": {"gte": 18}}), vec![Tick::Day]),
        (json!({"attribute": "birthday", "since": "2000-01-01"}), vec![]),
    ] {
        assert_eq!(Filter::read(&document).unwrap().ticks(), expected, "{document}");
    }
}

#[test]
fn spans_times_and_anniversaries() {
    for (text, expected) in [
        ("30d", Some(30 * DAY)),
        ("2w", Some(14 * DAY)),
        ("45m", Some(2_700_000)),
        ("d", None),
        ("0d", None),
        ("1é", None),
    ] {
        assert_eq!(bounds::span(text), expected, "{text}");
    }
    assert_eq!(bounds::span_text(14 * DAY), "14d");
    assert_eq!(bounds::time_text(bounds::time("2026-11-22").unwrap()), "2026-11-22");
    assert_eq!(bounds::time_text(bounds::time("2026-11-22T08:00:00+08:00").unwrap()), "2026-11-22");
    let end_of_year = bounds::time("2026-12-30").unwrap();
    let [new_year] = bounds::on(&DateTest::Anniversary(7), end_of_year).try_into().unwrap();
    for (day, expected) in [("1990-12-31", true), ("1990-01-06", true), ("1990-01-07", false), ("1990-12-29", false)] {
        assert_eq!(bounds::is_on(day, &new_year), expected, "{day}");
    }
    let [leap] = bounds::on(&DateTest::Anniversary(1), bounds::time("2026-02-27").unwrap()).try_into().unwrap();
    assert!(bounds::is_on("2004-02-29", &leap));
}

fn ada() -> Subject {
    let mut person = Person::new(PersonId::from_slice(&[7; 16]).unwrap(), NOW - 10 * DAY);
    person.stage = Stage::Customer;
    person.roles = vec![Role::Promoter];
    person.facts.revenue = 1_000;
    person.facts.order_count = 1;
    person.facts.event_count = 3;
    person.facts.first_seen = NOW - 10 * DAY;
    person.facts.last_seen = NOW - DAY;
    person.attributes = json!({"city": "上海", "followers": 7, "vip": true, "languages": ["zh", "en"], "nothing": null,
        "birthday": "2000-03-04"})
    .as_object()
    .unwrap()
    .clone();
    person.activity.insert("page".to_owned(), Activity { count: 3, last: NOW - 8 * DAY });
    person.first_touch = Some(Touch { at: 1, channel: Some("wechat".to_owned()), touchpoint: None });
    let mut ada = Subject::new(person);
    let tag = |name: &str, weight| HeldTag {
        tag: Tag { dimension: "interest".to_owned(), name: name.to_owned(), weight },
        source: "staff".to_owned(),
        at: NOW - DAY,
        half_life: Some(DAY),
    };
    ada.tags = vec![tag("tea", 0.8), tag("gone", 0.0)];
    let installation = InstallationId::from_slice(&[1; 16]).unwrap();
    ada.scores = vec![Score { name: "value".to_owned(), value: 0.75, terms: vec![], installation, at: NOW }];
    ada.links = vec![Link {
        identity: "email:ada@example.com".parse().unwrap(),
        state: LinkState::Verified,
        source: "web".to_owned(),
        confidence: 1.0,
        reason: None,
        changed_by: None,
        changed_at: 0,
        first_position: 1,
        created_at: 1,
    }];
    ada.consents = vec![Consent {
        purpose: "marketing".to_owned(),
        granted: true,
        evidence: "form".to_owned(),
        source: "web".to_owned(),
        at: NOW - 9 * DAY,
        expires_at: Some(NOW),
    }];
    ada.degrees = vec![Degree { kind: "follows".to_owned(), out: 2, into: 3 }];
    ada.influence = Some(1.5);
    let window = |document| Window::of(Filter::read(&document).unwrap().conditions()[0]).unwrap();
    ada.counts.insert(window(json!({"orders": "count", "gte": 2, "within": "90d"})), 2);
    ada
}
