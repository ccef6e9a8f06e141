//! A channel with sessions that calls back: what the host does for connectors with these facets.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Authorization, Connector, Header, Incoming, Outbound, Outcome, Receive, Reception, Refusal, Request, Response,
    Session, Step,
};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::words::{Event, Instant, Received};
use serde_json::{Value, json};

struct TwoWay;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

#[derive(serde::Deserialize)]
struct Update {
    id: String,
    from: String,
    text: String,
    at: i64,
    /// What became of a message, instead of a text.
    #[serde(default)]
    delivery: Option<Value>,
}

impl Connector for TwoWay {
    type Config = Settings;

    fn send(config: &Settings, message: &Outbound) -> Result<Step, Failure> {
        let request = Request::post(&format!("{}/send?access_token={{{{session}}}}", config.url));
        let body = json!({"to": message.address_value(), "id": message.id, "content": message.content_json()?});
        Ok(Step::perform(request.json(&body)?))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        Ok(Step::Done(match answer["errcode"].as_i64() {
            Some(0) => Outcome::Sent(answer["id"].as_str().map(str::to_owned)),
            Some(40_001) => Outcome::RefreshSession,
            _ => response.outcome(),
        }))
    }
}

impl Session for TwoWay {
    fn authorize(config: &Settings) -> Result<Authorization, Failure> {
        let body = json!({"secret": "{{secret:app-secret}}"});
        Ok(Authorization {
            request: Request::post(&format!("{}/token", config.url)).json(&body)?,
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for TwoWay {
    fn receive(_: &Settings, request: &Incoming, _: Instant) -> Result<Reception, Refusal> {
        if request.method == "GET" {
            return Ok(Reception { reply: page(&request.query), events: Vec::new() });
        }
        if request.body == b"crash" {
            panic!("as asked");
        }
        let signed = secrets::hmac("hook-key", Digest::Sha256, &request.body);
        let expected = signed.map_err(|_| Refusal::BadConfig("the key of callbacks is not set".to_owned()))?;
        let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = request.headers.iter().find(|header| header.name == "x-signature");
        if shown.is_none_or(|shown| shown.value != expected) {
            return Err(Refusal::BadSignature);
        }
        let updates: Vec<Update> =
            serde_json::from_slice(&request.body).map_err(|error| Refusal::Malformed(error.to_string()))?;
        Ok(Reception { reply: page("taken"), events: updates.into_iter().map(received).collect() })
    }
}

fn received(update: Update) -> Received {
    let (kind, properties) = match update.delivery {
        Some(delivery) => ("guanxi.delivery", delivery),
        None => ("Message Received", json!({"text": update.text})),
    };
    Received {
        key: update.id,
        identities: vec![format!("user:{}", update.from)],
        event: Event {
            id: String::new(),
            kind: kind.to_owned(),
            at: update.at,
            channel: None,
            touchpoint: None,
            properties: properties.to_string(),
        },
    }
}

/// With headers that a host must not pass on.
fn page(text: &str) -> Response {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let headers = vec![header("content-type", "text/html"), header("set-cookie", "a=b"), header("x-request-id", "7")];
    Response { status: 200, headers, body: text.as_bytes().to_vec() }
}

guanxi_plugin::connector!(TwoWay + Session + Receive);
