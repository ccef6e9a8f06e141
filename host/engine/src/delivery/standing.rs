//! Whether messages may still go where they were addressed: looked at again right before they leave, since consent may
//! have been withdrawn and identities found wrong while they waited.

use std::collections::{HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::consent;
use guanxi_domain::ids::{MessageId, PersonId};
use guanxi_domain::message::Message;
use guanxi_domain::person::{Consent, Link, Person};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;

use crate::Engine;

/// How long an answer counts. Messages that are claimed together are looked at together; those that wait for slower ones
/// are looked at again.
const FRESH: Millis = 1_000;

/// What was found of messages that were looked at together.
pub(crate) struct Standing {
    at: Millis,
    refusals: HashMap<MessageId, String>,
}

impl Standing {
    /// Looks at messages of one tenant.
    pub(crate) async fn of(engine: &Engine, tenant: TenantId, messages: &[&Message]) -> Result<Self, AppError> {
        let at = engine.app.ambient().now();
        let settings = engine.app.settings(tenant).await?;
        let wanted: HashSet<PersonId> = messages.iter().map(|message| message.person).collect();
        let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
        let people = read.people(tenant, &wanted.into_iter().collect::<Vec<_>>()).await?;
        let roots: HashSet<PersonId> = people.values().map(Person::root).collect();
        let roots: Vec<PersonId> = roots.into_iter().collect();
        let members = read.members(tenant, &roots).await?;
        let everybody: HashSet<PersonId> =
            members.values().flatten().chain(&roots).chain(people.keys()).copied().collect();
        let links = read.links(tenant, &everybody.into_iter().collect::<Vec<_>>()).await?;
        let consents = match settings.purposes.is_empty() {
            true => HashMap::new(),
            false => read.consents(tenant, &roots).await?,
        };
        drop(read);
        let known = Known { settings: &settings, people, members, links, consents };
        let refused = messages.iter().filter_map(|message| Some((message.id, known.refusal(message, at)?)));
        Ok(Self { at, refusals: refused.collect() })
    }

    /// Why a message that was looked at must not leave; nothing if it may.
    pub(crate) async fn refusal(
        &self,
        engine: &Engine,
        tenant: TenantId,
        message: &Message,
        now: Millis,
    ) -> Result<Option<String>, AppError> {
        if now - self.at <= FRESH {
            return Ok(self.refusals.get(&message.id).cloned());
        }
        Ok(Self::of(engine, tenant, &[message]).await?.refusals.remove(&message.id))
    }
}

/// What counts for the people of some messages.
struct Known<'a> {
    settings: &'a TenantSettings,
    people: HashMap<PersonId, Person>,
    /// Everybody inside a group.
    members: HashMap<PersonId, Vec<PersonId>>,
    links: HashMap<PersonId, Vec<Link>>,
    /// By who stands for a person.
    consents: HashMap<PersonId, Vec<Consent>>,
}

impl Known<'_> {
    fn refusal(&self, message: &Message, now: Millis) -> Option<String> {
        let Some(person) = self.people.get(&message.person) else { return Some("the person was erased".to_owned()) };
        let root = person.root();
        let parts = self.members.get(&root).into_iter().flatten().chain([&person.id]);
        let mut links = parts.filter_map(|part| self.links.get(part)).flatten();
        match links.find(|link| link.identity.to_string() == message.address) {
            None => return Some(format!("`{}` is not theirs any more", message.address)),
            Some(link) if !link.delivers() => {
                return Some(format!("the link to `{}` is {}", message.address, link.state.as_str()));
            }
            Some(_) => {}
        }
        let consents = self.consents.get(&root).map(Vec::as_slice).unwrap_or_default();
        let allowed = consent::allows_message(self.settings, consents, &message.purpose, message.class, now);
        allowed.err().map(|refusal| refusal.to_string())
    }
}
