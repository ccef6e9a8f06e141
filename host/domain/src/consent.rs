//! Whether data of a person may be used for a purpose: what the brand's settings ask for, and what the person said.
//!
//! A purpose that the settings do not name needs no consent. One that they name is allowed by its basis: a consent has
//! to be given and still hold, a legitimate interest holds until the person objects, a contract always.

use crate::event::NewEvent;
use crate::person::Consent;
use crate::settings::{Basis, Purpose, TenantSettings, Tracking};
use crate::{DAY, JsonMap, Millis};

/// Kind of the events that the host makes when somebody notes a consent in the console, the API or an import.
pub const CONSENT: &str = "guanxi.consent";
/// Kind of a sender's own event: the person gave their consent. Properties: `purpose`, `evidence`, `expires_at`.
pub const GRANTED: &str = "Consent Granted";
/// Kind of a sender's own event: the person withdrew it, or objects. Properties: `purpose`, `evidence`.
pub const WITHDRAWN: &str = "Consent Withdrawn";
/// The purpose that every marketing message needs besides its own.
pub const MARKETING: &str = "marketing";

/// The most characters of a purpose's name.
pub const PURPOSE_MAX: usize = 64;
/// The most characters of an evidence.
pub const EVIDENCE_MAX: usize = 1_000;
/// The most characters of a source.
const SOURCE_MAX: usize = 128;

/// Why data may be used for a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The settings do not name the purpose.
    Unregulated,
    /// The person's consent, and until when it holds.
    Consent(Option<Millis>),
    /// A legitimate interest to which the person has not objected.
    LegitimateInterest,
    /// What the person has asked for.
    Contract,
}

/// Why data may not be used for a purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was said.
    #[error("no consent for `{0}`")]
    None(String),
    /// The person took it back.
    #[error("consent for `{0}` was withdrawn")]
    Withdrawn(String),
    /// It has to be given again.
    #[error("consent for `{0}` has expired")]
    Expired(String),
    /// The person objects.
    #[error("the person objects to `{0}`")]
    Objected(String),
}

/// An event about consent that cannot be used: what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadConsent {
    /// No purpose, or none that can be.
    #[error("properties.purpose: give the purpose, 1 to {PURPOSE_MAX} characters")]
    Purpose,
    /// Not a text, or too long.
    #[error("properties.evidence: give a text of at most {EVIDENCE_MAX} characters")]
    Evidence,
    /// Not a time.
    #[error("properties.expires_at: give a time in RFC 3339 or milliseconds since the epoch")]
    Expiry,
    /// The host's own event does not say whether.
    #[error("properties.granted: say true or false")]
    Granted,
}

/// Whether data of somebody who said `consents` may be used for `purpose` at `now`; of several words on one purpose
/// the latest counts.
pub fn allows(settings: &TenantSettings, consents: &[Consent], purpose: &str, now: Millis) -> Result<Ground, Refusal> {
    let Some(wanted) = settings.purposes.get(purpose) else { return Ok(Ground::Unregulated) };
    let word = latest(consents.iter().filter(|word| word.purpose == purpose));
    let named = || purpose.to_owned();
    match (wanted.basis, word) {
        (Basis::Contract, _) => Ok(Ground::Contract),
        (Basis::LegitimateInterest, Some(word)) if !word.granted => Err(Refusal::Objected(named())),
        (Basis::LegitimateInterest, _) => Ok(Ground::LegitimateInterest),
        (Basis::Consent, None) => Err(Refusal::None(named())),
        (Basis::Consent, Some(word)) if !word.granted => Err(Refusal::Withdrawn(named())),
        (Basis::Consent, Some(word)) => match ends_at(wanted, word) {
            Some(end) if end <= now => Err(Refusal::Expired(named())),
            end => Ok(Ground::Consent(end)),
        },
    }
}

/// Whether a message may go out that serves `purpose`: marketing needs the purpose [`MARKETING`], too.
pub fn allows_message(
    settings: &TenantSettings,
    consents: &[Consent],
    purpose: &str,
    class: crate::message::MessageClass,
    now: Millis,
) -> Result<(), Refusal> {
    allows(settings, consents, purpose, now)?;
    if class == crate::message::MessageClass::Marketing {
        allows(settings, consents, MARKETING, now)?;
    }
    Ok(())
}

/// Whether it may be learnt which links of a message somebody follows, and whether they look at it: every purpose of the
/// settings that stands for that has to be allowed.
pub fn allows_tracking(settings: &TenantSettings, consents: &[Consent], now: Millis) -> bool {
    Tracking::PURPOSES.iter().all(|purpose| allows(settings, consents, purpose, now).is_ok())
}

/// Whether a plugin that wants the field `field` for `purpose` may see it: its own purpose has to be allowed, and so
/// has every purpose of the settings to which the field is bound.
pub fn allows_field(
    settings: &TenantSettings,
    consents: &[Consent],
    field: &str,
    purpose: &str,
    now: Millis,
) -> Result<(), Refusal> {
    allows(settings, consents, purpose, now)?;
    let bound = settings.purposes.iter().filter(|(_, bound)| bound.fields.iter().any(|name| name == field));
    for (name, _) in bound {
        allows(settings, consents, name, now)?;
    }
    Ok(())
}

