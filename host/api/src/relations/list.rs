//! `GET /api/v1/tenants/{tenant}/people/{id}/relations`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, Related, RelatedCursor, RelationView};
use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AcquaintanceBody;
use crate::auth::Authenticated;
use crate::cursor;
use crate::extract::{Path, Query};
use crate::problem::{ApiResult, Problem};
use crate::queries::Paged;

const LIST: &str = "relations";

/// A part of those to whom a person has relations, strongest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelationsPage {
    /// With how many others the person has relations.
    pub total: usize,
    /// The others.
    pub items: Vec<RelatedBody>,
    /// Give it as `cursor` for the next page; `null` at the end.
    pub next: Option<String>,
}

/// Somebody to whom a person has relations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Related)]
pub struct RelatedBody {
    /// Who it is.
    pub person: AcquaintanceBody,
    /// Of the strongest relation, 0 to 1.
    pub strength: f64,
    /// All of them, by kind.
    pub relations: Vec<RelationBody>,
}

/// A relation as the person sees it who was asked about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Relation)]
pub struct RelationBody {
    /// `friend`, `follows`, `referred-by` …
    pub kind: String,
    /// Whether it leads from the person who was asked about to the other.
    pub outgoing: bool,
    /// 0 to 1.
    pub strength: f64,
    /// Who said so last.
    pub source: String,
    /// Since when, milliseconds since the epoch.
    pub at: Millis,
}

/// The last of a page: the bits of the strength, so that JSON cannot round it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    strength: u64,
    number: u32,
}

/// List a person's relations
///
/// Those to whom the person has relations in either direction, strongest first. People who were joined count as one.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}/relations",
    tag = "relations",
    operation_id = "list_relations",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
        Paged,
    ),
    responses((status = 200, description = "A page of relations", body = RelationsPage)),
    security(("token" = ["read"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
    Query(query): Query<Paged>,
) -> ApiResult<Json<RelationsPage>> {
    let after = cursor::read(LIST, query.cursor.as_deref())?.map(after).transpose()?;
    let page = app.related(&caller, &tenant, id, after, Some(cursor::page_size(query.limit))).await?;
    let last = |last: RelatedCursor| Last { strength: last.strength.to_bits(), number: last.number };
    Ok(Json(RelationsPage {
        total: page.total,
        items: page.people.into_iter().map(RelatedBody::from).collect(),
        next: page.next.map(|next| cursor::encode(LIST, last(next))).transpose()?,
    }))
}

fn after(last: Last) -> ApiResult<RelatedCursor> {
    let strength = f64::from_bits(last.strength);
    if !strength.is_finite() {
        return Err(Problem::invalid("cursor", "is not one of this list; start without a cursor"));
    }
    Ok(RelatedCursor { strength, number: last.number })
}

impl From<Related> for RelatedBody {
    fn from(related: Related) -> Self {
        let Related { who, strength, relations } = related;
        Self { person: who.into(), strength, relations: relations.into_iter().map(RelationBody::from).collect() }
    }
}

impl From<RelationView> for RelationBody {
    fn from(relation: RelationView) -> Self {
        let RelationView { kind, outgoing, strength, source, at } = relation;
        Self { kind, outgoing, strength, source, at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_from_outside_names_a_strength() {
        let last = |strength: f64| Last { strength: strength.to_bits(), number: 7 };
        assert_eq!(after(last(0.5)), Ok(RelatedCursor { strength: 0.5, number: 7 }));
        assert!(after(last(f64::NAN)).is_err());
        assert!(after(last(f64::INFINITY)).is_err());
    }
}
