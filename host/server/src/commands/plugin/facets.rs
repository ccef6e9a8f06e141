//! Calls of a connector's facets on inputs from a file: the request by which it gets a session, a request of its channel, asking
//! for what is new, and a change of an audience.

use guanxi_domain::connector::{
    AudienceChange, Authorization, Incoming, Page, PollStep, Received, Reception, Refusal, Request, Response, Step,
};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Kind;
use guanxi_runtime::{Plugin, Secrets};
use serde::Deserialize;
use serde_json::{Value, json};

use super::trial::{Answer, ended, outcome, step};

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

/// How far a channel was asked, as an input file writes it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputPoll {
    #[serde(default)]
    cursor: Option<String>,
    now: i64,
}

/// A change of an audience, as an input file writes it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputChange {
    audience: String,
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
    now: i64,
}

/// A connector that talks with its channel, step by step, as long as there are responses to its requests.
pub struct Talk<'t> {
    /// The connector.
    pub plugin: &'t Plugin,
    /// Its configuration.
    pub config: &'t str,
    /// What it may use.
    pub secrets: &'t Secrets,
    /// Limits of each call by how many went before it.
    pub limits: &'t dyn Fn(usize) -> CallLimits,
    /// What came of the calls.
    pub answers: &'t mut Vec<Answer>,
}

impl Talk<'_> {
    /// Asks for what is new.
    pub fn poll(&mut self, input: &InputPoll, responses: &[Response]) {
        let Self { plugin, config, secrets, limits: limits_of, answers } = self;
        let mut limits = limits_of(answers.len());
        let mut call = plugin.poll(config, input.cursor.as_deref(), input.now, secrets, &limits);
        let mut responses = responses.iter();
        loop {
            let continuation = match &call.result {
                Ok(Ok(PollStep::Perform { continuation, .. })) => Some(continuation.clone()),
                _ => None,
            };
            answers.push(Answer::new(Kind::Connector, 1, &limits, call, |next| outcome(next, poll_step)));
            let (Some(continuation), Some(response)) = (continuation, responses.next()) else { return };
            limits = limits_of(answers.len());
            call = plugin.resume_poll(config, &continuation, response, input.now, secrets, &limits);
        }
    }

    /// Uploads a change.
    pub fn upload(&mut self, input: &InputChange, responses: &[Response]) {
        let Self { plugin, config, secrets, limits: limits_of, answers } = self;
        let InputChange { audience, add, remove, now } = input.clone();
        let items = add.len() + remove.len();
        let change = AudienceChange { audience, add, remove };
        let mut limits = limits_of(answers.len());
        let mut call = plugin.upload(config, &change, secrets, &limits);
        let mut responses = responses.iter();
        loop {
            let continuation = match &call.result {
                Ok(Ok(Step::Perform { continuation, .. })) => Some(continuation.clone()),
                _ => None,
            };
            answers.push(Answer::new(Kind::Connector, items, &limits, call, |next| outcome(next, step)));
            let (Some(continuation), Some(response)) = (continuation, responses.next()) else { return };
            limits = limits_of(answers.len());
            call = plugin.resume_upload(config, &continuation, response, now, secrets, &limits);
        }
    }
}

fn poll_step(step: PollStep) -> Value {
    match step {
        PollStep::Perform { request: asked, .. } => json!({"perform": request(asked)}),
        PollStep::Failed(outcome) => json!({"failed": ended(outcome)}),
        PollStep::Done(Page { cursor, events, more }) => {
            let events: Vec<Value> = events.into_iter().map(event).collect();
            json!({"page": {"cursor": cursor, "events": events, "more": more}})
        }
    }
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
