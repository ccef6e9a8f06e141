//! Messages to numbers, and what the cloud's answers mean.

use guanxi_channel_kit::civil;
use guanxi_channel_kit::text_message::{self, TextMessage};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, log};
use serde::Deserialize;

use crate::{MARKS, Settings, sign};

const HOST: &str = "dysmsapi.aliyuncs.com";
const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;
const BUSY: u32 = 30;
/// Seconds to wait where somebody has to mend something.
const MENDED: u32 = 300;

/// What codes mean; all others reject the message. From the error codes of the SMS API's reference, looked up 2026-11-21.
const CODES: &[(&str, Class)] = &[
    ("isv.DAY_LIMIT_CONTROL", Class::Day),
    ("isv.MONTH_LIMIT_CONTROL", Class::Day),
    ("isv.MOBILE_NUMBER_ILLEGAL", Class::Gone),
    ("Throttling", Class::Later(BUSY)),
    ("Throttling.User", Class::Later(BUSY)),
    ("Throttling.Api", Class::Later(BUSY)),
    ("isp.SYSTEM_ERROR", Class::Later(BUSY)),
    ("InternalError", Class::Later(BUSY)),
    ("ServiceUnavailable", Class::Later(BUSY)),
    ("isv.AMOUNT_NOT_ENOUGH", Class::Mend),
    ("isv.OUT_OF_SERVICE", Class::Mend),
    ("isv.ACCOUNT_NOT_EXISTS", Class::Mend),
    ("isv.ACCOUNT_ABNORMAL", Class::Mend),
    ("isv.PRODUCT_UN_SUBSCRIPT", Class::Mend),
    ("isv.DENY_IP_RANGE", Class::Mend),
    ("isv.SMS_SIGNATURE_ILLEGAL", Class::Mend),
    ("isv.SMS_TEMPLATE_ILLEGAL", Class::Mend),
    ("isp.RAM_PERMISSION_DENY", Class::Mend),
    ("SignatureDoesNotMatch", Class::Mend),
    ("InvalidAccessKeyId.NotFound", Class::Mend),
    ("InvalidAccessKeyId.Inactive", Class::Mend),
    ("InvalidTimeStamp.Expired", Class::Mend),
];

#[derive(Clone, Copy)]
enum Class {
    Day,
    Gone,
    Later(u32),
    Mend,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: String,
    #[serde(default)]
    message: String,
    biz_id: Option<String>,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    match query(settings, message) {
        Ok(query) => request(settings, message, &query),
        Err(why) => Ok(Step::Done(Outcome::Rejected(why))),
    }
}

/// The parameters, or why nothing can be sent.
fn query(settings: &Settings, message: &Outbound) -> Result<String, String> {
    let TextMessage { digits, template, values } =
        text_message::read(MARKS, &settings.templates, &settings.sign_name, message)?;
    // A number of the mainland has no country code here.
    let phone = digits.strip_prefix("86").filter(|national| national.len() == 11).unwrap_or(digits);
    let values = serde_json::to_string(&values).map_err(|problem| problem.to_string())?;
    Ok(sign::query(&[
        ("OutId", &message.id),
        ("PhoneNumbers", phone),
        ("SignName", &settings.sign_name),
        ("TemplateCode", template),
        ("TemplateParam", &values),
    ]))
}

fn request(settings: &Settings, message: &Outbound, query: &str) -> Result<Step, Failure> {
    // The cloud takes each nonce once; every attempt is another request.
    let (date, nonce) = (civil::utc(message.now), format!("{}-{}", message.id, message.attempt));
    let headers = [
        ("host", HOST),
        ("x-acs-action", "SendSms"),
        ("x-acs-content-sha256", sign::EMPTY),
        ("x-acs-date", &date),
        ("x-acs-signature-nonce", &nonce),
        ("x-acs-version", "2017-05-25"),
    ];
    let authorization = sign::authorization(&settings.access_key_id, "POST", query, &headers, sign::EMPTY)?;
    let request = Request::post(&format!("https://{HOST}/?{query}")).header("authorization", &authorization);
    // The connection says to which host it goes.
    let ours = headers.iter().filter(|(name, _)| *name != "host");
    Ok(Step::perform(ours.fold(request, |request, (name, value)| request.header(name, value))))
}

/// What an answer means. A good one that cannot be read may hide that the message is on its way.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if matches!(response.status, 429 | 500..=599) {
        return Ok(Outcome::RetryAfter(response.retry_after()));
    }
    let Answer { code, message, biz_id } = match response.json() {
        Ok(answer) => answer,
        Err(problem) if response.is_success() => return Err(problem),
        Err(_) => {
            log!(warn, "an answer {} that is not the cloud's: is something between it and this host?", response.status);
            return Ok(Outcome::RetryAfter(MENDED));
        }
    };
    let told = format!("{code}: {message}");
    match code.as_str() {
        "OK" if response.is_success() => return Ok(Outcome::Sent(biz_id)),
        "OK" => return Err(Failure::BadInput(format!("the cloud says OK with the status {}", response.status))),
        // An earlier request of this attempt went through, whatever became of its answer.
        "SignatureNonceUsed" => return Err(Failure::Other(told)),
        "isv.BUSINESS_LIMIT_CONTROL" => return Ok(flow(&message, now)),
        _ => {}
    }
    Ok(match CODES.iter().find(|(known, _)| *known == code).map(|(_, class)| *class) {
        Some(Class::Day) => Outcome::QuotaExhausted(civil::next_day(now)),
        Some(Class::Gone) => Outcome::RecipientGone(told),
        Some(Class::Later(seconds)) => Outcome::RetryAfter(seconds),
        Some(Class::Mend) => {
            log!(warn, "{told}");
            Outcome::RetryAfter(MENDED)
        }
        None => Outcome::Rejected(told),
    })
}

/// 触发分钟级流控Permits:1 and its like: so many to this number in a minute, an hour or a day.
fn flow(message: &str, now: Instant) -> Outcome {
    match message {
        _ if message.contains("天级") => Outcome::QuotaExhausted(civil::next_day(now)),
        _ if message.contains("小时级") => Outcome::RetryAfter(HOUR),
        _ => Outcome::RetryAfter(MINUTE),
    }
}
