//! Messages to numbers, and what the cloud's answers mean.

use std::collections::BTreeMap;

use guanxi_channel_kit::civil;
use guanxi_channel_kit::text_message::{self, TextMessage};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::{Instant, SECOND};
use guanxi_plugin::{Failure, log};
use serde::Deserialize;
use serde_json::json;

use crate::{MARKS, Settings, sign};

const HOST: &str = "sms.tencentcloudapi.com";
const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;
const BUSY: u32 = 30;
/// Seconds to wait where somebody has to mend something.
const MENDED: u32 = 300;

/// What codes mean, by their beginning; all others reject the message. The first that fits counts. From the error codes of
/// `SendSms` in the API's reference, looked up 2026-11-21.
const CODES: &[(&str, Class)] = &[
    ("LimitExceeded.PhoneNumberThirtySecondLimit", Class::Later(BUSY)),
    ("LimitExceeded.PhoneNumberOneHourLimit", Class::Later(HOUR)),
    ("LimitExceeded.DeliveryFrequencyLimit", Class::Later(MINUTE)),
    ("LimitExceeded.PhoneNumberCountLimit", Class::Rejected),
    ("LimitExceeded", Class::Day),
    ("RequestLimitExceeded", Class::Later(BUSY)),
    ("InternalError", Class::Later(BUSY)),
    ("FailedOperation.PhoneNumberInBlacklist", Class::Gone),
    ("InvalidParameterValue.IncorrectPhoneNumber", Class::Gone),
    ("FailedOperation.InsufficientBalanceInSmsPackage", Class::Mend),
    ("FailedOperation.SignatureIncorrectOrUnapproved", Class::Mend),
    ("FailedOperation.TemplateUnapprovedOrNotExist", Class::Mend),
    ("InvalidParameterValue.SdkAppIdNotExist", Class::Mend),
    ("AuthFailure", Class::Mend),
    ("UnauthorizedOperation", Class::Mend),
];

#[derive(Clone, Copy)]
enum Class {
    Day,
    Gone,
    Later(u32),
    Mend,
    Rejected,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    response: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    error: Option<Status>,
    #[serde(default)]
    send_status_set: Vec<Status>,
}

/// How one number fared, or the whole request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    code: String,
    #[serde(default)]
    message: String,
    serial_no: Option<String>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let body = match body(settings, message) {
        Ok(body) => body.to_string(),
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let authorization = sign::authorization(&settings.secret_id, HOST, &body, message.now)?;
    let request = Request::post(&format!("https://{HOST}/"))
        .header("authorization", &authorization)
        .header("content-type", sign::CONTENT_TYPE)
        .header("x-tc-action", "SendSms")
        .header("x-tc-version", "2021-01-11")
        .header("x-tc-region", &settings.region)
        .header("x-tc-timestamp", &message.now.div_euclid(SECOND).to_string());
    Ok(Step::perform(request.body(body)))
}

/// The parameters, or why nothing can be sent.
fn body(settings: &Settings, message: &Outbound) -> Result<serde_json::Value, String> {
    let TextMessage { digits, template, values } =
        text_message::read(MARKS, &settings.templates, &settings.sign_name, message)?;
    Ok(json!({
        "PhoneNumberSet": [format!("+{digits}")],
        "SmsSdkAppId": settings.sdk_app_id,
        "SignName": settings.sign_name,
        "TemplateId": template,
        "TemplateParamSet": in_order(&values)?,
        "SessionContext": message.id,
    }))
}

/// The values of `{1}`, `{2}` and so on.
fn in_order(values: &BTreeMap<String, String>) -> Result<Vec<&String>, String> {
    let value = |number: usize| values.get(&number.to_string());
    let wrong = || "the template's variables must be called {1}, {2} and so on, without a gap".to_owned();
    (1..=values.len()).map(value).collect::<Option<_>>().ok_or_else(wrong)
}

/// What an answer means. A good one that cannot be read may hide that the message is on its way.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    match response.status {
        200..=299 => {}
        429 | 500..=599 => return Ok(Outcome::RetryAfter(response.retry_after())),
        // The cloud answers 200 to everything, errors included.
        status => {
            log!(warn, "an answer {status} that is not the cloud's: is something between it and this host?");
            return Ok(Outcome::RetryAfter(MENDED));
        }
    }
    let Body { error, send_status_set } = response.json::<Answer>()?.response;
    let Some(Status { code, message, serial_no }) = error.or(send_status_set.into_iter().next()) else {
        return Err(Failure::BadInput("the cloud says neither that it went well nor what is wrong".to_owned()));
    };
    if code == "Ok" {
        return Ok(Outcome::Sent(serial_no));
    }
    let told = format!("{code}: {message}");
    let fits = |known: &str| code.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    Ok(match CODES.iter().find(|(known, _)| fits(known)).map(|(_, class)| *class) {
        Some(Class::Day) => Outcome::QuotaExhausted(civil::next_day(now)),
        Some(Class::Gone) => Outcome::RecipientGone(told),
        Some(Class::Later(seconds)) => Outcome::RetryAfter(seconds),
        Some(Class::Mend) => {
            log!(warn, "{told}");
            Outcome::RetryAfter(MENDED)
        }
        Some(Class::Rejected) | None => Outcome::Rejected(told),
    })
}
