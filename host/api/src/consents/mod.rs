//! What a person allows their data to be used for.

pub(crate) mod list;
pub(crate) mod note;

use guanxi_app::ConsentView;
use guanxi_domain::Millis;
use guanxi_domain::consent::{self, Ground};
use guanxi_domain::settings::Basis;
use serde::Serialize;
use utoipa::ToSchema;

/// How a person stands to one purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub struct ConsentBody {
    /// The purpose's name.
    #[schema(example = "marketing")]
    pub purpose: String,
    /// What people read; `null` if the settings do not name the purpose.
    pub title: Option<String>,
    /// `consent`, `legitimate-interest` or `contract`; `null` if the settings do not name the purpose.
    #[schema(value_type = Option<String>)]
    pub basis: Option<Basis>,
    /// Whether the person's data may be used for it now.
    pub allowed: bool,
    /// Why, or why not.
    pub reason: String,
    /// The person's latest word on it.
    pub word: Option<WordBody>,
}

/// A word of a person on a purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentWord)]
pub struct WordBody {
    /// Given, or taken back.
    pub granted: bool,
    /// What shows it.
    pub evidence: String,
    /// Through which channel, by whom.
    pub source: String,
    /// Milliseconds since the epoch.
    pub at: Millis,
    /// From when on it has to be given again, by what was said and by the purpose's days.
    pub ends_at: Option<Millis>,
}

impl From<ConsentView> for ConsentBody {
    fn from(view: ConsentView) -> Self {
        let ends_at = |word: &guanxi_domain::person::Consent| match &view.rule {
            Some(rule) => consent::ends_at(rule, word),
            None => word.expires_at,
        };
        let word = view.word.as_ref().map(|word| WordBody {
            granted: word.granted,
            evidence: word.evidence.clone(),
            source: word.source.clone(),
            at: word.at,
            ends_at: ends_at(word).filter(|_| word.granted),
        });
        let reason = match &view.allowed {
            Ok(Ground::Unregulated) => "the settings do not name this purpose".to_owned(),
            Ok(Ground::Consent(_)) => "the person consents".to_owned(),
            Ok(Ground::LegitimateInterest) => "legitimate interest; the person does not object".to_owned(),
            Ok(Ground::Contract) => "needed for what the person has asked for".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        Self {
            title: view.rule.as_ref().map(|rule| rule.title.clone()),
            basis: view.rule.as_ref().map(|rule| rule.basis),
            allowed: view.allowed.is_ok(),
            reason,
            word,
            purpose: view.purpose,
        }
    }
}
