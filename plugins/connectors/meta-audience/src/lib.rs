//! Custom audiences of Meta: people are added and removed by hashes of their identifiers.

#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Audience, AudienceChange, Connector, Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use serde_json::{Value, json};

/// Seconds to wait where Meta says that it is busy and not for how long.
const BUSY: u32 = 60;
/// Seconds to wait where it says that this is too often and not for how long.
const TOO_OFTEN: u32 = 300;
/// The longest wait that is taken from it, seconds.
const WAIT_MAX: u64 = 86_400;

struct MetaAudience;

/// Which version of the Graph API.
#[derive(Debug, serde::Deserialize)]
struct Settings {
    api_version: String,
}

impl Connector for MetaAudience {
    type Config = Settings;

    fn send(_: &Settings, _: &Outbound) -> Result<Step, Failure> {
        Ok(Step::Done(Outcome::Rejected("Meta's audiences take no messages; use another channel".to_owned())))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

impl Audience for MetaAudience {
    fn upload(settings: &Settings, change: &AudienceChange) -> Result<Step, Failure> {
        let (method, identifiers) = match (change.add.as_slice(), change.remove.as_slice()) {
            (add, []) => ("POST", add),
            ([], remove) => ("DELETE", remove),
            _ => return Err(Failure::BadInput("a change adds or removes".to_owned())),
        };
        let url = format!("https://graph.facebook.com/{}/{}/users", settings.api_version, id(&change.audience)?);
        let request = Request::new(method, &url)
            .header("authorization", "Bearer {{secret:access-token}}")
            .json(&json!({"payload": payload(identifiers)?}))?;
        Ok(Step::perform(request))
    }

    fn resume_upload(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        outcome(response).map(Step::Done)
    }
}

/// What stands in a path as one part of it.
fn id(audience: &str) -> Result<&str, Failure> {
    let good = !audience.is_empty() && audience.bytes().all(|byte| byte.is_ascii_digit());
    if good { Ok(audience) } else { Err(Failure::BadInput("the audience's id has digits only".to_owned())) }
}

/// One kind of identifiers: a list of hashes for what Meta knows by itself, lists of one for what the brand gave out.
fn payload(identifiers: &[String]) -> Result<Value, Failure> {
    let of_kind = |kind: &str| {
        let hash = |text: &String| text.strip_prefix(kind)?.strip_prefix(':').map(str::to_owned);
        identifiers.iter().map(hash).collect::<Option<Vec<String>>>()
    };
    for (kind, schema) in [("email", "EMAIL_SHA256"), ("phone", "PHONE_SHA256")] {
        if let Some(hashes) = of_kind(kind) {
            return Ok(json!({"schema": schema, "data": hashes}));
        }
    }
    let rows = of_kind("user").map(|hashes| hashes.into_iter().map(|hash| [hash]).collect::<Vec<_>>());
    let rows =
        rows.ok_or_else(|| Failure::BadInput("Meta takes email, phone or user, one kind at a time".to_owned()))?;
    Ok(json!({"schema": ["EXTERN_ID"], "data": rows}))
}

/// What an answer means. The code counts, not the status: throttling comes with 400, too.
fn outcome(response: &Response) -> Result<Outcome, Failure> {
    let answer = response.json::<Value>();
    let Some(error) = answer.as_ref().ok().and_then(|answer| answer.get("error")) else {
        return match (response.outcome(), answer) {
            (Outcome::Sent(_), Ok(answer)) if answer.get("audience_id").is_some_and(Value::is_string) => {
                Ok(Outcome::Sent(None))
            }
            (Outcome::Sent(_), _) => Err(Failure::Other("Meta's answer names no audience".to_owned())),
            (other, _) => Ok(other),
        };
    };
    let number = |name: &str| error.get(name).and_then(Value::as_i64).unwrap_or_default();
    let (code, subcode) = (number("code"), number("error_subcode"));
    let said = error.get("message").and_then(Value::as_str).unwrap_or_default();
    let words = format!("Meta says {code}/{subcode}: {}", said.chars().take(200).collect::<String>());
    Ok(match code {
        4 | 17 | 32 | 613 | 80_000..=80_014 => Outcome::RetryAfter(regained(response).unwrap_or(TOO_OFTEN)),
        1 | 2 => Outcome::RetryAfter(BUSY),
        // A token that ended is changed by people, and it is tried again less and less often.
        _ if response.status == 429 || response.status >= 500 => Outcome::RetryAfter(response.retry_after()),
        _ => Outcome::Rejected(words),
    })
}

/// Seconds until calls are taken again, by the header that tells of the business's use: minutes there.
fn regained(response: &Response) -> Option<u32> {
    let usage: Value = serde_json::from_str(response.header("x-business-use-case-usage")?).ok()?;
    let uses = usage.as_object()?.values().filter_map(Value::as_array).flatten();
    let minutes = uses.filter_map(|usage| usage.get("estimated_time_to_regain_access")?.as_u64()).max()?;
    let seconds = minutes.saturating_mul(60).clamp(u64::from(BUSY), WAIT_MAX);
    u32::try_from(seconds).ok()
}

guanxi_plugin::connector!(MetaAudience + Audience);
