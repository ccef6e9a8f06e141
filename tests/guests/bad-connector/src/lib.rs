//! Breaks the rule of connectors that the message's content names under `breaks`, and keeps all of them otherwise: what
//! `guanxi plugin conform` must catch.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::words::Instant;
use serde_json::{Value, json};

const URL: &str = "https://bad.example/messages";

struct Bad;

#[derive(serde::Deserialize)]
struct Answer {
    ok: bool,
    id: String,
}

impl Connector for Bad {
    type Config = Value;

    fn send(config: &Value, message: &Outbound) -> Result<Step, Failure> {
        let content = message.content_json()?;
        let breaks = content["breaks"].as_str().unwrap_or_default();
        let room = match config["room"].as_str() {
            Some(room) => room,
            None if breaks == "bad-config" => panic!("no room"),
            None if breaks == "bad-config-rejected" => return Ok(Step::Done(rejected("no room"))),
            None => return Err(Failure::BadConfig("`room`: give a text".to_owned())),
        };
        if breaks == "fuel" {
            (0..1_000_000_000_u64).for_each(|n| drop(std::hint::black_box(n.to_string())));
        }
        let (to, text) = (message.address_value(), content["text"].as_str().unwrap_or_default());
        let request = Request::post(&url(breaks, to))
            .header("content-type", "application/json")
            .header("authorization", &authorization(breaks))
            .header("x-message-id", &message_id(breaks, message));
        let request = match breaks {
            "sendable" => request.header("host", "elsewhere.example"),
            "recipient-header" => request.header("x-to", to),
            _ => request,
        };
        let body = match breaks {
            "contents-cut" => {
                json!({"to": to, "room": room, "text": text.chars().take(100).collect::<String>()}).to_string()
            }
            "contents-raw" => format!("{{\"to\":\"{to}\",\"room\":\"{room}\",\"text\":\"{text}\"}}"),
            _ => json!({"to": to, "room": room, "text": text}).to_string(),
        };
        Ok(Step::perform_then(request.body(body), breaks))
    }

    fn resume(_: &Value, continuation: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        let outcome = match (response.status, continuation) {
            (_, b"bounded") => return Ok(Step::perform_then(Request::get(URL), continuation)),
            (429, b"throttled") => rejected("too many"),
            (429, b"throttled-soon") => Outcome::RetryAfter(1),
            (500..=599, b"unavailable") => rejected("broken"),
            (401 | 403, b"denied") | (200, b"bodies") => Outcome::Sent(None),
            (401 | 403, _) => Outcome::RefreshSession,
            (200, b"crash") => answered(serde_json::from_slice(&response.body).expect("an answer")),
            (200, _) => answered(response.json()?),
            _ => response.outcome(),
        };
        Ok(Step::Done(outcome))
    }
}

fn answered(answer: Answer) -> Outcome {
    if answer.ok { Outcome::Sent(Some(answer.id)) } else { rejected("not ok") }
}

fn rejected(why: &str) -> Outcome {
    Outcome::Rejected(why.to_owned())
}

fn url(breaks: &str, to: &str) -> String {
    match breaks {
        "recorded" => "https://bad.example/message".to_owned(),
        "egress" => "https://elsewhere.example/messages".to_owned(),
        "egress-http" => "http://bad.example/messages".to_owned(),
        "recipient-url" => format!("https://bad.example/{to}/messages"),
        _ => URL.to_owned(),
    }
}

fn authorization(breaks: &str) -> String {
    match breaks {
        "secrets-undeclared" => "Bearer {{secret:other}}".to_owned(),
        "secrets-value" => "Bearer the-value-of-the-token".to_owned(),
        "secrets-guessed" => match secrets::hmac("guess", Digest::Sha256, b"message") {
            Ok(_) => "Bearer of another's secret".to_owned(),
            Err(_) => "Bearer {{secret:token}}".to_owned(),
        },
        "missing-secret" => {
            let signature = secrets::hmac("token", Digest::Sha256, b"message").unwrap_or_default();
            signature.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        _ => "Bearer {{secret:token}}".to_owned(),
    }
}

fn message_id(breaks: &str, message: &Outbound) -> String {
    match breaks {
        "idempotent" => format!("{}-{}", message.id, message.attempt),
        _ => message.id.clone(),
    }
}

guanxi_plugin::connector!(Bad);
