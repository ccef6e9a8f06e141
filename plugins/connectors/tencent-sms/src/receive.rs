//! Receipts and replies. The cloud signs neither, so the address has a token of its own.

use guanxi_channel_kit::civil;
use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Event, Instant, Received, SECOND};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let mut tokens = form_urlencoded::parse(request.query.as_bytes()).filter(|(name, _)| name == "token");
    match (tokens.next(), tokens.next()) {
        (Some((_, given)), None) if is_token(&given).map_err(bad_config)? => {}
        _ => return Err(Refusal::BadSignature),
    }
    let told: Value =
        serde_json::from_slice(&request.body).map_err(|_| Refusal::Malformed("the body is no JSON".to_owned()))?;
    let events = match &told {
        Value::Array(reports) => reports.iter().filter_map(|one| event(one, now)).collect(),
        Value::Object(_) => event(&told, now).into_iter().collect(),
        _ => return Err(Refusal::Malformed("the body is neither a list of receipts nor a reply".to_owned())),
    };
    let body = json!({ "result": 0, "errmsg": "OK" }).to_string().into_bytes();
    let json = Header { name: "content-type".to_owned(), value: "application/json; charset=utf-8".to_owned() };
    Ok(Reception { reply: Response { status: 200, headers: vec![json], body }, events })
}

/// Whether this is the secret. Neither side of what is compared is known to whoever sent it.
fn is_token(given: &str) -> Result<bool, Problem> {
    let mac = |key| secrets::hmac_under(&[key], Digest::Sha256, b"callback-token");
    Ok(mac(Part::secret("callback-token"))? == mac(Part::bytes(given))?)
}

/// A receipt or a reply; what is about no number of a person is logged only, for it would come again and again.
fn event(told: &Value, now: Instant) -> Option<Received> {
    let Some(phone) = phone(told) else {
        log!(warn, "the callback is about no phone number: `nationcode` and `mobile` are missing");
        return None;
    };
    let (key, at, kind, properties) = match text(told, "report_status").as_str() {
        "" if told.get("text").is_some() => {
            let seconds = told.get("time").and_then(Value::as_i64);
            let id = format!("{phone}-{}", text(told, "time"));
            let properties = json!({
                "text": text(told, "text"), "message-id": id, "kind": "text", "signature": text(told, "sign"),
                "extension": text(told, "extend"),
            });
            (format!("reply-{id}"), seconds.map(|at| at.saturating_mul(SECOND)), "Message Received", properties)
        }
        "" => {
            let key = format!("other-{phone}-{}", text(told, "time"));
            (key, None, "Channel Event", json!({ "kind": "sms", "fields": told }))
        }
        status => {
            let id = text(told, "sid");
            let properties = match status {
                "SUCCESS" => json!({ "channel-id": id, "state": "delivered" }),
                _ => {
                    let reason = [text(told, "errmsg"), text(told, "description")].join(" ");
                    json!({ "channel-id": id, "state": "failed", "reason": reason.trim() })
                }
            };
            let at = civil::beijing(&text(told, "user_receive_time"));
            (format!("report-{id}"), at, "guanxi.delivery", properties)
        }
    };
    let event = Event {
        id: String::new(),
        kind: kind.to_owned(),
        at: at.unwrap_or(now),
        channel: Some("sms".to_owned()),
        touchpoint: None,
        properties: properties.to_string(),
    };
    Some(Received { key, identities: vec![format!("phone:{phone}")], event })
}

fn phone(told: &Value) -> Option<String> {
    let digits = format!("{}{}", text(told, "nationcode").trim_start_matches('+'), text(told, "mobile"));
    let good = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| format!("+{digits}"))
}

/// A field as text, whether it is one or a number.
fn text(told: &Value, name: &str) -> String {
    match told.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn bad_config(problem: Problem) -> Refusal {
    Refusal::BadConfig(Failure::from(problem).message().to_owned())
}
