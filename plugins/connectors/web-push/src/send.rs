//! What a browser shows, the request that brings it there, and what push services answer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guanxi_channel_kit::content::{Button, Content};
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::secrets::{self, Digest, Part, Scheme};
use guanxi_plugin::words::{Instant, SECOND};
use guanxi_plugin::{Failure, log};
use serde_json::{Value, json};

use crate::seal::{self, Once};
use crate::{Settings, subscription};

/// Seconds for which a token holds; more than a day is refused (RFC 8292, 2).
const TOKEN_SECONDS: Instant = 12 * 3_600;
/// Bytes of a topic (RFC 8030, 5.4), buttons that browsers show, and seconds to wait where somebody has to mend something.
const TOPIC_BYTES: usize = 24;
const BUTTONS_MAX: usize = 2;
const MENDED: u32 = 300;

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let address = message.address_value();
    let subscription = match subscription::read(address, &settings.push_service) {
        Ok(subscription) => subscription,
        Err(why) => return Ok(rejected(why)),
    };
    let text = match notification(settings, message) {
        Ok(text) => text.to_string(),
        Err(why) => return Ok(rejected(why)),
    };
    if text.len() > seal::TEXT_BYTES_MAX {
        return Ok(rejected(format!(
            "the message has {} bytes, and push services take {}",
            text.len(),
            seal::TEXT_BYTES_MAX
        )));
    }
    let once = Once::derive(&format!("{} {} {address}", message.id, message.attempt))?;
    let body = seal::seal(&once, &subscription.point, &subscription.auth, text.as_bytes())
        .ok_or_else(|| Failure::Other("the message cannot be encrypted".to_owned()))?;
    // From when it was decided; what is late is still handed to whoever is there.
    let age = message.now.saturating_sub(message.created) / SECOND;
    let ttl = settings.ttl_seconds.saturating_sub(age).max(0);
    let request = Request::post(subscription.endpoint)
        .header("authorization", &authorization(settings, subscription.origin, message.now)?)
        .header("content-encoding", "aes128gcm")
        .header("content-type", "application/octet-stream")
        .header("ttl", &ttl.to_string())
        .header("urgency", settings.urgency.name())
        .header("topic", &topic(&message.id)?);
    Ok(Step::perform(request.body(body)))
}

fn rejected(why: String) -> Step {
    Step::Done(Outcome::Rejected(why))
}

/// As browsers show it by themselves (Declarative Web Push), and as a service worker reads it. A later attempt has the same tag, so
/// that it takes the place of an earlier one.
fn notification(settings: &Settings, message: &Outbound) -> Result<Value, String> {
    let Content { text, title, url, image, buttons } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("a push message cannot carry this content: {problem}"))?;
    if buttons.len() > BUTTONS_MAX {
        return Err(format!("there are {} buttons, and browsers show {BUTTONS_MAX}", buttons.len()));
    }
    let action = |Button { text, url, value }: &Button| match (url, value) {
        (Some(url), None) => Ok(json!({ "action": url, "title": text, "navigate": url })),
        _ => Err(format!("the button `{text}` of a push message must have a `url` and no `value`")),
    };
    let actions = buttons.iter().map(action).collect::<Result<Vec<_>, _>>()?;
    let title = title.as_ref().unwrap_or(&settings.title);
    let navigate = url.as_ref().unwrap_or(&settings.site);
    let mut shown = json!({ "title": title, "body": text, "navigate": navigate, "tag": message.id });
    if let Some(fields) = shown.as_object_mut() {
        fields.extend(image.map(|image| ("image".to_owned(), Value::from(image))));
        fields.extend((!actions.is_empty()).then(|| ("actions".to_owned(), Value::from(actions))));
    }
    // The number of the RFC by which browsers know that they may show it themselves.
    Ok(json!({ "web_push": 8_030, "notification": shown }))
}

/// What a push service replaces by a later attempt as long as it could not hand it over.
fn topic(id: &str) -> Result<String, Failure> {
    let hash = secrets::hash(Digest::Sha256, &[Part::bytes("guanxi message "), Part::bytes(id)])?;
    Ok(URL_SAFE_NO_PAD.encode(hash.get(..TOPIC_BYTES).unwrap_or_default()))
}

/// The header by which a push service knows whose message it is.
fn authorization(settings: &Settings, origin: &str, now: Instant) -> Result<String, Failure> {
    let point = URL_SAFE_NO_PAD.decode(&settings.public_key).ok().filter(|point| point.len() == 65);
    if point.is_none() {
        return Err(Failure::BadConfig("`public-key` has 87 characters of base64url".to_owned()));
    }
    let claims = json!({ "aud": origin, "exp": now / SECOND + TOKEN_SECONDS, "sub": settings.contact });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ES256" })), part(claims));
    let signature = secrets::sign("vapid-key", Scheme::EcdsaP256Sha256, signed.as_bytes())?;
    Ok(format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature), settings.public_key))
}

/// What an answer means: the status alone counts.
pub fn outcome(response: &Response) -> Outcome {
    match response.status {
        200..=299 => Outcome::Sent(None),
        404 | 410 => Outcome::RecipientGone(format!("the push service answered {}: unsubscribed", response.status)),
        408 | 425 | 429 | 500..=599 => Outcome::RetryAfter(response.retry_after()),
        401 | 403 => {
            log!(
                warn,
                "the push service answered {}: are both halves the VAPID key of the subscription?",
                response.status
            );
            Outcome::RetryAfter(MENDED)
        }
        status => Outcome::Rejected(format!("the push service answered {status}")),
    }
}
