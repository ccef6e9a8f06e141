//! Whether messages may leave: looked at right before, since consent may have been withdrawn, identities found wrong and
//! other messages sent while they waited, and since the night may have come.

use std::collections::{HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::channel_rules::{ChannelRules, Window};
use guanxi_domain::consent;
use guanxi_domain::ids::{MessageId, PersonId};
use guanxi_domain::message::Message;
use guanxi_domain::person::{Consent, Link, Person};
use guanxi_domain::quiet_hours::{self, QuietHours};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use serde_json::Value;

use super::contacts::{self, Counted};
use super::under_way::Entered;
use crate::Engine;
use crate::fleet::Unit;

/// How long an answer counts. Messages that are claimed together are looked at together; those that wait for slower ones
/// are looked at again.
const FRESH: Millis = 1_000;

/// Why a message does not leave now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It must not leave at all.
    Refused(String),
    /// Not before then; nothing is counted as tried.
    Waits {
        /// When to look again.
        until: Millis,
        /// In words.
        why: String,
    },
}

/// What was found of messages that were looked at together.
pub(crate) struct Standing {
    at: Millis,
    /// Of those that do not leave.
    verdicts: HashMap<MessageId, Verdict>,
}

/// What a channel lets through.
pub(super) struct Gate<'a> {
    rules: Option<&'a ChannelRules>,
    config: &'a Value,
}

impl<'a> Gate<'a> {
    /// As its connector's manifest says for this time.
    pub(super) fn of(unit: &'a Unit, now: Millis) -> Self {
        let spec = unit.manifest().connector.as_ref();
        Self { rules: spec.and_then(|spec| spec.rules.at(now)), config: &unit.installation.config }
    }

    /// The window in which a message has to leave, if it has to.
    pub(super) fn window_for(&self, message: &Message) -> Option<&'a Window> {
        let rules = self.rules?;
        let needs = rules.needs_window(message.class, &message.content, self.config);
        rules.window.as_ref().filter(|_| needs)
    }

    fn refusal(&self, message: &Message) -> Option<Verdict> {
        let carries = self.rules?.carries(message.class, &message.content, self.config);
        carries.err().map(|why| Verdict::Refused(why.to_string()))
    }
}

impl Standing {
    /// Looks at messages of one tenant that are about to leave through one connector. They are under way, and count for
    /// others to the same people, until what comes back beside is dropped.
    pub(super) async fn of(
        engine: &Engine,
        tenant: TenantId,
        unit: &Unit,
        messages: &[&Message],
    ) -> Result<(Self, Option<Entered>), AppError> {
        let at = engine.app.ambient().now();
        let settings = engine.app.settings(tenant).await?;
        let known = Known::read(engine, tenant, &settings, messages).await?;
        let gate = Gate::of(unit, at);
        let (mut verdicts, mut counted) = (HashMap::new(), Vec::new());
        for message in messages {
            match known.verdict(message, at).or_else(|| gate.refusal(message)) {
                Some(verdict) => drop(verdicts.insert(message.id, verdict)),
                None => counted.extend(Counted::of(message, || known.whole(message), &settings, &gate)),
            }
        }
        let (more, entered) = contacts::look(engine, tenant, &counted, at).await?;
        verdicts.extend(more);
        Ok((Self { at, verdicts }, entered))
    }

    /// Why a message that was looked at does not leave now; nothing if it may.
    pub(super) async fn verdict(
        &self,
        engine: &Engine,
        tenant: TenantId,
        message: &Message,
        now: Millis,
    ) -> Result<Option<Verdict>, AppError> {
        let found = self.verdicts.get(&message.id).cloned();
        if now - self.at <= FRESH {
            return Ok(found);
        }
        let settings = engine.app.settings(tenant).await?;
        let known = Known::read(engine, tenant, &settings, &[message]).await?;
        // What did not stand the first look was not looked at further, so it may not leave on this one.
        Ok(known.verdict(message, now).or(found))
    }
}

/// What counts for the people of some messages.
struct Known<'a> {
    settings: &'a TenantSettings,
    people: HashMap<PersonId, Person>,
    /// Who stands for people of whom it matters where they live, where that is somebody else.
    roots: HashMap<PersonId, Person>,
    /// Everybody inside a group.
    members: HashMap<PersonId, Vec<PersonId>>,
    links: HashMap<PersonId, Vec<Link>>,
    /// By who stands for a person.
    consents: HashMap<PersonId, Vec<Consent>>,
}

impl<'a> Known<'a> {
    async fn read(
        engine: &Engine,
        tenant: TenantId,
        settings: &'a TenantSettings,
        messages: &[&Message],
    ) -> Result<Self, AppError> {
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
        // Only where somebody may sleep.
        let quiet = |message: &&&Message| quiet_for(settings, message).is_some();
        let groups: HashSet<PersonId> = messages
            .iter()
            .filter(quiet)
            .filter_map(|message| Some(people.get(&message.person)?.root()))
            .filter(|root| !people.contains_key(root))
            .collect();
        let roots = match groups.is_empty() {
            true => HashMap::new(),
            false => read.people(tenant, &groups.into_iter().collect::<Vec<_>>()).await?,
        };
        Ok(Self { settings, people, roots, members, links, consents })
    }

    fn verdict(&self, message: &Message, now: Millis) -> Option<Verdict> {
        self.refusal(message, now).map(Verdict::Refused).or_else(|| self.quiet(message, now))
    }

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

    /// Until when it is night where the person is.
    fn quiet(&self, message: &Message, now: Millis) -> Option<Verdict> {
        let hours = quiet_for(self.settings, message)?;
        let person = self.people.get(&message.person)?;
        let whole = self.people.get(&person.root()).or_else(|| self.roots.get(&person.root())).unwrap_or(person);
        let clock = quiet_hours::clock_of(&whole.attributes, self.settings);
        let until = hours.end(&clock, now)?;
        Some(Verdict::Waits { until, why: format!("quiet hours until {} in {}", hours.to, clock.name()) })
    }

    /// Who stands for the person of a message, and everybody who is that person.
    fn whole(&self, message: &Message) -> (PersonId, Vec<PersonId>) {
        let root = self.people.get(&message.person).map_or(message.person, Person::root);
        let members = self.members.get(&root).into_iter().flatten();
        let parts: HashSet<PersonId> = members.chain([&root, &message.person]).copied().collect();
        (root, parts.into_iter().collect())
    }
}

/// The quiet hours that messages like this keep, if there are any.
fn quiet_for<'a>(settings: &'a TenantSettings, message: &Message) -> Option<&'a QuietHours> {
    settings.quiet_hours.as_ref().filter(|hours| hours.classes.contains(&message.class))
}
