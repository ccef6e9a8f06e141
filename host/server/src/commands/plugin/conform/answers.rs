//! A channel that misbehaves at one step of a recording, and goes on doing so: statuses and bodies.

use std::collections::BTreeSet;

use guanxi_domain::Millis;
use guanxi_domain::connector::{Outcome, Response};
use serde_json::Value;

use super::carried::is_mail;
use super::recording::{Recording, Reply};
use super::rule::{self, At, Problem, Rule};
use super::stage::{End, Scene, Stage};

/// Seconds that `Retry-After` says.
const WAIT: u32 = 17;
/// As large as the host takes.
const GARBAGE_BYTES: usize = 1024 * 1024;
const DEPTH: usize = 100_000;

/// The statuses of answers without a body after which a recording ends in `sent`: of these the status alone counts.
pub fn enough(recordings: &[Recording]) -> BTreeSet<u16> {
    let last = |recording: &Recording| recording.reply(recording.exchanges.len().checked_sub(1)?);
    let replies = recordings.iter().filter(|recording| recording.is_sent()).filter_map(last);
    replies.filter(|reply| reply.response.body.is_empty()).map(|reply| reply.response.status).collect()
}

/// Plays one recording with every fault at every step.
pub fn check(stage: &mut Stage<'_>, recording: &Recording, enough: &BTreeSet<u16>) -> anyhow::Result<()> {
    for step in 0..recording.exchanges.len() {
        let (Some(reply), Some(exchange)) = (recording.reply(step), recording.exchanges.get(step)) else { continue };
        let idempotent = stage.spec.idempotent;
        let statuses = Statuses::of(&exchange.request.url);
        for &(status, after) in statuses.throttled {
            let said =
                after.map_or_else(|| "without Retry-After".to_owned(), |after| format!("with Retry-After: {after}"));
            let fault = Fault::status(step, &format!("status {status} {said}"), status, after, reply.at);
            let judge = |end: &End| throttled(end, after, reply.at);
            play(stage, recording, &fault, &rule::THROTTLED, judge)?;
        }
        for &status in statuses.unavailable {
            let fault = Fault::status(step, &format!("status {status}"), status, None, reply.at);
            play(stage, recording, &fault, &rule::UNAVAILABLE, |end| unavailable(end, idempotent))?;
        }
        for &status in statuses.denied {
            let fault = Fault::status(step, &format!("status {status}"), status, None, reply.at);
            play(stage, recording, &fault, &rule::DENIED, |end| readable(end, false))?;
        }
        let is_last = step + 1 == recording.exchanges.len();
        let alone = reply.response.body.is_empty() || (is_last && enough.contains(&reply.response.status));
        for (what, body) in bodies(&reply.response.body) {
            let headers = headers(&reply.response.headers, what);
            let response = Response { status: reply.response.status, headers, body };
            let fault = Fault { step, what: what.to_owned(), reply: Reply { response, at: reply.at } };
            play(stage, recording, &fault, &rule::BODIES, |end| readable(end, alone))?;
        }
    }
    Ok(())
}

/// With which statuses a channel says what, by what it speaks.
struct Statuses {
    /// Each with the seconds of its `Retry-After`.
    throttled: &'static [(u16, Option<u32>)],
    unavailable: &'static [u16],
    denied: &'static [u16],
}

impl Statuses {
    fn of(url: &str) -> Self {
        if is_mail(url) {
            return Self {
                throttled: &[(421, None), (450, None), (451, None), (452, None)],
                unavailable: &[421, 454],
                denied: &[530, 535, 550, 554],
            };
        }
        Self { throttled: &[(429, None), (429, Some(WAIT))], unavailable: &[500, 502, 503, 504], denied: &[401, 403] }
    }
}

/// What the channel answers from one step on.
struct Fault {
    step: usize,
    what: String,
    reply: Reply,
}

impl Fault {
    fn status(step: usize, what: &str, status: u16, after: Option<u32>, at: Millis) -> Self {
        let headers = after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())).into_iter().collect();
        Self {
            step,
            what: what.to_owned(),
            reply: Reply { response: Response { status, headers, body: Vec::new() }, at },
        }
    }
}

fn play(
    stage: &mut Stage<'_>,
    recording: &Recording,
    fault: &Fault,
    rule: &'static Rule,
    judge: impl Fn(&End) -> Option<Problem>,
) -> anyhow::Result<()> {
    let Fault { step, what, reply } = fault;
    let scene = Scene::of(recording);
    let played = stage.play(&scene, |n| if n < *step { recording.reply(n) } else { Some(reply.clone()) })?;
    let at = At { exchange: recording.name.clone(), probe: what.clone() };
    stage.observe(&at, &scene, &played);
    // A play that ends before the fault is the recording's matter.
    if played.asked.len() > *step {
        stage.ledger.judge(rule, &at, Some(*step), judge(&played.end));
    }
    Ok(())
}

