//! What people may look at: persons, timelines, decisions, messages.

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::Event;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{DecisionId, MessageId, PersonId};
use guanxi_domain::limits::{PAGE_DEFAULT, PAGE_MAX};
use guanxi_domain::message::{Attempt, Message, MessageStatus};
use guanxi_domain::person::{Person, Score, Tag};
use guanxi_store::{
    DecisionQuery, DecisionRow, IdentityConflict, MessageQuery, OrderRow, PeopleCursor, PeopleOrder, PeopleQuery,
    Scope as Rows, TagRow, Work,
};

use crate::{App, AppError};

/// The most decisions and messages that are looked through for one part of a timeline.
const FOLLOWED_MAX: u32 = 2_000;

/// A person in a list.
#[derive(Debug, Clone)]
pub struct PersonSummary {
    /// The person.
    pub person: Person,
    /// Strongest first.
    pub identities: Vec<Identity>,
    /// Current scores.
    pub scores: Vec<Score>,
    /// Current tags.
    pub tags: Vec<Tag>,
}

/// A person with everything but the timeline.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The person.
    pub person: Person,
    /// Strongest first.
    pub identities: Vec<Identity>,
    /// Identities that events named for this person although they belong to another, and the other way round.
    pub conflicts: Vec<IdentityConflict>,
    /// Current scores with their terms.
    pub scores: Vec<Score>,
    /// Current tags with their sources.
    pub tags: Vec<TagRow>,
    /// The latest orders.
    pub orders: Vec<OrderRow>,
}

/// A part of a person's timeline, newest first.
#[derive(Debug, Clone)]
pub struct TimelinePage {
    /// The events.
    pub events: Vec<Event>,
    /// Decisions about these events, newest first.
    pub decisions: Vec<DecisionView>,
    /// Messages that followed from these decisions, newest first.
    pub messages: Vec<Message>,
    /// Where the next part begins.
    pub next: Option<(Millis, i64)>,
}

/// A decision receipt with the names of what it speaks of.
#[derive(Debug, Clone)]
pub struct DecisionView {
    /// The receipt.
    pub row: DecisionRow,
    /// The installation's name.
    pub installation: String,
    /// The plugin's name and version.
    pub plugin: (String, String),
}

/// A message with its tries.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// The message.
    pub message: Message,
    /// Every try.
    pub attempts: Vec<Attempt>,
}

/// A limit from outside, within bounds.
pub(crate) fn page(limit: Option<u32>) -> u32 {
    limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
}

