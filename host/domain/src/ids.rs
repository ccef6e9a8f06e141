//! Typed identifiers: UUIDv7 inside, a prefix and 26 Crockford base-32 digits outside (`per_01h455vb4pex5vsknk084sn02q`),
//! after the TypeID specification.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LEN: usize = 26;

/// The text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an identifier of the form `{prefix}_` followed by 26 digits of 0-9 a-z without i, l, o, u")]
pub struct BadId {
    /// The wanted prefix.
    pub prefix: &'static str,
    /// What was given, cut to 64 characters.
    pub text: String,
}

fn encode(id: Uuid, out: &mut String) {
    let mut value = id.as_u128();
    let mut digits = [b'0'; SUFFIX_LEN];
    for slot in digits.iter_mut().rev() {
        *slot = DIGITS.get((value & 31) as usize).copied().unwrap_or(b'0');
        value >>= 5;
    }
    out.extend(digits.iter().map(|digit| char::from(*digit)));
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != SUFFIX_LEN || !matches!(text.as_bytes().first(), Some(b'0'..=b'7')) {
        return None;
    }
    let mut value = 0u128;
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        value = (value << 5) | digit as u128;
    }
    Some(Uuid::from_u128(value))
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What the outside form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that the host made.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The 16 bytes that the store keeps.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads the 16 bytes that the store keeps; `None` for another length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::with_capacity($prefix.len() + 1 + SUFFIX_LEN);
                text.push_str($prefix);
                text.push('_');
                encode(self.0, &mut text);
                f.write_str(&text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix($prefix)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode)
                    .map(Self)
                    .ok_or_else(|| BadId { prefix: $prefix, text: text.chars().take(64).collect() })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// One person of one tenant.
    PersonId, "per"
);
typed_id!(
    /// One event in a tenant's log.
    EventId, "evt"
);
typed_id!(
    /// One plugin switched on (or off) by one tenant.
    InstallationId, "ins"
);
typed_id!(
    /// One decision receipt.
    DecisionId, "dec"
);
typed_id!(
    /// A picture, recording or film that a tenant keeps.
    MediaId, "med"
);
typed_id!(
    /// One backtest.
    BacktestId, "btt"
);
typed_id!(
    /// One candidate of an installation.
    CandidateId, "cnd"
);
typed_id!(
    /// One message to one person.
    MessageId, "msg"
);
typed_id!(
    /// One call of a plugin that logged something; of a campaign the first decision that came of it.
    CallId, "cal"
);
typed_id!(
    /// One API token.
    TokenId, "tok"
);
typed_id!(
    /// One segment.
    SegmentId, "seg"
);
typed_id!(
    /// One import.
    ImportId, "imp"
);
typed_id!(
    /// One erasure of a person.
    ErasureId, "era"
);
typed_id!(
    /// One subscription of an address to notices.
    WebhookId, "whk"
);
typed_id!(
    /// One audience on an advertising channel.
    AudienceId, "aud"
);
typed_id!(
    /// One notice on its way to one address.
    DeliveryId, "dlv"
);

/// Makes identifiers: time-ordered, unique, from a clock and randomness that the caller hands in.
///
/// `now` is milliseconds since the epoch; `random` must be fresh for every identifier.
pub fn new_uuid(now: crate::Millis, random: [u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now).unwrap_or(0), &random).into_uuid()
}

/// An identifier that follows from `seed` alone, for things that must not be made twice when work is done again.
pub fn derived_uuid(now: crate::Millis, seed: &[&[u8]]) -> Uuid {
    use sha2::Digest;
    let mut hasher = sha2::Sha256::new();
    for part in seed {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut random = [0u8; 10];
    for (slot, byte) in random.iter_mut().zip(digest.iter()) {
        *slot = *byte;
    }
    new_uuid(now, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_form_round_trips_and_refuses_others() {
        let id = PersonId::from_uuid(Uuid::from_u128(0x0188_bac7_4afa_78aa_bc3b_bd1e_ef28_d881));
        assert_eq!(id.to_string(), "per_01h2xcejqtf2nbrexx3vqjhp41");
        assert_eq!("per_01h2xcejqtf2nbrexx3vqjhp41".parse(), Ok(id));
        for bad in [
            "",
            "per_",
            "evt_01h2xcejqtf2nbrexx3vqjhp41",
            "per_81h2xcejqtf2nbrexx3vqjhp41",
            "per_01h2xcejqtf2nbrexx3vqjhp4l",
        ] {
            assert!(bad.parse::<PersonId>().is_err(), "{bad}");
        }
    }
}
