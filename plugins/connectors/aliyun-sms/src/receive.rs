//! Receipts (`SmsReport`) and replies (`SmsUp`). The cloud signs neither, so the address has a token of its own.

use guanxi_channel_kit::civil;
use guanxi_plugin::connector::{Header, Incoming, Reception, Refusal, Response};
use guanxi_plugin::secrets::{self, Digest, Part, Problem};
use guanxi_plugin::words::{Event, Instant, Received};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    let mut tokens = form_urlencoded::parse(request.query.as_bytes()).filter(|(name, _)| name == "token");
    match (tokens.next(), tokens.next()) {
        (Some((_, given)), None) if is_token(&given).map_err(bad_config)? => {}
        _ => return Err(Refusal::BadSignature),
    }
    let malformed = |what: &str| Refusal::Malformed(what.to_owned());
    let told: Value = serde_json::from_slice(&request.body).map_err(|_| malformed("the body is no JSON"))?;
    let told = told.as_array().ok_or_else(|| malformed("the body is no list"))?;
    let events = told.iter().filter_map(|one| event(one, now)).collect();
    let body = json!({ "code": 0, "msg": "接收成功" }).to_string().into_bytes();
    let json = Header { name: "content-type".to_owned(), value: "application/json; charset=utf-8".to_owned() };
    Ok(Reception { reply: Response { status: 200, headers: vec![json], body }, events })
}

/// Whether this is the secret. Neither side of what is compared is known to whoever sent it.
fn is_token(given: &str) -> Result<bool, Problem> {
    let mac = |key| secrets::hmac_under(&[key], Digest::Sha256, b"callback-token");
    Ok(mac(Part::secret("callback-token"))? == mac(Part::bytes(given))?)
}

/// One entry; what is about no number of a person is logged only, for it would come again and again.
fn event(told: &Value, now: Instant) -> Option<Received> {
    let Some(phone) = phone(&text(told, "phone_number")) else {
        log!(warn, "an entry of the callback has no `phone_number`");
        return None;
    };
    let (key, at, kind, properties) = match (told.get("success"), told.get("content")) {
        (Some(success), _) => {
            let id = text(told, "biz_id");
            let state = if *success == Value::Bool(true) { "delivered" } else { "failed" };
            let mut properties = json!({ "channel-id": id, "state": state, "message": text(told, "out_id") });
            if let ("failed", Some(fields)) = (state, properties.as_object_mut()) {
                let reason = [text(told, "err_code"), text(told, "err_msg")].join(" ");
                fields.insert("reason".to_owned(), Value::from(reason.trim()));
            }
            (format!("report-{id}-{phone}"), "report_time", "guanxi.delivery", properties)
        }
        (None, Some(_)) => {
            let id = text(told, "sequence_id");
            let properties = json!({
                "text": text(told, "content"), "message-id": id, "kind": "text", "signature": text(told, "sign_name"),
                "to": text(told, "dest_code"),
            });
            (format!("up-{id}-{phone}"), "send_time", "Message Received", properties)
        }
        _ => {
            let at = text(told, "send_time");
            (format!("other-{phone}-{at}"), "send_time", "Channel Event", json!({ "kind": "sms", "fields": told }))
        }
    };
    let event = Event {
        id: String::new(),
        kind: kind.to_owned(),
        at: civil::beijing(&text(told, at)).unwrap_or(now),
        channel: Some("sms".to_owned()),
        touchpoint: None,
        properties: properties.to_string(),
    };
    Some(Received { key, identities: vec![format!("phone:{phone}")], event })
}

/// A number in international form; those of the mainland come without their country code.
fn phone(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
    let good = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let national = digits == text && digits.len() == 11 && digits.starts_with('1');
    good.then(|| if national { format!("+86{digits}") } else { format!("+{digits}") })
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
