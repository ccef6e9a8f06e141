//! The manifest (`plugin.toml`) of a plugin: what it is, what it wants, how it is configured.
//! It travels inside the component and is read before anything is compiled.

mod facets;

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::campaign::OPERATION_NAMES;
use crate::channel_rules::Rulebook;
use crate::contract::{self, BadContract};
use crate::grants::{CLASSES, Limits, is_class};

pub use facets::{AudienceSpec, PhoneForm, PollSpec};

/// The most bytes of a manifest.
pub const BYTES_MAX: usize = 64 * 1024;
/// The most entries of any list in it.
pub const ENTRIES_MAX: usize = 64;
/// The most bytes of a version.
const VERSION_BYTES_MAX: usize = 64;
/// What a name looks like.
pub const NAME_RULE: &str = "use 2 to 64 characters of a-z, 0-9 and -, starting with a letter";

/// What a component can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Profiles to scores.
    Scorer,
    /// Texts to tags.
    Analyzer,
    /// Moments to decisions.
    Campaign,
    /// Messages to a channel.
    Connector,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Scorer, Self::Analyzer, Self::Campaign, Self::Connector];

    /// The interface that a component of this kind exports, without package and version.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scorer => "scorer",
            Self::Analyzer => "analyzer",
            Self::Campaign => "campaign",
            Self::Connector => "connector",
        }
    }
}

/// A text in the console's languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// The type of a scorer's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// A measure.
    Number,
    /// A count, or money in minor units, or a time.
    Integer,
    /// A text.
    Text,
}

/// One column that a scorer wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A built-in fact (`revenue`, `order-count`, `event-count`, `first-seen`, `last-seen`, `last-order-at`) or an attribute.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Why it is wanted.
    pub purpose: String,
    /// The value where unknown.
    #[serde(default)]
    pub default: Option<serde_json::Value>,
}

/// One score that a scorer makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreSpec {
    /// Unique in the tenant, lower case with dashes.
    pub name: String,
    /// For people.
    pub title: Bilingual,
    /// How it is made, in words or as a formula.
    pub formula: Bilingual,
    /// The terms that explain it.
    #[serde(default)]
    pub terms: Vec<TermSpec>,
}

/// One term of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermSpec {
    /// Lower case with dashes.
    pub name: String,
    /// For people.
    pub title: Bilingual,
}

/// The part of a scorer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScorerSpec {
    /// People are scored again after these events; `*` for every event.
    pub events: Vec<String>,
    /// The columns, in order.
    pub inputs: Vec<Input>,
    /// What it makes.
    pub scores: Vec<ScoreSpec>,
}

/// The part of an analyzer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalyzerSpec {
    /// Reads these events; `*` for every event.
    pub events: Vec<String>,
    /// Names of properties that hold text.
    pub texts: Vec<String>,
}

/// A field of the profile that a campaign wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldWish {
    /// A built-in fact or an attribute, as for a scorer's inputs.
    pub name: String,
    /// Why it is wanted.
    pub purpose: String,
}

/// The earlier events that a campaign wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryWish {
    /// Their kinds; `*` for every event.
    pub events: Vec<String>,
    /// At most so many, newest first; 1 to 64.
    pub limit: u32,
}

/// The part of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignSpec {
    /// Decides about these events; `*` for every event. Its own timers need no mention.
    pub events: Vec<String>,
    /// The fields of the profile it wants.
    #[serde(default)]
    pub fields: Vec<FieldWish>,
    /// Classes of what else is known of people that it wants; all of them, for no purpose, if it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<FieldWish>>,
    /// The earlier events it wants.
    #[serde(default)]
    pub history: Option<HistoryWish>,
    /// The operations it uses, by their names in the contract.
    pub operations: Vec<String>,
    /// How often it needs them at most, by their names; one that is not there as often as it may be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Limits>,
}

/// How the text of a secret becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretFormat {
    /// Its UTF-8 bytes.
    Text,
    /// Base 64, padded or not, in the alphabet of URLs or the usual one.
    Base64,
    /// `whsec_` and base 64, padded or not, as Standard Webhooks writes keys.
    StandardWebhooks,
    /// 43 characters that stand for 32 bytes, as WeChat and its kin write keys: `EncodingAESKey`.
    EncodingAesKey,
    /// A private key in PEM, not encrypted: PKCS #8, or PKCS #1 for RSA, or SEC 1 for elliptic curves.
    Pem,
    /// A text that an Ed25519 key is made of, as QQ bots do: its UTF-8 bytes, repeated and cut to 32, are the seed. What
    /// comes out is that key in PEM.
    Ed25519FromText,
}

/// A secret that a connector wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretWish {
    /// Names it.
    pub name: String,
    /// How its text becomes bytes.
    pub format: SecretFormat,
    /// For people.
    pub title: Bilingual,
}

