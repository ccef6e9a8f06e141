//! A recording played as it is: the requests, the end, the same again, and what it burns.

use guanxi_domain::connector::{Outcome, Request};
use serde_json::Value;

use super::recording::{Body, Expected, ExpectedRequest, Recording};
use super::rule::{self, At, Problem};
use super::sealed::Sealed;
use super::stage::{End, Played, Scene, Stage};

/// The most of its allowed fuel that a step may burn, in percent.
const FUEL_PERCENT_MAX: u64 = 50;

/// Plays one recording as it is.
pub fn check(stage: &mut Stage<'_>, recording: &Recording) -> anyhow::Result<()> {
    let at = |probe: &str| At { exchange: recording.name.clone(), probe: probe.to_owned() };
    let (scene, as_it_is) = (Scene::of(recording), at("as recorded"));
    let played = stage.play(&scene, |step| recording.reply(step))?;
    stage.observe(&as_it_is, &scene, &played);
    for (step, exchange) in recording.exchanges.iter().enumerate() {
        let problem = match played.asked.get(step) {
            Some((request, _)) => difference(&exchange.request, request),
            None => {
                let expected = format!("{} {}", exchange.request.method, exchange.request.url);
                Some(Problem::new(expected, played.end.words()))
            }
        };
        stage.ledger.judge(&rule::RECORDED, &as_it_is, Some(step), problem);
    }
    let problem = (!ends_as(&recording.outcome, &played.end)).then(|| {
        let more = played.asked.get(recording.exchanges.len()).map(|(request, _)| request);
        let found =
            more.map_or_else(|| played.end.words(), |more| format!("another request: {} {}", more.method, more.url));
        Problem::new(in_words(&recording.outcome), found)
    });
    stage.ledger.judge(&rule::RECORDED, &as_it_is, None, problem);

    let again = stage.play(&scene, |step| recording.reply(step))?;
    let problem = (again != played).then(|| Problem::new(told(&played), told(&again)));
    stage.ledger.judge(&rule::DETERMINISTIC, &at("twice"), None, problem);

    for (call, fuel) in played.fuel.iter().enumerate() {
        let allowed = stage.fuel_allowed();
        let percent = fuel.saturating_mul(100) / allowed;
        let problem = (percent > FUEL_PERCENT_MAX).then(|| {
            let function = if call == 0 { "send" } else { "resume" };
            Problem::new(
                format!("at most {FUEL_PERCENT_MAX} % of {allowed}"),
                format!("{fuel}, {percent} %, in `{function}`"),
            )
        });
        stage.ledger.judge(&rule::FUEL, &as_it_is, call.checked_sub(1), problem);
    }

    let canaries = scene.with_canaries(stage.spec);
    let played = stage.play(&canaries, |step| recording.reply(step))?;
    stage.observe(&at("with other secrets"), &canaries, &played);
    Ok(())
}

fn told(played: &Played) -> String {
    let fuel: u64 = played.fuel.iter().sum();
    format!("{} requests, {fuel} fuel, {}", played.asked.len(), played.end.words())
}

fn difference(expected: &ExpectedRequest, asked: &Request) -> Option<Problem> {
    if asked.method != expected.method || asked.url != expected.url {
        let line = |method: &str, url: &str| format!("{method} {url}");
        return Some(Problem::new(line(&expected.method, &expected.url), line(&asked.method, &asked.url)));
    }
    for (name, value) in &expected.headers {
        let same_name = || asked.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        if !same_name().any(|(_, other)| other == value) {
            let found = same_name().next().map_or_else(|| "no such header".to_owned(), |(_, other)| other.clone());
            return Some(Problem::new(format!("the header {name}: {value}"), found));
        }
    }
    let shown = |bytes: &[u8]| match bytes.is_empty() {
        true => "no body".to_owned(),
        false => format!("the body {}", String::from_utf8_lossy(bytes)),
    };
    let asked = expected.read(asked);
    let same = match &expected.body {
        Some(Body::Json(value) | Body::Sealed(Sealed { json: value, .. })) => {
            serde_json::from_slice::<Value>(&asked.body).is_ok_and(|body| body == *value)
        }
        Some(body) => body.bytes() == asked.body,
        None => asked.body.is_empty(),
    };
    let bytes = || expected.body.as_ref().map(Body::bytes).unwrap_or_default();
    (!same).then(|| Problem::new(shown(&bytes()), shown(&asked.body)))
}

fn ends_as(expected: &Expected, end: &End) -> bool {
    let End::Done(outcome) = end else { return false };
    match (expected, outcome) {
        (Expected::Sent(expected), Outcome::Sent(id)) => expected == id,
        (Expected::RefreshSession, Outcome::RefreshSession) | (Expected::WindowClosed, Outcome::WindowClosed) => true,
        (Expected::RetryAfter(expected), Outcome::RetryAfter(seconds)) => expected == seconds,
        (Expected::QuotaExhausted(expected), Outcome::QuotaExhausted(until)) => expected == until,
        (Expected::RecipientGone(part), Outcome::RecipientGone(why))
        | (Expected::Rejected(part), Outcome::Rejected(why)) => why.contains(part.as_str()),
        _ => false,
    }
}

fn in_words(expected: &Expected) -> String {
    match expected {
        Expected::Sent(id) => End::Done(Outcome::Sent(id.clone())).words(),
        Expected::RefreshSession => End::Done(Outcome::RefreshSession).words(),
        Expected::RetryAfter(seconds) => End::Done(Outcome::RetryAfter(*seconds)).words(),
        Expected::QuotaExhausted(until) => End::Done(Outcome::QuotaExhausted(*until)).words(),
        Expected::WindowClosed => End::Done(Outcome::WindowClosed).words(),
        Expected::RecipientGone(part) => format!("recipient-gone with `{part}` in its reason"),
        Expected::Rejected(part) => format!("rejected with `{part}` in its reason"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Request {
        Request {
            method: "POST".to_owned(),
            url: "https://a.example/x".to_owned(),
            headers: vec![("X-Key".to_owned(), "{{secret:key}}".to_owned())],
            body: br#"{"b": 1, "a": 2}"#.to_vec(),
        }
    }

    #[test]
    fn requests_are_compared_part_by_part() {
        let expected = |body| ExpectedRequest {
            method: "POST".to_owned(),
            url: "https://a.example/x".to_owned(),
            headers: vec![("x-key".to_owned(), "{{secret:key}}".to_owned())],
            body,
        };
        let found = |expected: &ExpectedRequest| difference(expected, &asked()).map(|problem| problem.found);
        assert_eq!(found(&expected(Some(Body::Json(serde_json::json!({"a": 2, "b": 1}))))), None);
        assert_eq!(found(&expected(None)).expect("a body"), r#"the body {"b": 1, "a": 2}"#);
        let other = ExpectedRequest { method: "GET".to_owned(), ..expected(None) };
        assert_eq!(found(&other).expect("a method"), "POST https://a.example/x");
        let header = ("x-other".to_owned(), "1".to_owned());
        let other = ExpectedRequest { headers: vec![header], ..expected(None) };
        assert_eq!(found(&other).expect("a header"), "no such header");
    }

    #[test]
    fn reasons_are_compared_by_what_they_contain() {
        let end = End::Done(Outcome::Rejected("the channel answered 404".to_owned()));
        assert!(ends_as(&Expected::Rejected("404".to_owned()), &end));
        assert!(!ends_as(&Expected::Rejected("410".to_owned()), &end));
        assert!(!ends_as(&Expected::RecipientGone(String::new()), &end));
    }
}