fn throttled(end: &End, after: Option<u32>, now: Millis) -> Option<Problem> {
    let seconds = after.unwrap_or_default();
    let good = match end {
        End::Done(Outcome::RetryAfter(wait)) => *wait >= seconds,
        End::Done(Outcome::QuotaExhausted(until)) => *until >= now.saturating_add(Millis::from(seconds) * 1_000),
        _ => false,
    };
    let expected = match after {
        Some(seconds) => format!("retry-after or quota-exhausted, {seconds} seconds from now at the soonest"),
        None => "retry-after or quota-exhausted".to_owned(),
    };
    (!good).then(|| Problem::new(expected, end.words()))
}

fn unavailable(end: &End, idempotent: bool) -> Option<Problem> {
    let good = match end {
        End::Done(outcome) => {
            matches!(outcome, Outcome::RetryAfter(_) | Outcome::QuotaExhausted(_) | Outcome::RefreshSession)
        }
        End::Failed(_) => idempotent,
        _ => false,
    };
    (!good).then(|| Problem::new("what is tried again, such as retry-after", end.words()))
}

/// An outcome or a failure; whether it may be `sent`.
fn readable(end: &End, sent: bool) -> Option<Problem> {
    let good = match end {
        End::Done(_) => sent || !end.is_sent(),
        End::Failed(_) => true,
        _ => false,
    };
    let expected = if sent { "an outcome or a failure" } else { "an outcome that is not sent, or a failure" };
    (!good).then(|| Problem::new(expected, end.words()))
}

/// Bodies instead of a recorded one.
fn bodies(recorded: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let json = serde_json::from_slice::<Value>(recorded).ok();
    let whole = if json.is_some() { recorded } else { br#"{"ok":true,"id":"1"}"# };
    let cut = whole.get(..whole.len() / 2).filter(|half| serde_json::from_slice::<Value>(half).is_err());
    let (first, rest) = whole.split_at(whole.len().min(1));
    let mut bodies = vec![
        ("a body cut in half", cut.unwrap_or(br#"{"ok": tr"#).to_vec()),
        ("HTML", b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>".to_vec()),
        ("1 MiB of garbage", garbage()),
        ("no UTF-8", [first, &[0xff, 0xfe, 0xc0], rest].concat()),
        ("lists 100,000 deep", [vec![b'['; DEPTH], vec![b']'; DEPTH]].concat()),
        ("an empty list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
    ];
    if !recorded.is_empty() {
        bodies.push(("an empty body", Vec::new()));
    }
    if let Some(json) = json {
        bodies.push(("values of other types", swapped(json).to_string().into_bytes()));
    }
    bodies
}

/// The same bytes always; they look like nothing.
fn garbage() -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state & 0xff) as u8
    };
    std::iter::repeat_with(next).take(GARBAGE_BYTES).collect()
}

/// Every value replaced by one of another type.
fn swapped(value: Value) -> Value {
    match value {
        Value::Null => Value::from("null"),
        Value::Bool(flag) => Value::from(flag.to_string()),
        Value::Number(number) => Value::from(number.to_string()),
        Value::String(_) => Value::from(7),
        Value::Array(items) if items.is_empty() => Value::from(7),
        Value::Array(items) => items.into_iter().map(swapped).collect(),
        Value::Object(fields) if fields.is_empty() => Value::from(7),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, swapped(value))).collect(),
    }
}

/// Those of the recording, but true about HTML.
fn headers(recorded: &[(String, String)], what: &str) -> Vec<(String, String)> {
    let html = |name: &str| what == "HTML" && name.eq_ignore_ascii_case("content-type");
    let kept = recorded.iter().map(|(name, value)| match html(name) {
        true => (name.clone(), "text/html".to_owned()),
        false => (name.clone(), value.clone()),
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_body_means_what_the_recorded_one_means() {
        let recorded = br#"{"ok":true,"result":{"message_id":7}}"#;
        for (what, body) in bodies(recorded) {
            let parsed = serde_json::from_slice::<Value>(&body);
            let means_ok =
                parsed.is_ok_and(|json| json["ok"] == json!(true) && json["result"]["message_id"] == json!(7));
            assert!(!means_ok, "{what}");
        }
        let cut = &bodies(b"12")[0];
        assert!(serde_json::from_slice::<Value>(&cut.1).is_err(), "half of a number is a number");
    }

    #[test]
    fn types_are_swapped_and_the_form_stays() {
        let is = swapped(json!({"a": [1, null, {}], "b": {"c": "x", "d": false}}));
        assert_eq!(is, json!({"a": ["1", "null", 7], "b": {"c": 7, "d": "false"}}));
    }

    #[test]
    fn waiting_is_judged_by_how_long() {
        let retry = |seconds| End::Done(Outcome::RetryAfter(seconds));
        let quota = |until| End::Done(Outcome::QuotaExhausted(until));
        assert!(throttled(&retry(17), Some(17), 0).is_none() && throttled(&retry(16), Some(17), 0).is_some());
        assert!(throttled(&quota(17_000), Some(17), 0).is_none() && throttled(&quota(16_999), Some(17), 0).is_some());
        assert!(throttled(&End::TooMany, None, 0).is_some());
        let failed = End::Failed(guanxi_domain::campaign::Failure::Other("busy".to_owned()));
        assert!(unavailable(&failed, true).is_none() && unavailable(&failed, false).is_some());
    }
}
