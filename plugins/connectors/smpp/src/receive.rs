//! Receipts and replies that come over the session, which the host keeps.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::short_message;
use guanxi_plugin::connector::{Incoming, Reception, Refusal, Response};
use guanxi_plugin::log;
use guanxi_plugin::words::{Event, Instant, MINUTE, Received};
use serde::Deserialize;
use serde_json::{Value, json};

/// `esm_class` of a receipt, and of a message with a header (SMPP 3.4, 5.2.12).
const RECEIPT: u8 = 0x04;
const WITH_HEADER: u8 = 0x40;

#[derive(Deserialize)]
struct Delivery {
    source: Place,
    destination: Place,
    esm_class: u8,
    data_coding: u8,
    short_message: String,
    receipted_message_id: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    addr: String,
}

pub fn receive(request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    // Only the host says this, of what came over the session; a request from outside is `GET` or `POST`.
    if request.method != "DELIVER" {
        return Err(Refusal::BadSignature);
    }
    let malformed = |what: String| Refusal::Malformed(what);
    let delivery: Delivery = serde_json::from_slice(&request.body).map_err(|problem| malformed(problem.to_string()))?;
    let bytes = STANDARD.decode(&delivery.short_message).map_err(|problem| malformed(problem.to_string()))?;
    let Some(phone) = phone(&delivery.source.addr) else {
        log!(info, "a delivery is from no number");
        return Ok(taken(None));
    };
    let event = match delivery.esm_class & 0x3c {
        RECEIPT => receipt(&delivery, &bytes),
        0 => Some(reply(&delivery, &bytes, &phone, now)),
        _ => None,
    };
    let event = event.map(|(key, kind, properties)| {
        let event = Event {
            id: String::new(),
            kind: kind.to_owned(),
            at: now,
            channel: Some("sms".to_owned()),
            touchpoint: None,
            properties: properties.to_string(),
        };
        Received { key, identities: vec![format!("phone:{phone}")], event }
    });
    Ok(taken(event))
}

fn taken(event: Option<Received>) -> Reception {
    let reply = Response { status: 200, headers: Vec::new(), body: Vec::new() };
    Reception { reply, events: event.into_iter().collect() }
}

/// What became of a message: `id:… stat:DELIVRD err:000`, as SMPP 3.4, appendix B, writes it. What is not final is not kept.
fn receipt(delivery: &Delivery, bytes: &[u8]) -> Option<(String, &'static str, Value)> {
    let text = short_message::read(bytes, delivery.data_coding);
    let fields: BTreeMap<String, &str> = text
        .split_whitespace()
        .filter_map(|word| word.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    let id = delivery.receipted_message_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(field("id"));
    let state = match field("stat") {
        "DELIVRD" => "delivered",
        "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD" => "failed",
        other => {
            log!(info, "a receipt says `{}`, which is not final", other.chars().take(20).collect::<String>());
            return None;
        }
    };
    let mut properties = json!({ "channel-id": id, "state": state });
    if let ("failed", Some(fields)) = (state, properties.as_object_mut()) {
        fields.insert("reason".to_owned(), Value::from(format!("{} {}", field("stat"), field("err")).trim()));
    }
    (!id.is_empty() && id.len() <= 64).then(|| (format!("receipt-{id}-{state}"), "guanxi.delivery", properties))
}

/// What somebody wrote. Centres give it no id: the same words from the same number within a minute are taken once.
fn reply(delivery: &Delivery, bytes: &[u8], phone: &str, now: Instant) -> (String, &'static str, Value) {
    let header = match bytes.first() {
        Some(length) if delivery.esm_class & WITH_HEADER != 0 => usize::from(*length) + 1,
        _ => 0,
    };
    let text = short_message::read(bytes.get(header..).unwrap_or_default(), delivery.data_coding);
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let key = format!("reply-{phone}-{}-{sum:016x}", now.div_euclid(MINUTE));
    (key, "Message Received", json!({ "text": text, "kind": "text", "to": delivery.destination.addr }))
}

fn phone(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let good = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| format!("+{digits}"))
}
