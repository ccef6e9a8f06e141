//! Texts to numbers, and what a centre's answers mean.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::short_message;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;

/// Seconds to wait where the centre has too much to do, and where somebody has to mend something.
const BUSY: u32 = 30;
const MENDED: u32 = 300;
/// `esm_class` of a message with a header (SMPP 3.4, 5.2.12).
const WITH_HEADER: u8 = 0x40;

/// Statuses of SMPP 3.4, 5.1.3: no error, and a number that is none.
const ROK: u32 = 0;
const RINVDSTADR: u32 = 0x0b;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
}

#[derive(Deserialize)]
struct Answer {
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    command_status: u32,
    message_id: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    match body(settings, message) {
        Err(why) => Ok(Step::Done(Outcome::Rejected(why))),
        Ok(body) => {
            let mut request = Request::new("SUBMIT", &settings.url)
                .header("system-id", &settings.system_id)
                .header("password", "{{secret:password}}");
            if !settings.system_type.is_empty() {
                request = request.header("system-type", &settings.system_type);
            }
            Ok(Step::perform(request.json(&body)?))
        }
    }
}

fn body(settings: &Settings, message: &Outbound) -> Result<Value, String> {
    let digits = message.address_value().strip_prefix('+').unwrap_or_default();
    if !(5..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the address is no phone number with + and country code".to_owned());
    }
    let Content { text } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("a text message cannot carry this content: {problem}"))?;
    // Parts of two texts to one number must not be joined, those of two attempts may.
    let reference = message.id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let written = short_message::write(&text, reference)?;
    let count = written.parts.len();
    if count > settings.parts_max {
        return Err(format!("the text takes {count} short messages, and `parts-max` is {}", settings.parts_max));
    }
    let source = match settings.source.strip_prefix('+') {
        Some(number) => json!({ "ton": 1, "npi": 1, "addr": number }),
        None if settings.source.bytes().all(|byte| byte.is_ascii_digit()) => {
            json!({ "ton": 0, "npi": 1, "addr": settings.source })
        }
        None => json!({ "ton": 5, "npi": 0, "addr": settings.source }),
    };
    let part = |(index, bytes): (usize, &Vec<u8>)| {
        json!({
            "source": source,
            "destination": { "ton": 1, "npi": 1, "addr": digits },
            "esm_class": if count > 1 { WITH_HEADER } else { 0 },
            "data_coding": written.coding as u8,
            // A receipt for the last part, whose id is the message's.
            "registered_delivery": u8::from(index + 1 == count),
            "short_message": STANDARD.encode(bytes),
        })
    };
    Ok(json!({ "parts": written.parts.iter().enumerate().map(part).collect::<Vec<_>>() }))
}

/// What an answer means. A good one that cannot be read may hide that the message arrived.
pub fn outcome(response: &Response) -> Result<Outcome, Failure> {
    let status = response.header("command-status").unwrap_or("no status of SMPP");
    if response.status != 200 {
        return Ok(refused(response, status));
    }
    let Answer { parts } = response.json()?;
    match parts.last() {
        Some(last) if parts.iter().all(|part| part.command_status == ROK) => {
            Ok(Outcome::Sent(Some(last.message_id.clone()).filter(|id| !id.is_empty())))
        }
        _ => Err(Failure::BadInput("the centre says that it went well, but not of each part".to_owned())),
    }
}

fn refused(response: &Response, status: &str) -> Outcome {
    let parts = response.json::<Answer>().map(|answer| answer.parts).unwrap_or_default();
    let taken = parts.iter().filter(|part| part.command_status == ROK).count();
    if taken > 0 {
        // Once more would be twice for who got them.
        return Outcome::Rejected(format!(
            "{taken} of {} parts were taken, then the centre said {status}",
            parts.len()
        ));
    }
    match response.status {
        429 | 500..=599 => Outcome::RetryAfter(response.retry_after().max(BUSY)),
        401 | 403 => {
            log!(warn, "the centre does not take this account: {status}");
            Outcome::RetryAfter(MENDED)
        }
        _ if parts.first().is_some_and(|part| part.command_status == RINVDSTADR) => {
            Outcome::RecipientGone(format!("the centre knows no such number ({status})"))
        }
        _ => Outcome::Rejected(format!("the centre answered {status}")),
    }
}
