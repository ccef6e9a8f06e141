//! People as scorers may see them, read as the pipeline reads them.

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::manifest::ScorerSpec;
use guanxi_domain::person::{Consent, Person, Score, Signal};
use guanxi_domain::profile::{STANDING_FIELDS, Subject};
use guanxi_domain::relations::Standing;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Work;

use crate::AppError;

/// One person who stands alone or for a group.
pub(crate) struct ProfileRow {
    pub(crate) person: Person,
    signals: Vec<Signal>,
    consents: Vec<Consent>,
    standing: Option<Standing>,
    /// The scores that are kept, of all installations.
    pub(crate) scores: Vec<Score>,
}

impl ProfileRow {
    /// As plugins may see the person.
    pub(crate) fn subject(&self) -> Subject<'_> {
        let Self { person, signals, consents, standing, .. } = self;
        Subject { person, signals, consents, standing: *standing }
    }

    /// The scores that an installation has given, by name.
    pub(crate) fn given(&self, installation: InstallationId) -> Vec<(&str, f64)> {
        let own = self.scores.iter().filter(|score| score.installation == installation);
        own.map(|score| (score.name.as_str(), score.value)).collect()
    }
}

/// Reads what these scorers may want to know of people, in the order of `people`.
pub(crate) async fn read_profiles(
    read: &mut Work,
    tenant: TenantId,
    people: Vec<Person>,
    settings: &TenantSettings,
    specs: &[&ScorerSpec],
) -> Result<Vec<ProfileRow>, AppError> {
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    let mut signals = read.signals(tenant, &ids).await?;
    let mut scores = read.scores(tenant, &ids).await?;
    // Without purposes nobody asks what people allow.
    let asked: &[PersonId] = if settings.purposes.is_empty() { &[] } else { ids.as_slice() };
    let mut consents = read.consents(tenant, asked).await?;
    let wanted = |spec: &&ScorerSpec| spec.inputs.iter().any(|input| STANDING_FIELDS.contains(&input.name.as_str()));
    let numbers: Vec<u32> = match specs.iter().any(wanted) {
        true => people.iter().map(|person| person.number).collect(),
        false => Vec::new(),
    };
    let mut standings = read.standings(tenant, &numbers).await?;
    let row = |person: Person| ProfileRow {
        signals: signals.remove(&person.id).unwrap_or_default(),
        consents: consents.remove(&person.id).unwrap_or_default(),
        standing: standings.remove(&person.number),
        scores: scores.remove(&person.id).unwrap_or_default(),
        person,
    };
    Ok(people.into_iter().map(row).collect())
}
