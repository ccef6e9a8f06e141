//! Who knows whom: what people may ask of the graph of relations, and how they tell of relations.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Person;
use guanxi_domain::relations::{RELATIONS, RELATIONS_PER_EVENT_MAX, Relation, Relations};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{EdgeRow, Scope as Rows, Work};

use crate::graphs::Held;
use crate::insight::{identities, page, whole};
use crate::{App, AppError};

/// The most steps within which people are counted.
pub const STEPS_MAX: u32 = 6;
/// People who are named at each step, and of those whom two know both.
const SAMPLE: usize = 20;
/// Relations that one question may look at.
const PATH_BUDGET: usize = 2_000_000;
const REACH_BUDGET: usize = 8_000_000;

/// Somebody, as answers about relations name them.
#[derive(Debug, Clone)]
pub struct Acquaintance {
    /// The person.
    pub person: Person,
    /// Strongest first.
    pub identities: Vec<Identity>,
}

/// Somebody to whom a person has relations.
#[derive(Debug, Clone)]
pub struct Related {
    /// Who it is.
    pub who: Acquaintance,
    /// The strongest relation's strength.
    pub strength: f64,
    /// All of them, by kind.
    pub relations: Vec<RelationView>,
}

/// A relation as one of its ends sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RelationView {
    /// What it is.
    pub kind: String,
    /// Whether it leads from the person who was asked about.
    pub outgoing: bool,
    /// 0 to 1.
    pub strength: f64,
    /// Who said so last.
    pub source: String,
    /// Since when.
    pub at: Millis,
}

/// A page of a person's relations, strongest first.
#[derive(Debug, Clone)]
pub struct RelatedPage {
    /// With how many others the person has relations.
    pub total: usize,
    /// The others.
    pub people: Vec<Related>,
    /// Where the next page begins.
    pub next: Option<RelatedCursor>,
}

/// The last of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelatedCursor {
    /// The strength.
    pub strength: f64,
    /// The person's number.
    pub number: u32,
}

/// How one person knows another.
#[derive(Debug, Clone)]
pub struct PathView {
    /// A shortest way, both ends included; `None` if none was found.
    pub people: Option<Vec<Acquaintance>>,
    /// Whether there is none if none was found: a question looks at so many relations and no more.
    pub complete: bool,
}

/// Whom two people know both.
#[derive(Debug, Clone)]
pub struct CommonView {
    /// How many.
    pub count: usize,
    /// Some of them.
    pub people: Vec<Acquaintance>,
}

/// Who is within some steps of a person.
#[derive(Debug, Clone)]
pub struct ReachView {
    /// How many are one step away, two …, and some of them.
    pub steps: Vec<(usize, Vec<Acquaintance>)>,
    /// Whether everybody was counted.
    pub complete: bool,
}

impl App {
    /// The people to whom somebody has relations, strongest first.
    pub async fn related(
        &self,
        caller: &Caller,
        slug: &str,
        id: PersonId,
        after: Option<RelatedCursor>,
        limit: Option<u32>,
    ) -> Result<RelatedPage, AppError> {
        let (tenant, root, held) = self.node(caller, slug, id).await?;
        let limit = page(limit) as usize;
        let number = root.number;
        let (total, strengths) = held.look(move |state| strongest(state, number, after, limit)).await?;
        let next = strengths.last().filter(|_| strengths.len() == limit).copied();
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        let numbers: Vec<u32> = strengths.iter().map(|one| one.number).collect();
        let mut relations = relations_of(&mut work, tenant, &root, &numbers).await?;
        let mut people = acquaintances(&mut work, tenant, &numbers).await?;
        let related = |one: RelatedCursor| {
            let who = people.remove(&one.number)?;
            let relations = relations.remove(&one.number).unwrap_or_default();
            Some(Related { who, strength: one.strength, relations })
        };
        Ok(RelatedPage { total, people: strengths.into_iter().filter_map(related).collect(), next })
    }

