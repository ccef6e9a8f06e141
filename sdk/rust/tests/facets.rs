//! A connector with every facet: one macro exports them all, and each one names a bad configuration.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    self, Audience, AudienceChange, Authorization, Connector, Exchange, Incoming, Outbound, Page, Poll, PollStep,
    Receive, Reception, Refusal, Request, Response, Session, Step,
};
use guanxi_plugin::testing;
use guanxi_plugin::words::{Instant, Received};
use serde_json::json;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

struct Chat;

impl Connector for Chat {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        let body = json!({"to": message.address_value(), "content": message.content_json()?});
        Ok(Step::perform_then(Request::post(&settings.url).json(&body)?, b"sent".as_slice()))
    }

    fn resume(_: &Settings, continuation: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        match continuation {
            b"sent" if response.is_success() => Ok(Step::sent(response.json::<Option<String>>()?)),
            _ => Ok(Step::Done(response.outcome())),
        }
    }
}

impl Session for Chat {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        Ok(Authorization {
            request: Request::get(&format!("{}/token?secret={{{{secret:app}}}}", settings.url)),
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for Chat {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        if request.query.is_empty() {
            return Err(Refusal::BadSignature);
        }
        let mut event = testing::event("message", json!({"text": "hi"}));
        event.at = now;
        let received = Received { key: "1".to_owned(), identities: vec!["user:7".to_owned()], event };
        Ok(Reception { reply: testing::response(200, &[], b"ok"), events: vec![received] })
    }
}

impl Poll for Chat {
    fn poll(settings: &Settings, cursor: Option<&str>, _: Instant) -> Result<PollStep, Failure> {
        let request = Request::get(&format!("{}?after={}", settings.url, cursor.unwrap_or_default()));
        Ok(PollStep::Perform(Exchange { request, continuation: Vec::new() }))
    }

    fn resume_poll(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<PollStep, Failure> {
        Ok(PollStep::Done(Page { cursor: Some(response.json()?), events: Vec::new(), more: false }))
    }
}

impl Audience for Chat {
    fn upload(settings: &Settings, change: &AudienceChange) -> Result<Step, Failure> {
        Ok(Step::perform(Request::post(&settings.url).json(&change.add)?))
    }

    fn resume_upload(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

guanxi_plugin::connector!(Chat + Session + Receive + Poll + Audience);

const CONFIG: &str = r#"{"url": "https://chat.example"}"#;
const BAD: &str = r#"{"url": 1}"#;

fn incoming(query: &str) -> Incoming {
    Incoming { method: "POST".to_owned(), query: query.to_owned(), headers: Vec::new(), body: Vec::new() }
}

#[test]
fn a_bad_configuration_is_named_by_every_facet() {
    let message = testing::outbound("user:7", json!({"text": "Hello"}));
    assert!(matches!(testing::send::<Chat>(BAD, &message), Err(Failure::BadConfig(why)) if why.starts_with("`url`")));
    assert!(matches!(connector::authorize::<Chat>(BAD), Err(Failure::BadConfig(why)) if why.starts_with("`url`")));
    let refusal = connector::receive::<Chat>(BAD, &incoming("a=1"), testing::NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::BadConfig(why) if why.starts_with("`url`")));
    let polled = connector::poll::<Chat>(BAD, None, testing::NOW);
    assert!(matches!(polled, Err(Failure::BadConfig(why)) if why.starts_with("`url`")));
    let change = AudienceChange { audience: "vip".to_owned(), add: Vec::new(), remove: Vec::new() };
    assert!(
        matches!(connector::upload::<Chat>(BAD, &change), Err(Failure::BadConfig(why)) if why.starts_with("`url`"))
    );
}

#[test]
fn an_answer_that_cannot_be_read_fails_with_the_place() {
    let answer = |body: &[u8]| testing::resume::<Chat>(CONFIG, b"sent", &testing::response(200, &[], body));
    assert_eq!(answer(b"\"77\""), Ok(Step::sent(Some("77".to_owned()))));
    let why = answer(b"{}").unwrap_err();
    assert!(why.message().starts_with("the channel's answer: "), "{why:?}");
}

#[test]
fn callbacks_are_refused_or_received() {
    assert_eq!(connector::receive::<Chat>(CONFIG, &incoming(""), 5), Err(Refusal::BadSignature));
    let reception = connector::receive::<Chat>(CONFIG, &incoming("a=1"), 5).unwrap();
    assert_eq!((reception.reply.status, reception.events[0].event.at), (200, 5));
}
