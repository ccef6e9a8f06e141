//! Messages to numbers, and what WhatsApp's answers mean.

use guanxi_channel_kit::answers::{Class, MENDED};
use guanxi_channel_kit::meta;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use serde_json::json;

use crate::{Settings, message};

const API: &str = "https://graph.facebook.com";

/// What codes mean on WhatsApp besides those of all platforms; what is not listed rejects the message. From pywa `errors.py` and the
/// Cloud API's error codes, looked up 2026-11-21.
const CODES: &[(i64, i64, Class)] = &[
    (80_007, 0, Class::Later(60)),
    (130_429, 0, Class::Later(60)),
    (131_000, 0, Class::Later(30)),
    (131_005, 0, Class::Later(MENDED)),
    (131_016, 0, Class::Later(60)),
    (131_026, 0, Class::Gone),
    (131_031, 0, Class::Later(MENDED)),
    (131_042, 0, Class::Later(MENDED)),
    (131_045, 0, Class::Later(MENDED)),
    (131_047, 0, Class::Window),
    (131_048, 0, Class::Hour),
    // So much marketing that this person gets no more today, whoever sends it.
    (131_049, 0, Class::Later(86_400)),
    (131_056, 0, Class::Later(6)),
    (131_057, 0, Class::Later(MENDED)),
    (132_001, 0, Class::Later(MENDED)),
    (132_015, 0, Class::Later(3_600)),
    (133_004, 0, Class::Later(60)),
    (133_010, 0, Class::Later(MENDED)),
    (133_016, 0, Class::Hour),
    (135_000, 0, Class::Later(30)),
];

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let digits = |text: &str, most| (5..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let version = |c: char| c.is_ascii_digit() || c == '.' || c == 'v';
    if !digits(&settings.phone_number_id, 20) || !settings.api_version.chars().all(version) {
        return Err(Failure::BadConfig("`phone-number-id` has digits only, `api-version` is such as v26.0".to_owned()));
    }
    let to = message.address_value().trim_start_matches('+');
    if !digits(to, 15) {
        return Ok(rejected("the address is no number with its country code"));
    }
    let (kind, part, reply_to) = match message::form(&settings.templates, &message.content) {
        Ok(form) => form,
        Err(why) => return Ok(rejected(&why)),
    };
    let mut body = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": kind, kind: part,
        "biz_opaque_callback_data": message.id,
    });
    if let (Some(id), Some(fields)) = (reply_to, body.as_object_mut()) {
        fields.insert("context".to_owned(), json!({ "message_id": id }));
    }
    let url = format!("{API}/{}/{}/messages", settings.api_version, settings.phone_number_id);
    let request = Request::post(&url).header("authorization", "Bearer {{secret:access-token}}");
    Ok(Step::perform(request.json(&body)?))
}

fn rejected(why: &str) -> Step {
    Step::Done(Outcome::Rejected(why.to_owned()))
}

/// What an answer means.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    meta::outcome(response, "/messages/0/id", CODES, now)
}
