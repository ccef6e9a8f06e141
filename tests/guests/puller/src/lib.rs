//! A channel with sessions that must be asked and that keeps audiences: what the host does for connectors with these facets.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Audience, AudienceChange, Authorization, Connector, Exchange, Outbound, Outcome, Page, Poll, PollStep, Request,
    Response, Session, Step,
};
use guanxi_plugin::words::{Event, Instant, Received};
use serde_json::{Value, json};

struct Puller;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

#[derive(serde::Deserialize)]
struct Pulled {
    cursor: Option<String>,
    more: bool,
    events: Vec<Told>,
}

#[derive(serde::Deserialize)]
struct Told {
    key: String,
    from: String,
    kind: String,
    at: i64,
    properties: Value,
}

impl Connector for Puller {
    type Config = Settings;

    fn send(_: &Settings, _: &Outbound) -> Result<Step, Failure> {
        Ok(Step::Done(Outcome::Rejected("it takes no messages".to_owned())))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

impl Session for Puller {
    fn authorize(config: &Settings) -> Result<Authorization, Failure> {
        let body = json!({"secret": "{{secret:app-secret}}"});
        Ok(Authorization {
            request: Request::post(&format!("{}/token", config.url)).json(&body)?,
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: None,
            lifetime_seconds: 7_200,
        })
    }
}

impl Poll for Puller {
    fn poll(config: &Settings, cursor: Option<&str>, _: Instant) -> Result<PollStep, Failure> {
        let url = format!("{}/mentions?after={}", config.url, cursor.unwrap_or("0"));
        let request = Request::get(&url).header("authorization", "Bearer {{session}}");
        Ok(PollStep::Perform(Exchange { request, continuation: Vec::new() }))
    }

    fn resume_poll(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
        let failed = match response.status {
            200 => {
                if response.body == b"\"crash\"" {
                    panic!("as asked");
                }
                let pulled: Pulled = response.json()?;
                let events = pulled.events.into_iter().map(received).collect();
                return Ok(PollStep::Done(Page { cursor: pulled.cursor, events, more: pulled.more }));
            }
            401 => Outcome::RefreshSession,
            402 => Outcome::QuotaExhausted(now + 3_600_000),
            _ => response.outcome(),
        };
        Ok(PollStep::Failed(failed))
    }
}

impl Audience for Puller {
    fn upload(config: &Settings, change: &AudienceChange) -> Result<Step, Failure> {
        let body = json!({"audience": change.audience, "add": change.add, "remove": change.remove});
        let request = Request::post(&format!("{}/audience", config.url)).header("authorization", "Bearer {{session}}");
        Ok(Step::perform(request.json(&body)?))
    }

    fn resume_upload(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(match response.status {
            401 => Outcome::RefreshSession,
            _ => response.outcome(),
        }))
    }
}

fn received(told: Told) -> Received {
    Received {
        key: told.key,
        identities: vec![format!("user:{}", told.from)],
        event: Event {
            id: String::new(),
            kind: told.kind,
            at: told.at,
            channel: None,
            touchpoint: None,
            properties: told.properties.to_string(),
        },
    }
}

guanxi_plugin::connector!(Puller + Session + Poll + Audience);
