//! Other messages than the recorded one: texts that are easily broken, addresses that break out, the same one again.

use std::collections::BTreeSet;

use guanxi_domain::connector::{Outbound, Outcome, Request};
use guanxi_domain::content;
use serde_json::Value;

use super::carried::{carries, places};
use super::recording::{Body, Recording};
use super::rule::{self, At, Problem};
use super::stage::{End, Played, Scene, Stage};

const EMOJI: &str = "你好，客户！👋🏽👨‍👩‍👧 ﷽ مرحبا 𠮷";
const QUOTES: &str = "She said \"hi\" & <b>'bye'</b> \\ 100 % +1 = #1\n\tand; went {\"text\": null}";
/// What the long text is made of.
const LONG: &str = "客户关系 tea 🍵 ";
/// Between two attempts.
const LATER_MS: i64 = 90_000;

/// Plays one delivered recording with other messages.
pub fn check(stage: &mut Stage<'_>, recording: &Recording) -> anyhow::Result<()> {
    let at = |probe: &str| At { exchange: recording.name.clone(), probe: probe.to_owned() };
    for (what, text) in [("emoji and Chinese", EMOJI.to_owned()), ("quotes and line breaks", QUOTES.to_owned())]
        .into_iter()
        .chain([("16 KiB of text", long(recording))])
    {
        let scene = with_text(recording, &text);
        let played = played(stage, recording, &at(what), &scene)?;
        if played.last().is_some() || !recording.exchanges.is_empty() {
            let problem = intact(recording, &played, &text).or_else(|| unquoted(recording, &played));
            stage.ledger.judge(&rule::CONTENTS, &at(what), played.last(), problem);
        }
    }
    for (what, hostile, raw) in hostile(stage) {
        let kind = recording.message().address;
        let kind = kind.split_once(':').map_or("user", |(kind, _)| kind);
        let scene = Scene::of(recording);
        let address = Outbound { address: format!("{kind}:{hostile}"), ..scene.message.clone() };
        for (part, scene) in
            [("address", Scene { message: address, ..scene }), ("text", with_text(recording, &hostile))]
        {
            let at = at(&format!("{what} in the {part}"));
            let played = played(stage, recording, &at, &scene)?;
            if played.last().is_some() {
                let problem = escapes(&played, &raw).or_else(|| unquoted(recording, &played));
                stage.ledger.judge(&rule::RECIPIENT, &at, played.last(), problem);
            }
        }
    }
    if stage.spec.idempotent {
        idempotent(stage, recording, &at("a second attempt, and another message"))?;
    }
    Ok(())
}

fn played(stage: &mut Stage<'_>, recording: &Recording, at: &At, scene: &Scene) -> anyhow::Result<Played> {
    let played = stage.play(scene, |step| recording.reply(step))?;
    stage.observe(at, scene, &played);
    Ok(played)
}

fn with_text(recording: &Recording, text: &str) -> Scene {
    let mut content = recording.content().clone();
    content.insert("text".to_owned(), Value::from(text));
    let scene = Scene::of(recording);
    Scene { message: Outbound { content: Value::Object(content).to_string(), ..scene.message.clone() }, ..scene }
}

/// So long that the whole content has as many bytes as the host lets it have.
fn long(recording: &Recording) -> String {
    let mut content = recording.content().clone();
    content.insert("text".to_owned(), Value::from(""));
    let left = content::BYTES_MAX.saturating_sub(Value::Object(content).to_string().len());
    LONG.repeat(left / LONG.len()).trim_end().to_owned()
}

fn intact(recording: &Recording, played: &Played, text: &str) -> Option<Problem> {
    let expected = "the text as it is in a request, or rejected with a reason";
    let mut asked = played.asked.iter().enumerate();
    let arrives = asked.any(|(step, (request, _))| carries(&recording.read(step, request), text));
    match &played.end {
        End::Crashed(_) | End::Unsendable(_) | End::TooMany => Some(Problem::new(expected, played.end.words())),
        End::Done(Outcome::Rejected(why)) if !why.trim().is_empty() => None,
        _ if arrives => None,
        end => Some(Problem::new(expected, format!("no request has it, and it ended with {}", end.words()))),
    }
}

/// Where the channel expects JSON, a body that is none.
fn unquoted(recording: &Recording, played: &Played) -> Option<Problem> {
    let mut pairs = recording.exchanges.iter().zip(&played.asked);
    let broken = pairs.find(|(exchange, (request, _))| {
        matches!(exchange.request.body, Some(Body::Json(_))) && serde_json::from_slice::<Value>(&request.body).is_err()
    });
    broken.map(|(_, (request, _))| Problem::new("a body that is JSON", String::from_utf8_lossy(&request.body)))
}

/// What is put into a message, each with what must not be found in a URL or a header.
fn hostile(stage: &Stage<'_>) -> Vec<(&'static str, String, String)> {
    let secret = stage.spec.secrets.first().map_or("token", |wish| wish.name.as_str());
    vec![
        ("a line break", "guanxi\r\nx-injected: 1".to_owned(), "\r\nx-injected".to_owned()),
        ("a quote", "guanxi\"injected".to_owned(), "guanxi\"injected".to_owned()),
        ("../", "../../guanxi-injected".to_owned(), "../guanxi-injected".to_owned()),
        ("&", "guanxi&injected=1#".to_owned(), "guanxi&injected".to_owned()),
        ("a secret's handle", format!("guanxi{{{{secret:{secret}}}}}"), "guanxi{{secret:".to_owned()),
    ]
}

fn escapes(played: &Played, raw: &str) -> Option<Problem> {
    if let End::Crashed(_) | End::TooMany = played.end {
        return Some(Problem::new("an outcome or a failure", played.end.words()));
    }
    let within = |request: &Request| {
        let header = request.headers.iter().find(|(name, value)| name.contains(raw) || value.contains(raw));
        let url = request.url.contains(raw).then(|| format!("the URL {}", request.url));
        url.or_else(|| header.map(|(name, value)| format!("the header {name}: {value}")))
    };
    let found = played.asked.iter().find_map(|(request, _)| within(request))?;
    Some(Problem::new("encoded, left out or rejected", found))
}

/// Compares two attempts to deliver one message, and another message.
fn idempotent(stage: &mut Stage<'_>, recording: &Recording, at: &At) -> anyhow::Result<()> {
    let scene = Scene::of(recording);
    let message = &scene.message;
    let second = Outbound { now: message.now + LATER_MS, attempt: message.attempt + 1, ..message.clone() };
    let other = Outbound { id: format!("{}0", message.id), ..message.clone() };
    let mut seen = Vec::new();
    for message in [message.clone(), second, other] {
        let played = played(stage, recording, at, &Scene { message, ..scene.clone() })?;
        seen.push(all_places(&played));
    }
    let [first, second, other] = seen.as_slice() else { return Ok(()) };
    if first.is_empty() {
        return Ok(());
    }
    // The same in both attempts, and not in the other message.
    let key = first.iter().any(|place| second.contains(place) && !other.contains(place));
    let problem = (!key).then(|| {
        Problem::new("something that follows from the message's id alone", "nothing that stays for this message only")
    });
    stage.ledger.judge(&rule::IDEMPOTENT, at, None, problem);
    Ok(())
}

/// Every place of every request with what stands there.
fn all_places(played: &Played) -> BTreeSet<(usize, String, String)> {
    let requests = played.asked.iter().enumerate();
    requests.flat_map(|(step, (request, _))| places(request).into_iter().map(move |(at, is)| (step, at, is))).collect()
}
