//! Posts every message to a URL, signed after Standard Webhooks. The receiver verifies the signature with any of the
//! published libraries and recognises repetitions by `webhook-id`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Outbound, Request, Response, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::words::{Instant, SECOND};
use serde_json::json;

struct Webhook;

/// Where to.
#[derive(Debug, serde::Deserialize)]
struct Settings {
    url: String,
}

impl Connector for Webhook {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        let body = json!({
            "id": message.id,
            "address": message.address,
            "created": message.created,
            "content": message.content_json()?,
        })
        .to_string();
        // Of the attempt, not of the message: receivers refuse old timestamps.
        let timestamp = message.now.div_euclid(SECOND).to_string();
        let signed = format!("{}.{timestamp}.{body}", message.id);
        let signature = secrets::hmac("signing-key", Digest::Sha256, signed.as_bytes())?;
        let request = Request::post(&settings.url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", &timestamp)
            .header("webhook-signature", &format!("v1,{}", STANDARD.encode(signature)))
            .body(body);
        Ok(Step::perform(request))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

guanxi_plugin::connector!(Webhook);

#[cfg(test)]
mod tests {
    use guanxi_plugin::connector::Outcome;
    use guanxi_plugin::testing;

    use super::*;

    const CONFIG: &str = r#"{"url": "https://example.com/hook"}"#;

    fn request(message: &Outbound) -> Request {
        match testing::send::<Webhook>(CONFIG, message) {
            Ok(Step::Perform(exchange)) => exchange.request,
            other => panic!("{other:?}"),
        }
    }

    fn header<'a>(request: &'a Request, name: &str) -> &'a str {
        &request.headers.iter().find(|header| header.name == name).unwrap().value
    }

    #[test]
    fn a_message_is_posted_with_its_signature() {
        testing::set_secret("signing-key", b"0123456789abcdef01234567");
        let mut message = testing::outbound("email:ann@example.com", json!({"text": "你好"}));
        message.now += 90_999;
        let request = request(&message);
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let expected = json!({
            "id": "msg_test", "address": "email:ann@example.com", "created": testing::NOW, "content": {"text": "你好"}
        });
        assert_eq!(body, expected);
        assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://example.com/hook"));
        assert_eq!(header(&request, "webhook-id"), "msg_test");
        assert_eq!(header(&request, "webhook-timestamp"), "1767225690");
        // Computed with the `standardwebhooks` package from PyPI over the same id, timestamp and body.
        assert_eq!(header(&request, "webhook-signature"), "v1,q4e8ZYfmnMp98z925RjzRrUKieGEMRyUI0b/0JY1grE=");
    }

    #[test]
    fn answers_become_outcomes() {
        let gone = Outcome::RecipientGone("the channel answered 410 Gone".to_owned());
        for (status, expected) in [
            (200, Outcome::Sent(None)),
            (410, gone),
            (429, Outcome::RetryAfter(9)),
            (503, Outcome::RetryAfter(9)),
            (408, Outcome::RetryAfter(9)),
            (404, Outcome::Rejected("the channel answered 404".to_owned())),
        ] {
            let response = testing::response(status, &[("retry-after", "9")], b"");
            assert_eq!(testing::resume::<Webhook>(CONFIG, &[], &response), Ok(Step::Done(expected)), "{status}");
        }
    }

    #[test]
    fn without_its_key_a_message_fails_with_the_reason() {
        let step = testing::send::<Webhook>(CONFIG, &testing::outbound("user:1", json!({"text": "x"})));
        assert!(step.is_err_and(|failure| failure.message().contains("secret")));
    }
}
