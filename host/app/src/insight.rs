//! What people may look at: persons, timelines, decisions, messages.

use std::collections::{BTreeMap, HashMap};

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::Event;
use guanxi_domain::exchange::TriedExchanges;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{DecisionId, MessageId, PersonId};
use guanxi_domain::limits::{PAGE_DEFAULT, PAGE_MAX};
use guanxi_domain::message::{Attempt, Message, MessageAction};
use guanxi_domain::person::{HeldTag, Link, LinkState, Person, Score};
use guanxi_domain::relations::Standing;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{
    DecisionQuery, DecisionRow, IdentityConflict, MessageLogFilter, MessagePage, OrderRow, PeopleCursor, PeopleOrder,
    PeopleQuery, Scope as Rows, Work,
};

use crate::plugin_logs::add_lines;
use crate::signals::SignalView;
use crate::{App, AppError};

/// The most orders of a person that are shown beside them.
const ORDERS_SHOWN: u32 = 20;
/// So many people are counted.
const COUNT_MAX: u32 = 10_000;
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
    pub tags: Vec<HeldTag>,
}

/// A person with everything but the timeline.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The person.
    pub person: Person,
    /// Who was joined in this person, in the order of their ids; nobody if it is no group.
    pub members: Vec<Member>,
    /// Strongest first, of a group those of all who were joined.
    pub links: Vec<Link>,
    /// Identities that events named for this person although they belong to another, and the other way round.
    pub conflicts: Vec<IdentityConflict>,
    /// Current scores with their terms.
    pub scores: Vec<Score>,
    /// Current tags with their sources.
    pub tags: Vec<HeldTag>,
    /// The latest orders.
    pub orders: Vec<OrderRow>,
    /// What the graph of relations says; nothing of somebody without relations.
    pub standing: Option<Standing>,
    /// What channels tell, expired signals among it.
    pub signals: Vec<SignalView>,
}

/// Somebody who was joined with others.
#[derive(Debug, Clone)]
pub struct Member {
    /// The person as they were known by themselves.
    pub person: Person,
    /// Their own identities, strongest first.
    pub links: Vec<Link>,
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
    /// What was exchanged with the channel in those tries of which that is kept.
    pub exchanges: Vec<TriedExchanges>,
    /// What staff asked of it, the first first.
    pub actions: Vec<MessageAction>,
}

/// People as lists show them.
pub(crate) async fn summaries(
    work: &mut Work,
    tenant: guanxi_domain::tenant::TenantId,
    people: Vec<Person>,
) -> Result<Vec<PersonSummary>, AppError> {
    let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
    let mut identities = identities(work, tenant, &people).await?;
    let mut scores = work.scores(tenant, &ids).await?;
    let mut tags = work.tags(tenant, &ids).await?;
    let summaries = people.into_iter().map(|person| PersonSummary {
        identities: identities.remove(&person.id).unwrap_or_default(),
        scores: scores.remove(&person.id).unwrap_or_default(),
        tags: tags.remove(&person.id).unwrap_or_default(),
        person,
    });
    Ok(summaries.collect())
}

