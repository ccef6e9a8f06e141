//! Whose links and looks are followed: where the brand switched it on, the host knows its own address, and the person allows
//! it. The kept message stays as it was decided; only what leaves has other links.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::JsonMap;
use guanxi_domain::consent;
use guanxi_domain::ids::{MessageId, PersonId};
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::message::Message;
use guanxi_domain::person::Person;
use guanxi_domain::settings::{self, TenantSettings};
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;

use crate::Engine;

/// What is learnt of messages that leave together.
pub(crate) struct Tracking {
    tenant: TenantId,
    what: settings::Tracking,
    allowed: HashSet<MessageId>,
}

impl Tracking {
    /// Looks at messages of one tenant that leave over one connector.
    pub(crate) async fn of(
        engine: &Engine,
        tenant: TenantId,
        spec: &ConnectorSpec,
        messages: &[&Message],
    ) -> Result<Self, AppError> {
        let settings = engine.app.settings(tenant).await?;
        let wanted = settings.tracking;
        let what = settings::Tracking { opens: wanted.opens && spec.opens, ..wanted };
        if what.is_off() || !engine.app.is_published() {
            return Ok(Self { tenant, what: settings::Tracking::default(), allowed: HashSet::new() });
        }
        let regulated = settings::Tracking::PURPOSES.iter().any(|purpose| settings.purposes.contains_key(*purpose));
        let allowed = match regulated {
            true => allowed(engine, tenant, &settings, messages).await?,
            false => messages.iter().map(|message| message.id).collect(),
        };
        Ok(Self { tenant, what, allowed })
    }

    /// What the connector is told that the message says.
    pub(crate) fn shown<'m>(&self, engine: &Engine, message: &'m Message) -> Cow<'m, JsonMap> {
        if !self.allowed.contains(&message.id) {
            return Cow::Borrowed(&message.content);
        }
        let settings::Tracking { links, opens } = self.what;
        Cow::Owned(engine.app.tracked(self.tenant, message.id, &message.content, links, opens))
    }
}

/// The messages whose people allow it.
async fn allowed(
    engine: &Engine,
    tenant: TenantId,
    settings: &TenantSettings,
    messages: &[&Message],
) -> Result<HashSet<MessageId>, AppError> {
    let now = engine.app.ambient().now();
    let wanted: HashSet<PersonId> = messages.iter().map(|message| message.person).collect();
    let mut read = engine.app.store().read(Rows::Tenant(tenant)).await?;
    let people = read.people(tenant, &wanted.into_iter().collect::<Vec<_>>()).await?;
    let roots: HashMap<PersonId, PersonId> = people.values().map(|person| (person.id, Person::root(person))).collect();
    let consents = read.consents(tenant, &roots.values().copied().collect::<Vec<_>>()).await?;
    let allows = |message: &&&Message| {
        let Some(root) = roots.get(&message.person) else { return false };
        let words = consents.get(root).map(Vec::as_slice).unwrap_or_default();
        consent::allows_tracking(settings, words, now)
    };
    Ok(messages.iter().filter(allows).map(|message| message.id).collect())
}
