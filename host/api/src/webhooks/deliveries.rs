//! `GET /api/v1/tenants/{tenant}/webhooks/{id}/deliveries`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;
use guanxi_domain::ids::WebhookId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::DeliveryBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::{Path, Query};
use crate::problem::ApiResult;

const LIST: &str = "deliveries";

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items of a page: 1 to 200, 50 if not given; other numbers count as the nearest of these.
    pub limit: Option<u32>,
}

/// List what a webhook was told
///
/// Newest first. Those that ended are kept for 30 days, the latest 1,000 of them.
#[utoipa::path(
    get,
    path = "/api/v1/tenants/{tenant}/webhooks/{id}/deliveries",
    tag = "webhooks",
    operation_id = "list_deliveries",
    params(
        ("tenant" = String, Path, description = "The tenant's slug"),
        ("id" = String, Path, description = "`whk_…`"),
        DeliveriesQuery,
    ),
    responses((status = 200, description = "A page of deliveries", body = Page<DeliveryBody>)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path((tenant, id)): Path<(String, WebhookId)>,
    Query(query): Query<DeliveriesQuery>,
) -> ApiResult<Json<Page<DeliveryBody>>> {
    let before = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let deliveries = app.webhook_deliveries(&caller, &tenant, id, before, Some(size)).await?;
    cursor::page(LIST, size, deliveries, |last| last.id, DeliveryBody::of).map(Json)
}