/// When a consent ends: as it was given, or after the purpose's days, whichever is earlier.
pub fn ends_at(purpose: &Purpose, consent: &Consent) -> Option<Millis> {
    let by_rule = purpose.days.map(|days| consent.at.saturating_add(Millis::from(days).saturating_mul(DAY)));
    match (by_rule, consent.expires_at) {
        (Some(rule), Some(said)) => Some(rule.min(said)),
        (rule, said) => rule.or(said),
    }
}

/// The word that counts among several on the same purpose: the latest, and of two at the same time the withdrawal.
pub fn latest<'a>(words: impl IntoIterator<Item = &'a Consent>) -> Option<&'a Consent> {
    words.into_iter().reduce(|kept, next| if overrides(next, kept) { next } else { kept })
}

/// Whether `next` counts instead of `kept`, whichever was heard first.
pub fn overrides(next: &Consent, kept: &Consent) -> bool {
    (next.at, !next.granted) > (kept.at, !kept.granted)
}

/// What an event says about consent, or why that cannot be used; `None` for events of other kinds.
pub fn read(event: &NewEvent) -> Option<Result<Consent, BadConsent>> {
    let properties = &event.body.properties;
    let granted = match event.kind.as_str() {
        GRANTED => Ok(true),
        WITHDRAWN => Ok(false),
        CONSENT => properties.get("granted").and_then(serde_json::Value::as_bool).ok_or(BadConsent::Granted),
        _ => return None,
    };
    Some(granted.and_then(|granted| read_word(event, properties, granted)))
}

fn read_word(event: &NewEvent, properties: &JsonMap, granted: bool) -> Result<Consent, BadConsent> {
    let text = |name: &str| properties.get(name).filter(|value| !value.is_null());
    let purpose = text("purpose").and_then(|value| value.as_str()).map(str::trim).unwrap_or_default();
    if !is_purpose(purpose) {
        return Err(BadConsent::Purpose);
    }
    let evidence = match text("evidence") {
        None => "",
        Some(value) => value.as_str().map(str::trim).filter(|text| is_evidence(text)).ok_or(BadConsent::Evidence)?,
    };
    let expiry = text("expires_at").or_else(|| text("expiresAt"));
    let expires_at = expiry.map(|value| crate::event::clock::parse(value).ok_or(BadConsent::Expiry)).transpose()?;
    let said = if event.kind == CONSENT { text("source").and_then(|value| value.as_str()) } else { None };
    let source = said.or(event.body.channel.as_deref()).unwrap_or("event");
    Ok(Consent {
        purpose: purpose.to_owned(),
        granted,
        evidence: evidence.to_owned(),
        source: source.chars().take(SOURCE_MAX).collect(),
        at: event.occurred_at,
        expires_at: expires_at.filter(|_| granted),
    })
}

