//! What a connector says of its channel beside messages: how it is asked, and what its audiences take.

use serde::{Deserialize, Serialize};

use super::{BadManifest, check_count, field};
use crate::identity::Identity;
use crate::limits::AUDIENCE_BATCH_MAX;

/// How a channel that must be asked is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollSpec {
    /// Seconds from one time to the next while there is nothing new.
    pub every_seconds: u32,
}

impl PollSpec {
    pub(super) fn check(&self) -> Result<(), BadManifest> {
        match self.every_seconds {
            5..=86_400 => Ok(()),
            _ => Err(field("connector.poll.every_seconds", "must be from 5 to 86400")),
        }
    }
}

impl Default for PollSpec {
    fn default() -> Self {
        Self { every_seconds: 60 }
    }
}

/// How a channel wants phone numbers before they are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhoneForm {
    /// Country code and number, digits alone: `8613800138000`.
    #[default]
    Digits,
    /// The same after a plus: `+8613800138000`.
    E164,
}

/// What a channel takes into its audiences.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceSpec {
    /// Kinds of identities; every kind if it names none.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// How phone numbers are written.
    #[serde(default)]
    pub phone: PhoneForm,
    /// The most identifiers of one change; as many as the host hands over if it says nothing.
    #[serde(default)]
    pub batch: Option<u32>,
}

impl AudienceSpec {
    pub(super) fn check(&self) -> Result<(), BadManifest> {
        check_count("connector.audience.kinds", self.kinds.len().max(1))?;
        if let Some(kind) = self.kinds.iter().find(|kind| !Identity::is_kind(kind)) {
            return Err(field("connector.audience.kinds", format!("`{kind}` is no kind of identity")));
        }
        match self.batch {
            Some(batch) if !(1..=AUDIENCE_BATCH_MAX).contains(&batch) => {
                Err(field("connector.audience.batch", format!("must be from 1 to {AUDIENCE_BATCH_MAX}")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::Manifest;

    #[track_caller]
    fn check(facets: &str, problem: Option<&str>) {
        let text = format!(
            "contract = \"0.1.0\"\nname = \"shop\"\nversion = \"1.0.0\"\ntitle = {{ en = \"a\", zh = \"a\" }}\n\
             summary = {{ en = \"a\", zh = \"a\" }}\n[connector]\nchannel = \"shop\"\naddresses = []\n{facets}"
        );
        let found = Manifest::parse(&text).err().map(|bad| bad.to_string());
        match problem {
            Some(part) => assert!(found.as_deref().is_some_and(|found| found.contains(part)), "{facets}: {found:?}"),
            None => assert_eq!(found, None, "{facets}"),
        }
    }

    #[test]
    fn co_6_facets_of_a_connector_are_bounded() {
        check("", None);
        check("[connector.poll]\nevery_seconds = 5", None);
        check("[connector.poll]\nevery_seconds = 4", Some("connector.poll.every_seconds"));
        check("[connector.poll]\nevery_seconds = 86401", Some("connector.poll.every_seconds"));
        check("[connector.audience]\nkinds = [\"email\"]\nphone = \"e164\"\nbatch = 10000", None);
        check("[connector.audience]", None);
        check("[connector.audience]\nbatch = 10001", Some("connector.audience.batch"));
        check("[connector.audience]\nkinds = [\"E mail\"]", Some("connector.audience.kinds"));
        check("[connector.audience]\nphone = \"local\"", Some("local"));
    }
}