    /// A shortest way from one person to another.
    pub async fn path(
        &self,
        caller: &Caller,
        slug: &str,
        from: PersonId,
        to: Option<PersonId>,
    ) -> Result<PathView, AppError> {
        let (tenant, [from, to]) = self.pair(caller, slug, from, to.ok_or("to")).await?;
        let held = self.graph(tenant).await?;
        let path = held.look(move |state| state.graph.path(from, to, PATH_BUDGET)).await?;
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        let people = match path.nodes {
            Some(numbers) => Some(listed(&mut work, tenant, &numbers).await?),
            None => None,
        };
        Ok(PathView { people, complete: path.complete })
    }

    /// Whom two people know both.
    pub async fn common(
        &self,
        caller: &Caller,
        slug: &str,
        one: PersonId,
        with: Option<PersonId>,
    ) -> Result<CommonView, AppError> {
        let (tenant, [one, other]) = self.pair(caller, slug, one, with.ok_or("with")).await?;
        let held = self.graph(tenant).await?;
        let common = held.look(move |state| state.graph.common(one, other, SAMPLE)).await?;
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        Ok(CommonView { count: common.count, people: listed(&mut work, tenant, &common.nodes).await? })
    }

    /// How many people are within so many steps of a person, and some of them.
    pub async fn reach(
        &self,
        caller: &Caller,
        slug: &str,
        id: PersonId,
        steps: Option<u32>,
    ) -> Result<ReachView, AppError> {
        let (tenant, root, held) = self.node(caller, slug, id).await?;
        let steps = steps.unwrap_or(2).clamp(1, STEPS_MAX) as usize;
        let reach = held.look(move |state| state.graph.reach(root.number, steps, SAMPLE, REACH_BUDGET)).await?;
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        let mut steps = Vec::with_capacity(reach.counts.len());
        for (count, sample) in reach.counts.into_iter().zip(reach.samples) {
            steps.push((count, listed(&mut work, tenant, &sample).await?));
        }
        Ok(ReachView { steps, complete: reach.complete })
    }

    /// Tells of relations: they are durable when this returns, and hold unless the log has much to decide before. Their
    /// place in the log is the answer. Needs `manage`.
    pub async fn relate(&self, caller: &Caller, slug: &str, edges: Vec<Relation>) -> Result<i64, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        if !(1..=RELATIONS_PER_EVENT_MAX).contains(&edges.len()) {
            return Err(AppError::invalid("edges", format!("has 1 to {RELATIONS_PER_EVENT_MAX} entries")));
        }
        for (index, edge) in edges.iter().enumerate() {
            edge.check().map_err(|problem| AppError::invalid(format!("edges[{index}]"), problem.to_string()))?;
        }
        let relations = Relations { edges, source: "api".to_owned() };
        let requested = self.request(tenant.id, RELATIONS, None, JsonMap::new(), &relations).await?;
        self.decided_at(tenant.id, requested.position).await?;
        Ok(requested.position)
    }

    /// The tenant, and the numbers of those who stand for two people. Who does not exist is missed before what was not
    /// said.
    async fn pair(
        &self,
        caller: &Caller,
        slug: &str,
        one: PersonId,
        other: Result<PersonId, &'static str>,
    ) -> Result<(TenantId, [u32; 2]), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        let (one, _) = whole(&mut work, tenant, one).await?;
        let other = other.map_err(|parameter| AppError::invalid(parameter, "name a person, `per_…`"))?;
        let (other, _) = whole(&mut work, tenant, other).await?;
        Ok((tenant, [one.number, other.number]))
    }

    /// The tenant, who stands for the person, and the graph.
    async fn node(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<(TenantId, Person, Arc<Held>), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        let (root, _) = whole(&mut work, tenant, id).await?;
        drop(work);
        Ok((tenant, root, self.graph(tenant).await?))
    }
}

