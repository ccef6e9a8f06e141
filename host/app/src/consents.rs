//! What people allow: looked at, and noted by staff. A word goes through the log like everything about a person.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::consent::{self, CONSENT, EVIDENCE_MAX, Ground, Refusal};
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Consent;
use guanxi_domain::settings::{Basis, Purpose};
use guanxi_domain::tenant::Tenant;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::Scope as Rows;

use crate::insight::whole;
use crate::{App, AppError};

/// How a person stands to one purpose.
#[derive(Debug, Clone)]
pub struct ConsentView {
    /// The purpose's name.
    pub purpose: String,
    /// What the settings say of it; nothing if the person said something on a purpose that they do not name.
    pub rule: Option<Purpose>,
    /// The latest word on it by anybody who was joined in the person.
    pub word: Option<Consent>,
    /// Whether the person's data may be used for it now.
    pub allowed: Result<Ground, Refusal>,
}

/// A word of a person, as staff note it.
#[derive(Debug, Clone, Default)]
pub struct ConsentInput {
    /// A purpose that the settings name.
    pub purpose: String,
    /// Given, or taken back.
    pub granted: bool,
    /// What shows it.
    pub evidence: String,
    /// From when on it has to be given again.
    pub expires_at: Option<Millis>,
}

impl App {
    /// How a person stands to every purpose that the settings name, and to others on which they said something.
    pub async fn consents(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<Vec<ConsentView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let (person, _) = whole(&mut read, tenant.id, id).await?;
        let words = read.consents(tenant.id, &[person.id]).await?.remove(&person.id).unwrap_or_default();
        Ok(views(&tenant, &words, self.ambient().now()))
    }

    /// Notes what a person said on a purpose; returns once it counts. Needs `manage`.
    pub async fn note_consent(
        &self,
        caller: &Caller,
        slug: &str,
        id: PersonId,
        input: ConsentInput,
    ) -> Result<Vec<ConsentView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        read.person(tenant.id, id).await?.ok_or(AppError::NotFound("person"))?;
        drop(read);
        let evidence = input.evidence.trim();
        if !consent::is_evidence(evidence) {
            return Err(AppError::invalid("evidence", format!("has at most {EVIDENCE_MAX} characters")));
        }
        let now = self.ambient().now();
        match tenant.settings.purposes.get(&input.purpose) {
            None => return Err(AppError::invalid("purpose", "is none of the purposes in the settings")),
            Some(rule) if rule.basis == Basis::Contract => {
                return Err(AppError::invalid("purpose", "is based on a contract: nothing can be given or withdrawn"));
            }
            Some(_) => {}
        }
        if input.granted && input.expires_at.is_some_and(|end| end <= now) {
            return Err(AppError::invalid("expires_at", "lies in the past"));
        }
        let said = properties(caller, &input, evidence);
        let requested = self.request(tenant.id, CONSENT, Some(id), JsonMap::new(), &said).await?;
        self.decided_at(tenant.id, requested.position).await?;
        self.consents(caller, slug, id).await
    }
}

/// The properties of the event that notes a word.
fn properties(caller: &Caller, input: &ConsentInput, evidence: &str) -> JsonMap {
    let mut properties = JsonMap::new();
    properties.insert("purpose".to_owned(), input.purpose.clone().into());
    properties.insert("granted".to_owned(), input.granted.into());
    properties.insert("source".to_owned(), "staff".into());
    properties.insert("actor".to_owned(), caller.token.to_string().into());
    if !evidence.is_empty() {
        properties.insert("evidence".to_owned(), evidence.into());
    }
    if let Some(end) = input.expires_at.filter(|_| input.granted) {
        properties.insert("expires_at".to_owned(), end.into());
    }
    properties
}

fn views(tenant: &Tenant, words: &[Consent], now: Millis) -> Vec<ConsentView> {
    let settings = &tenant.settings;
    let mut purposes: Vec<&str> = settings.purposes.keys().map(String::as_str).collect();
    for word in words.iter().map(|word| word.purpose.as_str()) {
        if !purposes.contains(&word) {
            purposes.push(word);
        }
    }
    let view = |purpose: &str| ConsentView {
        purpose: purpose.to_owned(),
        rule: settings.purposes.get(purpose).cloned(),
        word: consent::latest(words.iter().filter(|word| word.purpose == purpose)).cloned(),
        allowed: consent::allows(settings, words, purpose, now),
    };
    purposes.into_iter().map(view).collect()
}