/// Everything that is shown of one person, as `work` sees them.
async fn view(work: &mut Work, tenant: TenantId, id: PersonId, now: Millis) -> Result<PersonView, AppError> {
    let (person, leaves) = whole(work, tenant, id).await?;
    let id = person.id;
    let mut links = work.links(tenant, &leaves).await?;
    let mut members = work.people(tenant, &leaves).await?;
    let members: Vec<Member> = leaves
        .iter()
        .filter_map(|leaf| {
            let links = links.remove(leaf).unwrap_or_default();
            Some(Member { person: members.remove(leaf)?, links })
        })
        .collect();
    let mut links: Vec<Link> = members.iter().flat_map(|member| member.links.iter().cloned()).collect();
    Link::sort(&mut links);
    let mut orders = Vec::new();
    for leaf in &leaves {
        orders.extend(work.orders_of(tenant, *leaf, ORDERS_SHOWN).await?);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.ordered_at));
    orders.truncate(ORDERS_SHOWN as usize);
    let mut signals = work.signals(tenant, &[id]).await?;
    Ok(PersonView {
        standing: work.standings(tenant, &[person.number]).await?.remove(&person.number),
        signals: SignalView::all(signals.remove(&id).unwrap_or_default(), now),
        links,
        conflicts: work.conflicts_of(tenant, &leaves).await?,
        scores: work.scores(tenant, &[id]).await?.remove(&id).unwrap_or_default(),
        tags: work.tags(tenant, &[id]).await?.remove(&id).unwrap_or_default(),
        orders,
        members: if person.membership.is_group { members } else { Vec::new() },
        person,
    })
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
        summaries(&mut work, tenant.id, people).await
    }

    /// How many people a tenant has, and whether that is exact: of more than [`COUNT_MAX`] it is told how many ever were.
    pub async fn count_people(&self, caller: &Caller, slug: &str) -> Result<(i64, bool), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.count_people(tenant.id, COUNT_MAX).await?)
    }

    /// The person to whom an identity leads; an invalid link leads to nobody.
    pub async fn person_by_identity(
        &self,
        caller: &Caller,
        slug: &str,
        identity: &Identity,
    ) -> Result<Option<PersonView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let owners = work.owners(tenant.id, std::slice::from_ref(identity)).await?;
        let Some(person) = owners.get(identity) else { return Ok(None) };
        let view = view(&mut work, tenant.id, *person, self.ambient().now()).await?;
        let leads = |link: &Link| link.identity == *identity && link.state != LinkState::Invalid;
        Ok(view.links.iter().any(leads).then_some(view))
    }

    /// One person; of somebody who was joined with others, the person who stands for all of them.
    pub async fn person(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<PersonView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        view(&mut work, tenant.id, id, self.ambient().now()).await
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
        let (_, leaves) = whole(&mut work, tenant.id, id).await?;
        let limit = page(limit);
        let mut events = Vec::new();
        for leaf in &leaves {
            events.extend(work.timeline(tenant.id, *leaf, before, limit).await?);
        }
        events.sort_by_key(|event| std::cmp::Reverse((event.event.occurred_at, event.position)));
        events.truncate(limit as usize);
        let received: Vec<Millis> = events.iter().map(|event| event.event.received_at).collect();
        let from = received.iter().copied().min().unwrap_or_default();
        let to = received.iter().copied().max().unwrap_or_default();
        let (mut rows, mut messages) = (Vec::new(), Vec::new());
        for leaf in &leaves {
            rows.extend(work.decisions_between(tenant.id, *leaf, from, to, FOLLOWED_MAX).await?);
            messages.extend(work.messages_since(tenant.id, *leaf, from, FOLLOWED_MAX).await?);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        rows.retain(|row| events.iter().any(|event| event.position == row.position));
        messages.retain(|message| rows.iter().any(|row| row.id == message.decision));
        messages.sort_by_key(|message| std::cmp::Reverse(message.id));
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
        let limit = page(limit);
        let mut rows = Vec::new();
        for person in parts(&mut work, tenant.id, person).await? {
            rows.extend(work.decisions(tenant.id, &DecisionQuery { person, before, limit }).await?);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        rows.truncate(limit as usize);
        named(&mut work, tenant.id, rows).await
    }

    /// One decision receipt, with what the plugin logged in the call that it came of.
    pub async fn decision(&self, caller: &Caller, slug: &str, id: DecisionId) -> Result<DecisionView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let mut row = work.decision(tenant.id, id).await?.ok_or(AppError::NotFound("decision"))?;
        add_lines(&mut work, tenant.id, &mut row).await?;
        named(&mut work, tenant.id, vec![row]).await?.pop().ok_or(AppError::NotFound("decision"))
    }

    /// Messages of a tenant that fit, newest first. A page may be short and go on.
    pub async fn messages(
        &self,
        caller: &Caller,
        slug: &str,
        filter: &MessageLogFilter,
        before: Option<MessageId>,
        limit: Option<u32>,
    ) -> Result<MessagePage, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let limit = page(limit);
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let mut messages = Vec::new();
        let mut more: Option<MessageId> = None;
        for person in parts(&mut work, tenant.id, filter.person).await? {
            let of_part = MessageLogFilter { person, ..filter.clone() };
            let page = work.message_log(tenant.id, &of_part, before, limit).await?;
            messages.extend(page.messages);
            more = more.max(page.more);
        }
        // Below where one part ends its page, the others may have more than they have shown.
        messages.retain(|message| more.is_none_or(|end| message.id >= end));
        messages.sort_by_key(|message| std::cmp::Reverse(message.id));
        if messages.len() > limit as usize {
            messages.truncate(limit as usize);
            more = messages.last().map(|last| last.id);
        }
        Ok(MessagePage { messages, more })
    }

    /// How many of the newest messages that fit are in each status, of at most [`guanxi_store::COUNTED_MAX`].
    pub async fn message_counts(
        &self,
        caller: &Caller,
        slug: &str,
        filter: &MessageLogFilter,
    ) -> Result<BTreeMap<&'static str, i64>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let mut counts = BTreeMap::new();
        for person in parts(&mut work, tenant.id, filter.person).await? {
            let of_part = MessageLogFilter { person, ..filter.clone() };
            for (status, count) in work.message_log_counts(tenant.id, &of_part).await? {
                *counts.entry(status.as_str()).or_default() += count;
            }
        }
        Ok(counts)
    }

    /// One message with its tries.
    pub async fn message(&self, caller: &Caller, slug: &str, id: MessageId) -> Result<MessageView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let message = work.message(tenant.id, id).await?.ok_or(AppError::NotFound("message"))?;
        let (attempts, exchanges) = (work.attempts(tenant.id, id).await?, work.exchanges(tenant.id, id).await?);
        let actions = work.message_actions(tenant.id, id).await?;
        Ok(MessageView { message, attempts, exchanges, actions })
    }
}

