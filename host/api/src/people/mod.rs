//! People of one tenant.

pub(crate) mod act;
pub(crate) mod campaigns;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod history;
mod links;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod scores;
pub(crate) mod sheet;
mod signals;
pub(crate) mod tag;
pub(crate) mod timeline;

use guanxi_app::{PersonSummary, PersonView};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Facts, HeldTag, Person, Role, Score, Stage};
use guanxi_domain::{JsonMap, Millis};
use serde::Serialize;
use utoipa::ToSchema;

/// A person in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonBody {
    /// `per_…`.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// What people call the person, if it is known.
    pub name: Option<String>,
    /// How far the person has come.
    #[schema(value_type = StageName)]
    pub stage: Stage,
    /// What the person is to the brand, besides a consumer.
    #[schema(value_type = Vec<RoleName>)]
    pub roles: Vec<Role>,
    /// `kind:value`, strongest first.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<Identity>,
    /// Current scores.
    pub scores: Vec<ScoreBody>,
    /// Current tags.
    pub tags: Vec<TagBody>,
    /// What the brand knows.
    #[schema(value_type = Object)]
    pub attributes: JsonMap,
    /// Running totals over the person's events.
    pub facts: FactsBody,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch.
    pub updated_at: Millis,
}

/// Running totals over a person's events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facts)]
pub struct FactsBody {
    /// Events that the person caused.
    pub event_count: i64,
    /// Orders completed and not fully refunded.
    pub order_count: i64,
    /// Minor units over all orders, refunds taken off.
    pub revenue: i64,
    /// Milliseconds since the epoch.
    pub first_seen: Millis,
    /// Milliseconds since the epoch.
    pub last_seen: Millis,
    /// Milliseconds since the epoch; `null` without orders.
    pub last_order_at: Option<Millis>,
}

/// A score with what it is made of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
pub struct ScoreBody {
    /// As the scorer's manifest declares it.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Term by term.
    pub terms: Vec<TermBody>,
    /// The installation that computed it, `ins_…`.
    #[schema(value_type = String)]
    pub installation: guanxi_domain::ids::InstallationId,
    /// Milliseconds since the epoch.
    pub at: Millis,
}

/// One term of a score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Term)]
pub struct TermBody {
    /// As the scorer's manifest declares it.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// A label on a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub struct TagBody {
    /// What sort of label.
    pub dimension: String,
    /// The label itself.
    pub name: String,
    /// Strength, 0 to 1.
    pub weight: f64,
}

/// How far a person has come.
#[derive(ToSchema)]
#[schema(as = Stage, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the domain's stage, which knows nothing of OpenAPI")]
pub enum StageName {
    Prospect,
    Fan,
    Customer,
}

/// What a person is to the brand.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the domain's role, which knows nothing of OpenAPI")]
pub enum RoleName {
    Consumer,
    OpinionLeader,
    Employee,
    Promoter,
    Partner,
}

impl PersonBody {
    fn new(person: Person, identities: Vec<Identity>, scores: Vec<Score>, tags: Vec<TagBody>) -> Self {
        Self {
            id: person.id,
            name: person.display_name(),
            stage: person.stage,
            roles: person.roles,
            identities,
            scores: scores.into_iter().map(ScoreBody::from).collect(),
            tags,
            attributes: person.attributes,
            facts: person.facts.into(),
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}

impl From<PersonSummary> for PersonBody {
    fn from(summary: PersonSummary) -> Self {
        let tags = summary.tags.into_iter().map(TagBody::from).collect();
        Self::new(summary.person, summary.identities, summary.scores, tags)
    }
}

impl From<PersonView> for PersonBody {
    fn from(view: PersonView) -> Self {
        let tags = view.tags.into_iter().map(TagBody::from).collect();
        let identities = view.links.into_iter().map(|link| link.identity).collect();
        Self::new(view.person, identities, view.scores, tags)
    }
}

impl From<Facts> for FactsBody {
    fn from(facts: Facts) -> Self {
        Self {
            event_count: facts.event_count,
            order_count: facts.order_count,
            revenue: facts.revenue,
            first_seen: facts.first_seen,
            last_seen: facts.last_seen,
            last_order_at: (facts.last_order_at != 0).then_some(facts.last_order_at),
        }
    }
}

impl From<Score> for ScoreBody {
    fn from(score: Score) -> Self {
        let terms = score.terms.into_iter().map(|(name, value)| TermBody { name, value }).collect();
        Self { name: score.name, value: score.value, terms, installation: score.installation, at: score.at }
    }
}

impl From<HeldTag> for TagBody {
    fn from(HeldTag { tag, .. }: HeldTag) -> Self {
        Self { dimension: tag.dimension, name: tag.name, weight: tag.weight }
    }
}
