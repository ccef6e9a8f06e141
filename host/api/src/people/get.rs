//! `GET /api/v1/tenants/{tenant}/people/{id}`.

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, IdentityConflict, OrderRow, PersonView, TagRow};
use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use serde::Serialize;
use utoipa::ToSchema;

use super::PersonBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;

/// A person with everything but the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonDetail {
    /// What lists show, too.
    #[serde(flatten)]
    pub person: PersonBody,
    /// Identities that events named for this person although they belong to another, and the other way round.
    pub conflicts: Vec<ConflictBody>,
    /// Where each tag comes from.
    pub tag_sources: Vec<TagSource>,
    /// The latest orders, at most 20.
    pub orders: Vec<OrderBody>,
}

/// An identity that two people claim.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityConflict)]
pub struct ConflictBody {
    /// `kind:value`.
    #[schema(value_type = String)]
    pub identity: Identity,
    /// Who has it, `per_…`.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// For whom an event named it, `per_…`.
    #[schema(value_type = String)]
    pub claimed_by: PersonId,
    /// The event's place in the log.
    pub position: i64,
    /// Milliseconds since the epoch.
    pub at: Millis,
}

/// Where a tag comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagSource {
    /// What sort of label.
    pub dimension: String,
    /// The label itself.
    pub name: String,
    /// Who put it there.
    pub source: String,
    /// Milliseconds since the epoch.
    pub at: Millis,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderBody {
    /// The shop's number.
    pub order_id: String,
    /// Minor units.
    pub amount: i64,
    /// Minor units given back.
    pub refunded: i64,
    /// ISO 4217; the tenant's own if `null`.
    pub currency: Option<String>,
    /// Milliseconds since the epoch.
    pub ordered_at: Millis,
}

/// Show a person
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/people/{id}",
    tag = "people",
    operation_id = "get_person",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`per_…`"),
    ),
    responses((status = 200, description = "The person", body = PersonDetail)),
    security(("token" = ["read"])),
)]
pub(crate) async fn get(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, PersonId)>,
) -> ApiResult<Json<PersonDetail>> {
    Ok(Json(app.person(&caller, &tenant, id).await?.into()))
}

impl From<PersonView> for PersonDetail {
    fn from(mut view: PersonView) -> Self {
        Self {
            conflicts: std::mem::take(&mut view.conflicts).into_iter().map(ConflictBody::from).collect(),
            orders: std::mem::take(&mut view.orders).into_iter().map(OrderBody::from).collect(),
            tag_sources: view.tags.iter().map(TagSource::from).collect(),
            person: view.into(),
        }
    }
}

impl From<IdentityConflict> for ConflictBody {
    fn from(row: IdentityConflict) -> Self {
        let IdentityConflict { identity, person, claimed_by, position, at } = row;
        Self { identity, person, claimed_by, position, at }
    }
}

impl From<&TagRow> for TagSource {
    fn from(row: &TagRow) -> Self {
        let TagRow { tag, source, at, .. } = row;
        Self { dimension: tag.dimension.clone(), name: tag.name.clone(), source: source.clone(), at: *at }
    }
}

impl From<OrderRow> for OrderBody {
    fn from(row: OrderRow) -> Self {
        let OrderRow { order_id, amount, refunded, currency, ordered_at, .. } = row;
        Self { order_id, amount, refunded, currency, ordered_at }
    }
}