/// The person who stands for this one, and whose rows make up that person.
pub(crate) async fn whole(
    work: &mut Work,
    tenant: TenantId,
    id: PersonId,
) -> Result<(Person, Vec<PersonId>), AppError> {
    let mut person = work.person(tenant, id).await?.ok_or(AppError::NotFound("person"))?;
    if person.root() != id {
        person = work.person(tenant, person.root()).await?.ok_or(AppError::NotFound("person"))?;
    }
    let leaves = work.leaves(tenant, &person).await?;
    Ok((person, leaves))
}

/// Whose rows to look at for one person, or for all; nobody is known by an id that does not exist.
async fn parts(work: &mut Work, tenant: TenantId, person: Option<PersonId>) -> Result<Vec<Option<PersonId>>, AppError> {
    let Some(id) = person else { return Ok(vec![None]) };
    match whole(work, tenant, id).await {
        Ok((_, leaves)) => Ok(leaves.into_iter().map(Some).collect()),
        Err(AppError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The identities of people in a list, of groups those of all who were joined.
pub(crate) async fn identities(
    work: &mut Work,
    tenant: TenantId,
    people: &[Person],
) -> Result<HashMap<PersonId, Vec<Identity>>, AppError> {
    let groups: Vec<PersonId> = people.iter().filter(|p| p.membership.is_group).map(|p| p.id).collect();
    let members = work.members(tenant, &groups).await?;
    let ids: Vec<PersonId> = people.iter().map(|p| p.id).chain(members.values().flatten().copied()).collect();
    let mut links = work.links(tenant, &ids).await?;
    let of = |person: &Person| {
        let inside = members.get(&person.id).into_iter().flatten();
        let mut all: Vec<Link> = inside.chain([&person.id]).filter_map(|id| links.remove(id)).flatten().collect();
        Link::sort(&mut all);
        (person.id, all.into_iter().map(|link| link.identity).collect())
    };
    Ok(people.iter().map(of).collect())
}

async fn named(work: &mut Work, tenant: TenantId, rows: Vec<DecisionRow>) -> Result<Vec<DecisionView>, AppError> {
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