impl App {
    /// People of a tenant: newest first, or by a score, or those that `search` finds.
    pub async fn people(
        &self,
        caller: &Caller,
        slug: &str,
        search: Option<String>,
        by_score: Option<String>,
        after: Option<PeopleCursor>,
        limit: Option<u32>,
    ) -> Result<Vec<PersonSummary>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let search = search.map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
        if search.as_ref().is_some_and(|s| s.len() > 512) {
            return Err(AppError::invalid("search", "has at most 512 bytes"));
        }
        let order = by_score.map_or(PeopleOrder::Newest, PeopleOrder::Score);
        let query = PeopleQuery { search, order, after, limit: page(limit) };
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let people = work.list_people(tenant.id, &query).await?;
        let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
        let mut identities = work.identities(tenant.id, &ids).await?;
        let mut scores = work.scores(tenant.id, &ids).await?;
        let mut tags = work.tags(tenant.id, &ids).await?;
        let summaries = people.into_iter().map(|person| PersonSummary {
            identities: identities.remove(&person.id).unwrap_or_default(),
            scores: scores.remove(&person.id).unwrap_or_default(),
            tags: tags.remove(&person.id).unwrap_or_default(),
            person,
        });
        Ok(summaries.collect())
    }

    /// How many people a tenant has, exact up to `cap`.
    pub async fn count_people(&self, caller: &Caller, slug: &str, cap: i64) -> Result<i64, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.count_people(tenant.id, cap).await?)
    }

    /// The person who has an identity.
    pub async fn person_by_identity(
        &self,
        caller: &Caller,
        slug: &str,
        identity: &Identity,
    ) -> Result<Option<PersonView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let owners = work.owners(tenant.id, std::slice::from_ref(identity)).await?;
        drop(work);
        match owners.get(identity) {
            Some(person) => self.person(caller, slug, *person).await.map(Some),
            None => Ok(None),
        }
    }

    /// One person.
    pub async fn person(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<PersonView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let person = work.person(tenant.id, id).await?.ok_or(AppError::NotFound("person"))?;
        Ok(PersonView {
            identities: work.identities(tenant.id, &[id]).await?.remove(&id).unwrap_or_default(),
            conflicts: work.conflicts_of(tenant.id, id).await?,
            scores: work.scores(tenant.id, &[id]).await?.remove(&id).unwrap_or_default(),
            tags: work.tags_of(tenant.id, id).await?,
            orders: work.orders_of(tenant.id, id, 20).await?,
            person,
        })
    }

    /// What happened to a person, newest first: events, what was decided about them and what was sent.
    pub async fn timeline(
        &self,
        caller: &Caller,
        slug: &str,
        id: PersonId,
        before: Option<(Millis, i64)>,
        limit: Option<u32>,
    ) -> Result<TimelinePage, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        work.person(tenant.id, id).await?.ok_or(AppError::NotFound("person"))?;
        let limit = page(limit);
        let events = work.timeline(tenant.id, id, before, limit).await?;
        let received: Vec<Millis> = events.iter().map(|event| event.event.received_at).collect();
        let from = received.iter().copied().min().unwrap_or_default();
        let to = received.iter().copied().max().unwrap_or_default();
        let mut rows = work.decisions_between(tenant.id, id, from, to, FOLLOWED_MAX).await?;
        rows.retain(|row| events.iter().any(|event| event.position == row.position));
        let mut messages = work.messages_since(tenant.id, id, from, FOLLOWED_MAX).await?;
        messages.retain(|message| rows.iter().any(|row| row.id == message.decision));
        messages.reverse();
        let decisions = named(&mut work, tenant.id, rows).await?;
        let full = events.len() == limit as usize;
        let next = events.last().filter(|_| full).map(|event| (event.event.occurred_at, event.position));
        Ok(TimelinePage { events, decisions, messages, next })
    }

    /// Events of a tenant, newest first.
    pub async fn events(
        &self,
        caller: &Caller,
        slug: &str,
        before: Option<i64>,
        limit: Option<u32>,
    ) -> Result<Vec<Event>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.events(tenant.id, before, page(limit)).await?)
    }

    /// Decisions of a tenant or about one person, newest first.
    pub async fn decisions(
        &self,
        caller: &Caller,
        slug: &str,
        person: Option<PersonId>,
        before: Option<DecisionId>,
        limit: Option<u32>,
    ) -> Result<Vec<DecisionView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let rows = work.decisions(tenant.id, &DecisionQuery { person, before, limit: page(limit) }).await?;
        named(&mut work, tenant.id, rows).await
    }

    /// One decision receipt.
    pub async fn decision(&self, caller: &Caller, slug: &str, id: DecisionId) -> Result<DecisionView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let row = work.decision(tenant.id, id).await?.ok_or(AppError::NotFound("decision"))?;
        named(&mut work, tenant.id, vec![row]).await?.pop().ok_or(AppError::NotFound("decision"))
    }

    /// Messages of a tenant, to one person or in one status, newest first.
    pub async fn messages(
        &self,
        caller: &Caller,
        slug: &str,
        person: Option<PersonId>,
        status: Option<MessageStatus>,
        before: Option<MessageId>,
        limit: Option<u32>,
    ) -> Result<Vec<Message>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let query = MessageQuery { person, status, before, limit: page(limit) };
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.messages(tenant.id, &query).await?)
    }

    /// One message with its tries.
    pub async fn message(&self, caller: &Caller, slug: &str, id: MessageId) -> Result<MessageView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let message = work.message(tenant.id, id).await?.ok_or(AppError::NotFound("message"))?;
        Ok(MessageView { attempts: work.attempts(tenant.id, id).await?, message })
    }
}

async fn named(
    work: &mut Work,
    tenant: guanxi_domain::tenant::TenantId,
    rows: Vec<DecisionRow>,
) -> Result<Vec<DecisionView>, AppError> {
    let installations = work.installations(tenant).await?;
    let view = |row: DecisionRow| {
        let installation = installations.iter().find(|i| i.id == row.installation);
        DecisionView {
            installation: installation.map(|i| i.name.clone()).unwrap_or_default(),
            plugin: installation.map(|i| (i.plugin.clone(), i.version.clone())).unwrap_or_default(),
            row,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
