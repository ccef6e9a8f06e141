//! `GET /api/v1/tenants/{tenant}/people/{id}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use guanxi_app::{App, IdentityConflict, OrderRow, PersonView};
use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Activity, HeldTag, Provenance};
use serde::Serialize;
use utoipa::ToSchema;

use super::PersonBody;
use super::links::{LinkBody, MemberBody, TouchBody};
use super::signals::SignalBody;
use crate::auth::Authenticated;
use crate::extract::Path;
use crate::problem::ApiResult;
use crate::relations::StandingBody;

/// A person with everything but the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonDetail {
    /// What lists show, too.
    #[serde(flatten)]
    pub person: PersonBody,
    /// The identities with their states, strongest first.
    pub links: Vec<LinkBody>,
    /// Who was joined in this person; empty for somebody who stands alone.
    pub members: Vec<MemberBody>,
    /// The first contact with a known channel or place.
    pub first_touch: Option<TouchBody>,
    /// The latest.
    pub last_touch: Option<TouchBody>,
    /// Where each attribute comes from, by name.
    #[schema(value_type = Object)]
    pub provenance: BTreeMap<String, Provenance>,
    /// What the person did, by kind of event.
    #[schema(value_type = Object)]
    pub activity: BTreeMap<String, Activity>,
    /// What the graph of relations says; `null` for somebody without relations.
    pub standing: Option<StandingBody>,
    /// What channels tell of the person: followers, mood …
    pub signals: Vec<SignalBody>,
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
    /// Why it was not linked by itself: `unverified`, `exclusive`, `limit`, `too-large`, `disputed` or `suspicious`.
    pub cause: &'static str,
    /// `open`, `resolved` or `dismissed`.
    pub status: &'static str,
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
            standing: view.standing.map(StandingBody::from),
            signals: std::mem::take(&mut view.signals).into_iter().map(SignalBody::from).collect(),
            links: view.links.iter().cloned().map(LinkBody::from).collect(),
            members: std::mem::take(&mut view.members).into_iter().map(MemberBody::from).collect(),
            first_touch: view.person.first_touch.take().map(TouchBody::from),
            last_touch: view.person.last_touch.take().map(TouchBody::from),
            provenance: std::mem::take(&mut view.person.provenance),
            activity: std::mem::take(&mut view.person.activity),
            person: view.into(),
        }
    }
}

impl From<IdentityConflict> for ConflictBody {
    fn from(row: IdentityConflict) -> Self {
        let IdentityConflict { identity, person, claimed_by, cause, position, at, settled } = row;
        let status = match settled {
            None => "open",
            Some(settled) if settled.resolved => "resolved",
            Some(_) => "dismissed",
        };
        Self { identity, person, claimed_by, cause: cause.as_str(), status, position, at }
    }
}

impl From<&HeldTag> for TagSource {
    fn from(held: &HeldTag) -> Self {
        let HeldTag { tag, source, at, .. } = held;
        Self { dimension: tag.dimension.clone(), name: tag.name.clone(), source: source.clone(), at: *at }
    }
}

impl From<OrderRow> for OrderBody {
    fn from(row: OrderRow) -> Self {
        let OrderRow { order_id, amount, refunded, currency, ordered_at, .. } = row;
        Self { order_id, amount, refunded, currency, ordered_at }
    }
}