/// Whether a text can name a purpose.
pub fn is_purpose(text: &str) -> bool {
    (1..=PURPOSE_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Whether a text can be an evidence.
pub fn is_evidence(text: &str) -> bool {
    text.chars().count() <= EVIDENCE_MAX && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::EventBody;
    use crate::ids::EventId;
    use crate::message::MessageClass;

    fn settings() -> TenantSettings {
        let document = json!({"purposes": {
            "marketing": {"title": "Marketing", "basis": "consent", "days": 10},
            "profiling": {"title": "Profiling", "basis": "consent", "fields": ["city"]},
            "analytics": {"title": "Analytics", "basis": "legitimate-interest"},
            "service": {"title": "Service", "basis": "contract"},
        }});
        crate::settings::read(document.as_object().unwrap()).unwrap()
    }

    fn word(purpose: &str, granted: bool, at: Millis, expires_at: Option<Millis>) -> Consent {
        let (evidence, source) = (String::new(), "staff".to_owned());
        Consent { purpose: purpose.to_owned(), granted, evidence, source, at, expires_at }
    }

    #[test]
    fn ch_9_every_purpose_that_stands_for_tracking_has_to_be_allowed() {
        let mut settings = settings();
        assert!(allows_tracking(&settings, &[], 0));
        assert!(!allows_tracking(&settings, &[word("analytics", false, 1, None)], 2));
        settings.purposes.insert(
            "tracking".to_owned(),
            Purpose { title: "T".to_owned(), basis: Basis::Consent, days: None, fields: Vec::new() },
        );
        assert!(!allows_tracking(&settings, &[], 0));
        assert!(allows_tracking(&settings, &[word("tracking", true, 1, None)], 2));
        assert!(allows_tracking(&TenantSettings::default(), &[word("tracking", false, 1, None)], 2));
    }

    #[test]
    fn id_13_what_is_allowed_follows_from_basis_and_the_latest_word() {
        let settings = settings();
        let (yes, no) = (|at| word("marketing", true, at, None), |at| word("marketing", false, at, None));
        let marketing = || "marketing".to_owned();
        for (consents, purpose, now, expected) in [
            (vec![], "newsletter", 0, Ok(Ground::Unregulated)),
            (vec![], "marketing", 0, Err(Refusal::None(marketing()))),
            (vec![yes(5)], "marketing", 6, Ok(Ground::Consent(Some(5 + 10 * DAY)))),
            (vec![yes(5)], "marketing", 5 + 10 * DAY, Err(Refusal::Expired(marketing()))),
            (vec![word("marketing", true, 5, Some(9))], "marketing", 9, Err(Refusal::Expired(marketing()))),
            (vec![yes(5), no(6)], "marketing", 7, Err(Refusal::Withdrawn(marketing()))),
            (vec![no(6), yes(5)], "marketing", 7, Err(Refusal::Withdrawn(marketing()))),
            (vec![yes(6), no(6)], "marketing", 7, Err(Refusal::Withdrawn(marketing()))),
            (vec![no(5), yes(6)], "marketing", 7, Ok(Ground::Consent(Some(6 + 10 * DAY)))),
            (vec![], "analytics", 0, Ok(Ground::LegitimateInterest)),
            (vec![word("analytics", false, 1, None)], "analytics", 2, Err(Refusal::Objected("analytics".to_owned()))),
            (vec![word("service", false, 1, None)], "service", 2, Ok(Ground::Contract)),
        ] {
            assert_eq!(allows(&settings, &consents, purpose, now), expected, "{purpose} {consents:?} {now}");
        }
    }

    #[test]
    fn id_13_marketing_and_bound_fields_need_more_than_their_own_purpose() {
        let (settings, marketing) = (settings(), [word("marketing", true, 1, None)]);
        for (purpose, class, consents, allowed) in [
            ("welcome", MessageClass::Marketing, &marketing[..], true),
            ("welcome", MessageClass::Marketing, &[], false),
            ("welcome", MessageClass::Reply, &[], true),
            ("marketing", MessageClass::Reply, &[], false),
        ] {
            let may = allows_message(&settings, consents, purpose, class, 2);
            assert_eq!(may.is_ok(), allowed, "{purpose} {class:?}");
        }
        let profiling = [word("profiling", true, 1, None)];
        for (field, purpose, consents, allowed) in [
            ("name", "to write by name", &[][..], true),
            ("name", "marketing", &[], false),
            ("name", "marketing", &marketing, true),
            ("city", "to write by name", &[], false),
            ("city", "to write by name", &profiling, true),
            ("city", "marketing", &profiling, false),
        ] {
            assert_eq!(allows_field(&settings, consents, field, purpose, 2).is_ok(), allowed, "{field} for {purpose}");
        }
    }

    #[test]
    fn id_13_events_about_consent_are_read_or_refused_with_the_place() {
        let event = |kind: &str, properties: serde_json::Value| NewEvent {
            id: EventId::from_uuid(uuid::Uuid::nil()),
            message_id: "m".to_owned(),
            kind: kind.to_owned(),
            occurred_at: 7,
            received_at: 8,
            body: EventBody {
                channel: Some("wechat".to_owned()),
                properties: properties.as_object().cloned().unwrap_or_default(),
                ..EventBody::default()
            },
        };
        assert_eq!(read(&event("page", json!({"purpose": "marketing"}))), None);
        for (kind, properties, expected) in [
            (GRANTED, json!({"purpose": " marketing ", "evidence": "form 7"}), Ok(("marketing", true, "wechat", None))),
            (
                GRANTED,
                json!({"purpose": "a", "expires_at": 1_900_000_000_000_i64}),
                Ok(("a", true, "wechat", Some(1_900_000_000_000))),
            ),
            (
                WITHDRAWN,
                json!({"purpose": "a", "expires_at": "2030-01-01T00:00:00Z"}),
                Ok(("a", false, "wechat", None)),
            ),
            (CONSENT, json!({"purpose": "a", "granted": false, "source": "staff"}), Ok(("a", false, "staff", None))),
            (GRANTED, json!({"purpose": "a", "source": "staff"}), Ok(("a", true, "wechat", None))),
            (CONSENT, json!({"purpose": "a"}), Err(BadConsent::Granted)),
            (GRANTED, json!({}), Err(BadConsent::Purpose)),
            (GRANTED, json!({"purpose": "x".repeat(65)}), Err(BadConsent::Purpose)),
            (WITHDRAWN, json!({"purpose": 5}), Err(BadConsent::Purpose)),
            (GRANTED, json!({"purpose": "a", "evidence": [1]}), Err(BadConsent::Evidence)),
            (GRANTED, json!({"purpose": "a", "evidence": "x".repeat(1_001)}), Err(BadConsent::Evidence)),
            (GRANTED, json!({"purpose": "a", "expires_at": "soon"}), Err(BadConsent::Expiry)),
        ] {
            let read = read(&event(kind, properties.clone())).unwrap();
            let short = read.as_ref().map(|c| (c.purpose.as_str(), c.granted, c.source.as_str(), c.expires_at));
            assert_eq!(short.map_err(Clone::clone), expected, "{kind} {properties}");
        }
    }
}
