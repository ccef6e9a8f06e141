//! One person's way through the bands, and back.

use guanxi_plugin::campaign::{Answer, Operation, Timer};
use guanxi_plugin::testing::{self, NOW};
use guanxi_plugin::words::{Field, Value};
use serde_json::json;

use super::*;

const CONFIG: &str = r#"{"texts": {"quarter": "We miss you, {{name}}"}}"#;

fn order(at: Instant, state: Option<String>) -> Answer {
    let mut moment = testing::moment(ORDER, json!({"order_id": "1", "total": 9}));
    (moment.event.at, moment.now, moment.state) = (at, at, state);
    testing::decide::<WinBack>(CONFIG, moment).unwrap()
}

fn wake(timer: &Timer, last_seen: Instant, state: Option<String>) -> Answer {
    let payload: serde_json::Value = serde_json::from_str(&timer.payload).unwrap();
    let mut moment = testing::moment("guanxi.timer", json!({"key": timer.key, "payload": payload}));
    (moment.event.at, moment.now, moment.state) = (timer.at, timer.at, state);
    moment.person.fields.push(Field { name: "last-seen".to_owned(), value: Value::Time(last_seen) });
    testing::decide::<WinBack>(CONFIG, moment).unwrap()
}

fn timer(answer: &Answer) -> Option<Timer> {
    answer.operations.iter().find_map(|operation| match operation {
        Operation::StartTimer(timer) => Some(timer.clone()),
        _ => None,
    })
}

fn tags(answer: &Answer) -> Vec<String> {
    let tag = |operation: &Operation| match operation {
        Operation::AddTag(tag) => Some(format!("+{}:{}", tag.dimension, tag.name)),
        Operation::RemoveTag(tag) => Some(format!("-{}:{}", tag.dimension, tag.name)),
        _ => None,
    };
    answer.operations.iter().filter_map(tag).collect()
}

fn sends(answer: &Answer) -> usize {
    answer.operations.iter().filter(|operation| matches!(operation, Operation::Send(_))).count()
}

#[test]
fn bands_end_where_they_should() {
    for (age, band) in [
        (-5, Band::TwoDays),
        (48 * HOUR, Band::TwoDays),
        (48 * HOUR + 1, Band::Month),
        (30 * DAY + 1, Band::Quarter),
        (182 * DAY, Band::HalfYear),
        (182 * DAY + 1, Band::Older),
    ] {
        assert_eq!(Band::at(age), band, "{age}");
    }
}

#[test]
fn who_stays_away_goes_through_every_band_and_hears_what_is_configured() {
    let mut answer = order(NOW, None);
    assert_eq!(tags(&answer), ["+recency:two-days"]);
    let mut way = Vec::new();
    while let Some(due) = timer(&answer) {
        answer = wake(&due, NOW, answer.state);
        way.push((tags(&answer).pop().unwrap(), sends(&answer)));
    }
    let expected = [("+recency:month", 0), ("+recency:quarter", 1), ("+recency:half-year", 0), ("+recency:older", 0)];
    assert_eq!(way, expected.map(|(tag, sends)| (tag.to_owned(), sends)));
}

#[test]
fn who_was_seen_again_is_left_alone() {
    let first = order(NOW, None);
    let due = timer(&first).unwrap();
    let answer = wake(&due, due.at - HOUR, first.state);
    assert_eq!((tags(&answer), sends(&answer)), (vec![], 0));
    assert_eq!(timer(&answer).unwrap().at, due.at - HOUR + 48 * HOUR + 1);
}

#[test]
fn a_new_order_moves_the_timer_and_leads_back_to_the_first_band() {
    let first = order(NOW, None);
    let away = wake(&timer(&first).unwrap(), NOW, first.state.clone());
    let back = order(NOW + 5 * DAY, away.state);
    assert_eq!(tags(&back), ["-recency:month", "+recency:two-days"]);
    assert_eq!(timer(&back).unwrap().at, NOW + 7 * DAY + 1);
    let stale = wake(&timer(&first).unwrap(), NOW, back.state.clone());
    assert_eq!((stale.operations.len(), stale.state), (0, back.state));
}

#[test]
fn a_late_report_of_an_old_order_changes_no_band() {
    let recent = order(NOW, None);
    let late = order(NOW - 100 * DAY, recent.state);
    assert_eq!(tags(&late), Vec::<String>::new());
    assert_eq!(timer(&late).unwrap().at, NOW + 48 * HOUR + 1);
}

#[test]
fn an_unknown_band_names_itself() {
    let moment = testing::moment(ORDER, json!({}));
    let failure = testing::decide::<WinBack>(r#"{"texts": {"decade": "?"}}"#, moment).unwrap_err();
    assert!(failure.message().starts_with("`texts"), "{failure:?}");
}
