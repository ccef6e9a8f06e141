//! Who knows whom.

pub(crate) mod common;
pub(crate) mod list;
pub(crate) mod path;
pub(crate) mod put;
pub(crate) mod reach;

use guanxi_app::Acquaintance;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::relations::Standing;
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody, as answers about relations name them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Acquaintance)]
pub struct AcquaintanceBody {
    /// `per_…`.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// What people call the person, if it is known.
    pub name: Option<String>,
    /// `kind:value`, strongest first.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<Identity>,
}

/// What the graph of relations says of a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct StandingBody {
    /// How much the person counts (PageRank, weighed by strength), 1 on the average.
    pub influence: f64,
    /// Steps to the nearest opinion leader or employee; `null` if no way leads there.
    pub path_distance: Option<u8>,
    /// With how many others the person has relations.
    pub connections: u32,
}

impl From<Acquaintance> for AcquaintanceBody {
    fn from(who: Acquaintance) -> Self {
        Self { id: who.person.id, name: who.person.display_name(), identities: who.identities }
    }
}

impl From<Standing> for StandingBody {
    fn from(standing: Standing) -> Self {
        let Standing { influence, distance, connections } = standing;
        Self { influence, path_distance: distance, connections }
    }
}
