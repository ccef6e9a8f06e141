//! Messages and calls to numbers, and what Twilio's answers mean.

use guanxi_channel_kit::answers::{self, Class, MENDED};
use guanxi_channel_kit::content::Content;
use guanxi_channel_kit::length::within;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, log};
use serde::Deserialize;

use crate::{DeliverBy, Settings};

const API: &str = "https://api.twilio.com/2010-04-01/Accounts";
/// Characters of a message, and of what a call says with its markup. From twilio.com/docs on the resources Message and Call,
/// looked up 2026-11-28.
const TEXT_MAX: usize = 1_600;
const TWIML_MAX: usize = 4_000;

/// What codes mean; all others reject the message. From twilio.com/docs/api/errors, looked up 2026-11-28.
const CODES: &[(i64, Class)] = &[
    (14_107, Class::Later(60)),
    (20_003, Class::Later(MENDED)),
    (20_005, Class::Later(MENDED)),
    (20_404, Class::Later(MENDED)),
    (20_429, Class::Later(30)),
    (20_500, Class::Later(30)),
    (20_503, Class::Later(30)),
    (21_211, Class::Gone),
    (21_212, Class::Later(MENDED)),
    (21_217, Class::Gone),
    (21_408, Class::Later(MENDED)),
    (21_603, Class::Later(MENDED)),
    (21_606, Class::Later(MENDED)),
    (21_610, Class::Gone),
    (21_611, Class::Later(600)),
    (21_614, Class::Gone),
    (21_703, Class::Later(MENDED)),
    (30_001, Class::Later(600)),
    (30_002, Class::Later(MENDED)),
    (63_016, Class::Window),
    (63_017, Class::Later(60)),
    (63_018, Class::Later(60)),
];

#[derive(Deserialize)]
struct Accepted {
    sid: String,
}

#[derive(Deserialize)]
struct Refused {
    code: i64,
    #[serde(default)]
    message: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    check(settings).map_err(|what| Failure::BadConfig(what.to_owned()))?;
    let sid = &settings.account_sid;
    let (resource, fields) = match fields(settings, message) {
        Ok(fields) => fields,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    if !settings.callback_url.is_empty() {
        form.append_pair("StatusCallback", &settings.callback_url);
    }
    let request = Request::post(&format!("{API}/{sid}/{resource}.json"))
        .header("authorization", "Basic {{secret:basic}}")
        .header("content-type", "application/x-www-form-urlencoded");
    Ok(Step::perform(request.body(form.finish())))
}

fn check(settings: &Settings) -> Result<(), &'static str> {
    let Settings { account_sid, from, messaging_service_sid, deliver_by, .. } = settings;
    if !account_sid.starts_with("AC") || !account_sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("`account-sid` begins with AC and has letters and digits only");
    }
    match deliver_by {
        DeliverBy::Call if !from.starts_with('+') => Err("set `from` to a number, for calls need one"),
        DeliverBy::Sms if from.is_empty() && messaging_service_sid.is_empty() => {
            Err("set `from` or `messaging-service-sid`")
        }
        _ => Ok(()),
    }
}

type Fields = Vec<(&'static str, String)>;

/// What is made and of what, or why nothing is.
fn fields(settings: &Settings, message: &Outbound) -> Result<(&'static str, Fields), String> {
    let to = message.address_value();
    let digits = to.strip_prefix('+').unwrap_or_default();
    if !(5..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the address is no phone number with + and country code".to_owned());
    }
    let Content { text, title, url, image, buttons } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("Twilio cannot carry this content: {problem}"))?;
    if !buttons.is_empty() {
        return Err("a text message and a call have no buttons".to_owned());
    }
    let mut fields = vec![("To", to.to_owned())];
    if settings.deliver_by == DeliverBy::Call {
        if url.is_some() || image.is_some() {
            return Err("a call has no `url` and no `image`".to_owned());
        }
        let spoken = [title, Some(text)].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        let twiml = format!(
            "<Response><Say language=\"{}\">{}</Say></Response>",
            escaped(&settings.language),
            escaped(&spoken)
        );
        within("Twilio", "what the call says, with its markup,", &twiml, TWIML_MAX)?;
        fields.extend([("From", settings.from.clone()), ("Twiml", twiml)]);
        return Ok(("Calls", fields));
    }
    let text = [title, Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    within("Twilio", "the text", &text, TEXT_MAX)?;
    fields.push(match settings.messaging_service_sid.as_str() {
        "" => ("From", settings.from.clone()),
        sid => ("MessagingServiceSid", sid.to_owned()),
    });
    fields.push(("Body", text));
    fields.extend(image.map(|image| ("MediaUrl", image)));
    Ok(("Messages", fields))
}

/// As XML takes a text.
fn escaped(text: &str) -> String {
    let marks = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];
    marks.iter().fold(text.to_owned(), |text, (mark, entity)| text.replace(*mark, entity))
}

/// What an answer means. A good one that cannot be read may hide that the message is on its way.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if matches!(response.status, 429 | 500..=599) {
        return Ok(Outcome::RetryAfter(response.retry_after()));
    }
    if response.is_success() {
        let Accepted { sid } = response.json()?;
        return Ok(Outcome::Sent(Some(sid)));
    }
    let Ok(Refused { code, message }) = response.json() else {
        return Ok(answers::by_status(response, "Twilio").unwrap_or(Outcome::RetryAfter(MENDED)));
    };
    let told = format!("Twilio answered {code}: {message}");
    if matches!(response.status, 401 | 403) {
        log!(warn, "{told}");
        return Ok(Outcome::RetryAfter(MENDED));
    }
    Ok(answers::outcome(CODES, code, told, now))
}