/// How many neighbours there are, and a page of them.
fn strongest(
    state: &crate::graphs::State,
    number: u32,
    after: Option<RelatedCursor>,
    limit: usize,
) -> (usize, Vec<RelatedCursor>) {
    let neighbours = state.graph.strongest(number);
    let total = neighbours.len();
    let places = neighbours.into_iter().map(|(number, strength)| RelatedCursor { strength, number });
    let behind = |one: &RelatedCursor| {
        after.is_none_or(|last| {
            one.strength < last.strength || (one.strength == last.strength && one.number > last.number)
        })
    };
    (total, places.filter(behind).take(limit).collect())
}

/// The relations of a person to each of some others, by these, with what was joined in each taken together.
async fn relations_of(
    work: &mut Work,
    tenant: TenantId,
    root: &Person,
    others: &[u32],
) -> Result<HashMap<u32, Vec<RelationView>>, AppError> {
    let mine: HashMap<u32, u32> = numbers_inside(work, tenant, &[root.number]).await?;
    let theirs = numbers_inside(work, tenant, others).await?;
    let (some, rest): (Vec<u32>, Vec<u32>) = (mine.keys().copied().collect(), theirs.keys().copied().collect());
    let mut latest: HashMap<u32, BTreeMap<(String, bool), EdgeRow>> = HashMap::new();
    for edge in work.edges_between(tenant, &some, &rest).await? {
        let outgoing = mine.contains_key(&edge.from);
        let Some(other) = theirs.get(if outgoing { &edge.to } else { &edge.from }) else { continue };
        let kinds = latest.entry(*other).or_default();
        match kinds.get(&(edge.kind.clone(), outgoing)) {
            Some(known) if known.at >= edge.at => {}
            _ => drop(kinds.insert((edge.kind.clone(), outgoing), edge)),
        }
    }
    let view = |((kind, outgoing), edge): ((String, bool), EdgeRow)| RelationView {
        kind,
        outgoing,
        strength: edge.strength,
        source: edge.source,
        at: edge.at,
    };
    Ok(latest.into_iter().map(|(other, kinds)| (other, kinds.into_iter().map(view).collect())).collect())
}

/// The numbers of everybody inside these people, with who stands for them: the people's own among them.
async fn numbers_inside(work: &mut Work, tenant: TenantId, roots: &[u32]) -> Result<HashMap<u32, u32>, AppError> {
    let people = work.people_numbered(tenant, roots).await?;
    let groups: HashMap<PersonId, u32> =
        people.values().filter(|person| person.membership.is_group).map(|person| (person.id, person.number)).collect();
    let mut inside: HashMap<u32, u32> = roots.iter().map(|number| (*number, *number)).collect();
    let ids: Vec<PersonId> = groups.keys().copied().collect();
    for (group, members) in work.members(tenant, &ids).await? {
        let Some(root) = groups.get(&group) else { continue };
        let numbers = work.people(tenant, &members).await?.into_values().map(|member| (member.number, *root));
        inside.extend(numbers);
    }
    Ok(inside)
}

/// The people with these numbers, in this order; those who are no more are left out.
async fn listed(work: &mut Work, tenant: TenantId, numbers: &[u32]) -> Result<Vec<Acquaintance>, AppError> {
    let mut people = acquaintances(work, tenant, numbers).await?;
    Ok(numbers.iter().filter_map(|number| people.remove(number)).collect())
}

async fn acquaintances(
    work: &mut Work,
    tenant: TenantId,
    numbers: &[u32],
) -> Result<HashMap<u32, Acquaintance>, AppError> {
    let people: Vec<Person> = work.people_numbered(tenant, numbers).await?.into_values().collect();
    let mut identities = identities(work, tenant, &people).await?;
    let known = people.into_iter().map(|person| {
        let identities = identities.remove(&person.id).unwrap_or_default();
        (person.number, Acquaintance { person, identities })
    });
    Ok(known.collect())
}