/// The part of a connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorSpec {
    /// The channel it serves.
    pub channel: String,
    /// Kinds of identity it can deliver to, best first; `*` takes the strongest one a person has. None for one that takes no
    /// messages.
    pub addresses: Vec<String>,
    /// Hosts it sends requests to: a name, `*.name`, or `config:/pointer` for the host of a URL in the configuration.
    #[serde(default)]
    pub egress: Vec<String>,
    /// Secrets it wants.
    #[serde(default)]
    pub secrets: Vec<SecretWish>,
    /// Whether the channel recognises a repeated message id, so that a try with unknown result may be repeated.
    #[serde(default)]
    pub idempotent: bool,
    /// What the channel lets through, by the day from which on it holds.
    #[serde(default, skip_serializing_if = "Rulebook::is_empty")]
    pub rules: Rulebook,
    /// How it is asked for what is new, if its channel must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<PollSpec>,
    /// What its audiences take, if its channel has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<AudienceSpec>,
    /// Whether it shows HTML and puts the image at `pixel` of a content into it, by which the host learns that a message
    /// was looked at.
    #[serde(default)]
    pub opens: bool,
}

/// A whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the contract it was built for.
    pub contract: String,
    /// Lower case with dashes, 2 to 64 characters.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// For people.
    pub title: Bilingual,
    /// What it does, for people.
    pub summary: Bilingual,
    /// SPDX licence, if said.
    #[serde(default)]
    pub licence: Option<String>,
    /// Present if it is a scorer.
    #[serde(default)]
    pub scorer: Option<ScorerSpec>,
    /// Present if it is an analyzer.
    #[serde(default)]
    pub analyzer: Option<AnalyzerSpec>,
    /// Present if it is a campaign.
    #[serde(default)]
    pub campaign: Option<CampaignSpec>,
    /// Present if it is a connector.
    #[serde(default)]
    pub connector: Option<ConnectorSpec>,
    /// The JSON Schema (2020-12) of the configuration, written as TOML; anything goes if absent.
    #[serde(default)]
    pub config: Option<serde_json::Value>,
}

/// What is read of a manifest before everything else.
#[derive(Deserialize)]
struct BuiltFor {
    contract: String,
}

/// The manifest cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadManifest {
    /// More than `BYTES_MAX`.
    #[error("the manifest is larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// Not TOML, or not these fields.
    #[error("plugin.toml: {0}")]
    Syntax(String),
    /// A value that makes no sense.
    #[error("plugin.toml: `{field}`: {problem}")]
    Field {
        /// Where.
        field: String,
        /// What and what to do.
        problem: String,
    },
}

impl Manifest {
    /// Reads and checks `plugin.toml`. Its contract is one that this host knows; [`contract::check`] says whether it runs it.
    pub fn parse(text: &str) -> Result<Self, BadManifest> {
        if text.len() > BYTES_MAX {
            return Err(BadManifest::TooLarge);
        }
        // Another contract may have other fields, so it is told first.
        match toml::from_str::<BuiltFor>(text) {
            Ok(built) if !contract::is_known(&built.contract) => {
                Err(field("contract", BadContract::Unknown(built.contract).to_string()))
            }
            _ => Self::stored(text),
        }
    }

