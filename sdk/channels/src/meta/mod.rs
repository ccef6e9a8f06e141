//! What WhatsApp, Messenger and Instagram share as Meta's platforms: the check of the callback's address, the signature of what
//! comes to it, and the errors of the Graph API.

pub mod messaging;
pub mod send_api;

use guanxi_plugin::connector::{Incoming, Outcome, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, log};
use serde_json::Value;

use crate::answers::{self, Class, MENDED};
use crate::callback;

/// Names of the secrets with which Meta's requests are checked.
const VERIFY_TOKEN: &str = "verify-token";
const APP_SECRET: &str = "app-secret";

/// Answers the check of the callback's address; nothing if the request brings events.
pub fn handshake(request: &Incoming) -> Option<Result<Reception, Refusal>> {
    (request.method == "GET").then(|| shake(&request.query))
}

fn shake(query: &str) -> Result<Reception, Refusal> {
    let given = callback::parameter(query, "hub.verify_token")?;
    if callback::parameter(query, "hub.mode")? != "subscribe" || !is_token(&given).map_err(callback::bad_config)? {
        return Err(Refusal::BadSignature);
    }
    let challenge = callback::parameter(query, "hub.challenge")?;
    Ok(Reception { reply: callback::reply(challenge), events: Vec::new() })
}

/// Whether this is the secret. Neither side of what is compared is known to whoever sent it.
fn is_token(given: &str) -> Result<bool, Problem> {
    let mac = |key| secrets::hmac_under(&[key], Digest::Sha256, VERIFY_TOKEN.as_bytes());
    Ok(mac(Part::secret(VERIFY_TOKEN))? == mac(Part::bytes(given))?)
}

/// The body, once its signature with the app's secret is found to be right. It covers the bytes as they came.
pub fn signed(request: &Incoming) -> Result<Value, Refusal> {
    let given = callback::header(request, "x-hub-signature-256")?;
    let given = given.strip_prefix("sha256=").and_then(callback::unhex).ok_or(Refusal::BadSignature)?;
    let mac = secrets::hmac(APP_SECRET, Digest::Sha256, &request.body).map_err(callback::bad_config)?;
    if callback::is_same(&given, &mac) { callback::json(&request.body) } else { Err(Refusal::BadSignature) }
}

/// What an answer of the Graph API means. The code counts, not the status: Meta says 400 to what may be tried again. `codes`
/// go before what all platforms mean alike; a code stands there with its subcode, or with 0 for any.
pub fn outcome(response: &Response, id: &str, codes: &[(i64, i64, Class)], now: Instant) -> Result<Outcome, Failure> {
    let answer = match response.json::<Value>() {
        Ok(answer) => answer,
        Err(problem) if response.is_success() => return Err(problem),
        Err(_) => return Ok(unreadable(response)),
    };
    if response.is_success() {
        let id = answer.pointer(id).and_then(Value::as_str).filter(|id| !id.is_empty());
        let nothing = || Failure::BadInput("Meta answers well, but does not say with which id".to_owned());
        return id.map(|id| Outcome::Sent(Some(id.to_owned()))).ok_or_else(nothing);
    }
    let number = |pointer| answer.pointer(pointer).and_then(Value::as_i64);
    let Some(code) = number("/error/code") else { return Ok(unreadable(response)) };
    let subcode = number("/error/error_subcode").unwrap_or_default();
    let details = callback::text(&answer, "/error/error_data/details");
    let told = format!("Meta answered {code}: {} {details}", callback::text(&answer, "/error/message"));
    let fits = |(known, sub, _): &&(i64, i64, Class)| *known == code && (*sub == subcode || *sub == 0);
    let class = codes.iter().chain(COMMON).find(fits).map(|(.., class)| *class);
    let is_transient = answer.pointer("/error/is_transient") == Some(&Value::Bool(true));
    Ok(match class {
        Some(Class::Later(seconds)) => later(response, seconds, &told),
        Some(class) => class.outcome(told.trim_end().to_owned(), now),
        None if is_transient || matches!(response.status, 429 | 500..=599) => later(response, 30, &told),
        None => Outcome::Rejected(told.trim_end().to_owned()),
    })
}

/// What codes mean on all of Meta's platforms. From the Graph API's and the Messenger Platform's error codes and pywa
/// `errors.py`, looked up 2026-11-21.
const COMMON: &[(i64, i64, Class)] = &[
    (0, 0, Class::Later(MENDED)),
    (1, 0, Class::Later(30)),
    (2, 0, Class::Later(60)),
    (3, 0, Class::Later(MENDED)),
    (4, 0, Class::Later(60)),
    (10, 0, Class::Later(MENDED)),
    (17, 0, Class::Later(60)),
    (32, 0, Class::Later(60)),
    (102, 0, Class::Later(MENDED)),
    (190, 0, Class::Later(MENDED)),
    (200, 0, Class::Later(MENDED)),
    (230, 0, Class::Later(MENDED)),
    (368, 0, Class::Later(3_600)),
    (613, 0, Class::Later(60)),
];

