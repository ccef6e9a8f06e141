//! `GET /api/v1/tenants`.

use axum::Json;
use axum::extract::State;
use guanxi_app::App;

use super::TenantBody;
use crate::auth::Authenticated;
use crate::cursor::{self, Page};
use crate::extract::Query;
use crate::problem::ApiResult;
use crate::queries::Paged;

const LIST: &str = "tenants";

/// List tenants
///
/// In the order of their creation. Operators see all, others their own.
#[utoipa::path(
    get,
    path = "/api/v1/tenants",
    tag = "tenants",
    operation_id = "list_tenants",
    params(Paged),
    responses((status = 200, description = "A page of tenants", body = Page<TenantBody>)),
    security(("token" = [])),
)]
pub(crate) async fn list(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Query(query): Query<Paged>,
) -> ApiResult<Json<Page<TenantBody>>> {
    let after: Option<String> = cursor::read(LIST, query.cursor.as_deref())?;
    let size = cursor::page_size(query.limit);
    let tenants = app.tenants(&caller, after.as_deref(), Some(size)).await?;
    cursor::page(LIST, size, tenants, |last| last.slug.clone(), |tenant| Ok(tenant.into())).map(Json)
}
