//! Calls of a connector's facets on inputs from a file: the request by which it gets a session, and a request of its channel.

use guanxi_domain::connector::{Authorization, Incoming, Received, Reception, Refusal, Request};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Kind;
use guanxi_runtime::{Plugin, Secrets};
use serde::Deserialize;
use serde_json::{Value, json};

use super::trial::{Answer, outcome};

/// A request of the channel, as an input file writes it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputIncoming {
    method: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    now: i64,
}

/// How the connector gets a session.
pub fn authorize(plugin: &Plugin, config: &str, secrets: &Secrets, limits: &CallLimits) -> Answer {
    let call = plugin.authorize(config, secrets, limits);
    Answer::new(Kind::Connector, 1, limits, call, |answer| outcome(answer, authorization))
}

/// What the connector reads from a request of its channel.
pub fn receive(
    plugin: &Plugin,
    config: &str,
    incoming: &InputIncoming,
    secrets: &Secrets,
    limits: &CallLimits,
) -> Answer {
    let InputIncoming { method, query, headers, body, now } = incoming.clone();
    // As the host hands them over.
    let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let incoming = Incoming { method, query, headers, body: body.into_bytes() };
    let call = plugin.receive(config, &incoming, now, secrets, limits);
    Answer::new(Kind::Connector, 1, limits, call, |answer| match answer {
        Ok(reception) => json!({"ok": received(reception)}),
        Err(refusal) => json!({"refused": refused(refusal)}),
    })
}

/// A request as answers show it: with its placeholders.
pub fn request(request: Request) -> Value {
    json!({
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "body": String::from_utf8_lossy(&request.body),
    })
}

fn authorization(authorization: Authorization) -> Value {
    json!({
        "request": request(authorization.request),
        "token-pointer": authorization.token_pointer,
        "lifetime-pointer": authorization.lifetime_pointer,
        "lifetime-seconds": authorization.lifetime_seconds,
    })
}

fn received(reception: Reception) -> Value {
    let reply = reception.reply;
    json!({
        "reply": {"status": reply.status, "headers": reply.headers, "body": String::from_utf8_lossy(&reply.body)},
        "events": reception.events.into_iter().map(event).collect::<Vec<_>>(),
    })
}

fn event(event: Received) -> Value {
    json!({
        "key": event.key,
        "identities": event.identities,
        "kind": event.kind,
        "at": event.at,
        "channel": event.channel,
        "touchpoint": event.touchpoint,
        "properties": event.properties,
    })
}

fn refused(refusal: Refusal) -> Value {
    match refusal {
        Refusal::BadSignature => json!("bad-signature"),
        Refusal::Stale => json!("stale"),
        Refusal::Malformed(why) => json!({"malformed": why}),
        Refusal::BadConfig(why) => json!({"bad-config": why}),
    }
}
