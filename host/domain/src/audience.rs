//! Audiences: people of a segment on an advertising channel, which is told hashes of their identifiers and nothing else.

use sha2::{Digest, Sha256};

use crate::Millis;
use crate::consent::{self, Ground};
use crate::identity::Identity;
use crate::ids::{AudienceId, InstallationId, SegmentId};
use crate::manifest::{AudienceSpec, PhoneForm};
use crate::person::{Consent, Link};
use crate::settings::TenantSettings;

/// How often everybody is looked at again, whatever else has happened.
pub const WALK_EVERY: Millis = crate::DAY;

/// What a tenant wants on a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    /// Inside.
    pub id: AudienceId,
    /// Names it within the tenant; never changes.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whose members are meant.
    pub segment: SegmentId,
    /// The connector.
    pub installation: InstallationId,
    /// The audience's id on the channel's side.
    pub channel_audience: String,
    /// Kinds of identities that are told.
    pub kinds: Vec<String>,
    /// What people must have allowed.
    pub purpose: String,
    /// Whether it is deleted and everybody is on their way out.
    pub ending: bool,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Millis,
    /// When its definition last changed.
    pub updated_at: Millis,
}

/// One identifier as a channel is told it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hashed {
    /// The kind of the identity.
    pub kind: String,
    /// SHA-256 of its normal form.
    pub hash: [u8; 32],
}

impl Hashed {
    /// Of an identity, in the form that advertising channels agree on: email addresses lower-case and trimmed, phone numbers
    /// with country code as the channel wants them, devices lower-case, everything else as it is.
    pub fn of(identity: &Identity, phone: PhoneForm) -> Self {
        let value = identity.value().trim();
        let text = match (identity.kind(), phone) {
            ("phone", PhoneForm::Digits) => value.chars().filter(char::is_ascii_digit).collect(),
            ("email" | "device", _) => value.to_lowercase(),
            _ => value.to_owned(),
        };
        Self { kind: identity.kind().to_owned(), hash: Sha256::digest(text.as_bytes()).into() }
    }

    /// `kind:` and 64 hex digits.
    pub fn text(&self) -> String {
        let hex: String = self.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:{hex}", self.kind)
    }
}

/// Whether somebody may be told to a channel for `purpose`, and until when that holds. A purpose that the settings do not
/// name allows nobody: advertising is never taken for granted.
pub fn allowed(settings: &TenantSettings, consents: &[Consent], purpose: &str, now: Millis) -> Option<Option<Millis>> {
    match consent::allows(settings, consents, purpose, now) {
        Ok(Ground::Consent(until)) => Some(until),
        Ok(Ground::LegitimateInterest | Ground::Contract) => Some(None),
        Ok(Ground::Unregulated) | Err(_) => None,
    }
}

/// What a channel is told of somebody with these links: kinds that are wanted and that it takes, none that is known to be
/// wrong or is in dispute.
pub fn identifiers<'l>(
    links: impl IntoIterator<Item = &'l Link>,
    wanted: &[String],
    takes: &AudienceSpec,
) -> Vec<Hashed> {
    let fits = |kind: &str| {
        wanted.iter().any(|wanted| wanted == kind) && (takes.kinds.is_empty() || takes.kinds.iter().any(|k| k == kind))
    };
    let links = links.into_iter().filter(|link| link.delivers() && fits(link.identity.kind()));
    let mut hashed: Vec<Hashed> = links.map(|link| Hashed::of(&link.identity, takes.phone)).collect();
    hashed.sort();
    hashed.dedup();
    hashed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(identity: &str, phone: PhoneForm, expected: &str) {
        let (kind, value) = identity.split_once(':').unwrap();
        let identity = Identity::new(kind, value).unwrap();
        assert_eq!(Hashed::of(&identity, phone).text(), expected, "{identity}");
    }

    #[test]
    fn ad_1_identifiers_are_hashed_in_the_form_that_channels_agree_on() {
        // The hashes are computed with Python's hashlib.
        let (digits, e164) = (PhoneForm::Digits, PhoneForm::E164);
        let ada = "email:b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72";
        check("email: Ada@Example.COM ", digits, ada);
        let phone = "phone:+86 138 0013 8000";
        check(phone, digits, "phone:bf08aacce7f9b2452863cf99373043c3333f0e3127f1f787c4abb46ab6cf2b83");
        check(phone, e164, "phone:ec61f3c620a98bdead8c1f1f0ae747abd1b62a0c2dba4fd4bc22cf0d1d8653e5");
        let device = "device:aab766791ab90f208a8bcb342fd935b3012e81ca20b1f7cf707caf804bbd813c";
        check("device:AEBE52E7-03EE-455A-B3C4-E57283966239", digits, device);
        let openid = "wechat_openid:00625a1e339546d0131aa3717a854d04b3486356f9277bf4fe20c956a420537d";
        check("wechat_openid:oAbC", digits, openid);
    }

    #[test]
    fn ad_1_nobody_is_told_without_a_purpose_that_allows_it() {
        let document = json!({"purposes": {
            "advertising": {"title": "Advertising", "basis": "consent", "days": 10},
            "analytics": {"title": "Analytics", "basis": "legitimate-interest"},
        }});
        let settings = crate::settings::read(document.as_object().unwrap()).unwrap();
        let word = |granted| Consent {
            purpose: "advertising".to_owned(),
            granted,
            evidence: String::new(),
            source: "staff".to_owned(),
            at: 5,
            expires_at: None,
        };
        let until = 5 + 10 * crate::DAY;
        for (consents, purpose, now, expected) in [
            (vec![], "advertising", 6, None),
            (vec![word(true)], "advertising", 6, Some(Some(until))),
            (vec![word(true)], "advertising", until, None),
            (vec![word(false)], "advertising", 6, None),
            (vec![], "analytics", 6, Some(None)),
            (vec![word(true)], "unheard-of", 6, None),
        ] {
            assert_eq!(allowed(&settings, &consents, purpose, now), expected, "{purpose} {consents:?} {now}");
        }
    }
}
