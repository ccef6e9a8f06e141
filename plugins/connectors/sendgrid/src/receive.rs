//! The signed event webhook: what became of mail, and who unsubscribed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_channel_kit::callback::{self, kept, key, text};
use guanxi_plugin::connector::{Incoming, Reception, Refusal};
use guanxi_plugin::log;
use guanxi_plugin::words::{Instant, Received, SECOND};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};

use crate::Settings;

/// What stands before the point in the SubjectPublicKeyInfo of a key on P-256 (RFC 5480).
pub(crate) const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// The most characters of a reason or an address that are kept.
const TEXT_MAX: usize = 500;

pub fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
    verify(settings, request)?;
    let told = callback::json(&request.body)?;
    let list = told.as_array().ok_or_else(|| Refusal::Malformed("the body is no list".to_owned()))?;
    let mut events = Vec::new();
    for one in list {
        events.extend(event(settings, one, now)?);
    }
    Ok(Reception { reply: callback::reply(""), events })
}

/// ECDSA over the time and the raw body, up to its last line break.
pub(crate) fn verify(settings: &Settings, request: &Incoming) -> Result<(), Refusal> {
    let key = public_key(&settings.verification_key).ok_or_else(|| {
        Refusal::BadConfig("set `verification-key` to the key of the signed event webhook".to_owned())
    })?;
    let signature = callback::header(request, "x-twilio-email-event-webhook-signature")?;
    let time = callback::header(request, "x-twilio-email-event-webhook-timestamp")?;
    let signature = STANDARD.decode(signature).ok().and_then(|der| Signature::from_der(&der).ok());
    let signature = signature.ok_or(Refusal::BadSignature)?;
    let signed = [time.as_bytes(), &request.body].concat();
    key.verify(&signed, &signature).map_err(|_| Refusal::BadSignature)
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    let der = STANDARD.decode(text).ok()?;
    VerifyingKey::from_sec1_bytes(der.strip_prefix(&P256)?).ok()
}

/// One entry. That SendGrid has taken a mail, or tries again, is not kept.
fn event(settings: &Settings, one: &Value, now: Instant) -> Result<Option<Received>, Refusal> {
    let (what, of) = (text(one, "/event"), text(one, "/sg_event_id"));
    let email = text(one, "/email");
    if of.is_empty() || email.is_empty() {
        log!(info, "an event `{what}` without an id or an address");
        return Ok(None);
    }
    let (kind, properties) = match what {
        "processed" | "deferred" => return Ok(None),
        "delivered" => receipt(one, "delivered"),
        "open" => receipt(one, "read"),
        "click" => receipt(one, "clicked"),
        "bounce" if text(one, "/type") == "blocked" => receipt(one, "failed"),
        "bounce" => receipt(one, "bounced"),
        "dropped" => receipt(one, "failed"),
        "unsubscribe" | "group_unsubscribe" | "spamreport" => {
            let evidence = format!("{what} at SendGrid, {of}");
            ("Consent Withdrawn", json!({ "purpose": settings.purpose, "evidence": evidence }))
        }
        _ => ("Channel Event", json!({ "kind": what, "fields": kept(one.clone()) })),
    };
    let at = one.get("timestamp").and_then(Value::as_i64).map_or(now, |seconds| seconds.saturating_mul(SECOND));
    let identities = vec![format!("email:{email}")];
    Ok(Some(callback::received(key(&[what, of])?, identities, "email", kind, at, &properties)))
}

/// Of the id only what `X-Message-Id` said comes back in every event.
fn receipt(one: &Value, state: &str) -> (&'static str, Value) {
    let id = text(one, "/sg_message_id").split('.').next().unwrap_or_default();
    let mut properties = json!({ "channel-id": id, "state": state, "message": text(one, "/message") });
    let reason =
        ["/reason", "/response", "/url"].into_iter().map(|pointer| text(one, pointer)).find(|it| !it.is_empty());
    let told = match state {
        "clicked" => "url",
        "failed" | "bounced" => "reason",
        _ => return ("guanxi.delivery", properties),
    };
    if let (Some(reason), Some(fields)) = (reason, properties.as_object_mut()) {
        fields.insert(told.to_owned(), reason.chars().take(TEXT_MAX).collect::<String>().into());
    }
    ("guanxi.delivery", properties)
}