    /// As [`Self::parse`], of what was let in before: a draft that this host no longer knows is still told of.
    pub fn stored(text: &str) -> Result<Self, BadManifest> {
        if text.len() > BYTES_MAX {
            return Err(BadManifest::TooLarge);
        }
        let manifest: Self = toml::from_str(text).map_err(|e| BadManifest::Syntax(e.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The kinds it declares, in the order of `Kind::ALL`.
    pub fn kinds(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.declares(*kind)).collect()
    }

    /// Whether it declares `kind`.
    pub fn declares(&self, kind: Kind) -> bool {
        match kind {
            Kind::Scorer => self.scorer.is_some(),
            Kind::Analyzer => self.analyzer.is_some(),
            Kind::Campaign => self.campaign.is_some(),
            Kind::Connector => self.connector.is_some(),
        }
    }

    fn check(&self) -> Result<(), BadManifest> {
        check_name("name", &self.name)?;
        if self.version.len() > VERSION_BYTES_MAX || Version::parse(&self.version).is_err() {
            return Err(field("version", "write a semantic version such as 1.2.3, of at most 64 characters"));
        }
        if self.kinds().is_empty() {
            return Err(field("scorer, analyzer, campaign, connector", "declare at least one of these tables"));
        }
        if let Some(scorer) = &self.scorer {
            scorer.check()?;
        }
        if let Some(analyzer) = &self.analyzer {
            check_list("analyzer.events", &analyzer.events)?;
            check_list("analyzer.texts", &analyzer.texts)?;
        }
        if let Some(campaign) = &self.campaign {
            campaign.check()?;
        }
        if let Some(connector) = &self.connector {
            connector.check()?;
        }
        Ok(())
    }
}

impl ScorerSpec {
    fn check(&self) -> Result<(), BadManifest> {
        check_list("scorer.events", &self.events)?;
        check_count("scorer.inputs", self.inputs.len())?;
        check_count("scorer.scores", self.scores.len())?;
        let mut seen = BTreeSet::new();
        for score in &self.scores {
            check_name("scorer.scores.name", &score.name)?;
            if !seen.insert(&score.name) {
                return Err(field("scorer.scores.name", format!("`{}` stands twice", score.name)));
            }
            for term in &score.terms {
                check_name("scorer.scores.terms.name", &term.name)?;
            }
        }
        for input in &self.inputs {
            let fits = match (&input.default, input.kind) {
                (None, _) => true,
                (Some(value), InputType::Number) => value.is_number(),
                (Some(value), InputType::Integer) => value.is_i64(),
                (Some(value), InputType::Text) => value.is_string(),
            };
            if !fits {
                return Err(field(&format!("scorer.inputs.{}.default", input.name), "is not of the input's type"));
            }
        }
        Ok(())
    }
}

impl CampaignSpec {
    /// The classes that it wants, whether it says so or not.
    pub fn class_wishes(&self) -> Vec<FieldWish> {
        let unsaid = || CLASSES.map(|name| FieldWish { name: name.to_owned(), purpose: String::new() }).to_vec();
        self.classes.clone().unwrap_or_else(unsaid)
    }

    fn check(&self) -> Result<(), BadManifest> {
        check_list("campaign.events", &self.events)?;
        check_count("campaign.fields", self.fields.len().max(1))?;
        for operation in &self.operations {
            if !OPERATION_NAMES.contains(&operation.as_str()) {
                let known = OPERATION_NAMES.join(", ");
                return Err(field("campaign.operations", format!("`{operation}` is none of {known}")));
            }
        }
        let classes = self.classes.as_deref().unwrap_or_default();
        check_count("campaign.classes", classes.len().max(1))?;
        if let Some(FieldWish { name, .. }) = classes.iter().find(|class| !is_class(&class.name)) {
            let known = CLASSES.join(", ");
            let problem = format!("`{name}` is none of {known}, and no part of tags or scores such as tags:interest");
            return Err(field("campaign.classes", problem));
        }
        for (operation, limits) in &self.limits {
            let at = format!("campaign.limits.{operation}");
            if !self.operations.contains(operation) {
                return Err(field(&at, "is not among campaign.operations; ask for it, or leave its limit out"));
            }
            if let Some(problem) = limits.problem() {
                return Err(field(&at, problem));
            }
        }
        match &self.history {
            Some(history) if !(1..=64).contains(&history.limit) => {
                Err(field("campaign.history.limit", "must be from 1 to 64"))
            }
            _ => Ok(()),
        }
    }
}

impl ConnectorSpec {
    fn check(&self) -> Result<(), BadManifest> {
        check_name("connector.channel", &self.channel)?;
        if !self.addresses.is_empty() {
            check_list("connector.addresses", &self.addresses)?;
        }
        check_count("connector.egress", self.egress.len().max(1))?;
        let mut seen = BTreeMap::new();
        for secret in &self.secrets {
            check_name("connector.secrets.name", &secret.name)?;
            if seen.insert(&secret.name, ()).is_some() {
                return Err(field("connector.secrets.name", format!("`{}` stands twice", secret.name)));
            }
        }
        self.poll.as_ref().map_or(Ok(()), PollSpec::check)?;
        self.audience.as_ref().map_or(Ok(()), AudienceSpec::check)?;
        check_count("connector.secrets", self.secrets.len().max(1))?;
        self.rules.check().map_err(|bad| field(&format!("connector.rules.{}", bad.at), bad.problem))
    }
}

fn field(name: &str, problem: impl Into<String>) -> BadManifest {
    BadManifest::Field { field: name.to_owned(), problem: problem.into() }
}

fn check_name(at: &str, name: &str) -> Result<(), BadManifest> {
    if is_name(name) { Ok(()) } else { Err(field(at, NAME_RULE)) }
}

/// Whether `name` may name a plugin, and what else a manifest names; [`NAME_RULE`] says it in words.
pub fn is_name(name: &str) -> bool {
    (2..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn check_count(at: &str, count: usize) -> Result<(), BadManifest> {
    if (1..=ENTRIES_MAX).contains(&count) { Ok(()) } else { Err(field(at, format!("has 1 to {ENTRIES_MAX} entries"))) }
}

fn check_list(at: &str, list: &[String]) -> Result<(), BadManifest> {
    check_count(at, list.len())?;
    match list.iter().find(|entry| entry.is_empty() || entry.len() > 128) {
        Some(_) => Err(field(at, "each entry has 1 to 128 bytes")),
        None => Ok(()),
    }
}

/// Whether an event of `kind` is among the `wanted` kinds, of which `*` is every kind.
pub fn wants(wanted: &[String], kind: &str) -> bool {
    wanted.iter().any(|w| w == "*" || w == kind)
}