fn later(response: &Response, seconds: u32, told: &str) -> Outcome {
    log!(warn, "{told}");
    let asked = response.header("retry-after").map(|_| response.retry_after());
    Outcome::RetryAfter(asked.unwrap_or_default().max(seconds))
}

fn unreadable(response: &Response) -> Outcome {
    answers::by_status(response, "Meta").unwrap_or(Outcome::RetryAfter(MENDED))
}

#[cfg(test)]
mod tests {
    use guanxi_plugin::connector::Header;
    use guanxi_plugin::testing::{self, NOW};

    use super::*;

    fn call(method: &str, query: &str, signature: &str, body: &str) -> Incoming {
        testing::set_secret(VERIFY_TOKEN, b"a long token");
        testing::set_secret(APP_SECRET, b"It's a Secret to Everybody");
        let header = Header { name: "X-Hub-Signature-256".to_owned(), value: signature.to_owned() };
        Incoming {
            method: method.to_owned(),
            query: query.to_owned(),
            headers: vec![header],
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn ch_3_the_published_signature_is_taken_and_no_other() {
        // GitHub's documentation of webhooks, which are signed alike: "Hello, World!" is no JSON, but well signed.
        let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let body = "Hello, World!";
        let malformed = Refusal::Malformed("the body is no JSON".to_owned());
        assert_eq!(signed(&call("POST", "", good, body)).unwrap_err(), malformed);
        for (signature, body) in [
            (good, "Hello, World?"),
            (&good.replace("e17", "e18"), body),
            (good.trim_start_matches("sha256="), body),
            ("sha256=", body),
            ("", body),
        ] {
            assert_eq!(signed(&call("POST", "", signature, body)).unwrap_err(), Refusal::BadSignature, "{signature}");
        }
    }

    #[test]
    fn ch_3_the_challenge_is_answered_to_whoever_knows_the_token() {
        let shake = |query: &str| handshake(&call("GET", query, "", "")).unwrap();
        let good = shake("hub.mode=subscribe&hub.verify_token=a+long%20token&hub.challenge=1158201444").unwrap();
        assert_eq!((good.reply.status, good.reply.body.as_slice()), (200, &b"1158201444"[..]));
        for query in [
            "hub.mode=subscribe&hub.verify_token=a+long+toke&hub.challenge=1",
            "hub.mode=unsubscribe&hub.verify_token=a+long+token&hub.challenge=1",
        ] {
            assert_eq!(shake(query).unwrap_err(), Refusal::BadSignature, "{query}");
        }
        assert!(matches!(shake("hub.challenge=1"), Err(Refusal::Malformed(_))));
        assert!(handshake(&call("POST", "", "", "")).is_none());
    }

    #[test]
    fn codes_count_and_not_the_status() {
        let codes = [(10, 7, Class::Window), (551, 0, Class::Gone)];
        let check = |status, body: &str, expected| {
            let response = testing::response(status, &[], body.as_bytes());
            assert_eq!(outcome(&response, "/id", &codes, NOW), Ok(expected), "{status} {body}");
        };
        check(200, r#"{"id": "m_1"}"#, Outcome::Sent(Some("m_1".to_owned())));
        check(400, r#"{"error": {"code": 4, "message": "too many"}}"#, Outcome::RetryAfter(60));
        check(400, r#"{"error": {"code": 10, "error_subcode": 7}}"#, Outcome::WindowClosed);
        check(400, r#"{"error": {"code": 10}}"#, Outcome::RetryAfter(MENDED));
        check(
            403,
            r#"{"error": {"code": 551, "message": "gone"}}"#,
            Outcome::RecipientGone("Meta answered 551: gone".to_owned()),
        );
        check(
            400,
            r#"{"error": {"code": 100, "message": "bad"}}"#,
            Outcome::Rejected("Meta answered 100: bad".to_owned()),
        );
        check(400, r#"{"error": {"code": 100, "is_transient": true}}"#, Outcome::RetryAfter(30));
        check(400, r#"{"error": {"code": "100"}}"#, Outcome::RetryAfter(MENDED));
        check(503, "<html>", Outcome::RetryAfter(30));
        assert!(outcome(&testing::response(200, &[], b"{}"), "/id", &codes, NOW).is_err());
    }
}
