//! `POST /api/v1/tenants/{tenant}/tokens`.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use guanxi_app::{App, NewToken};
use guanxi_domain::caller::Scope;
use guanxi_domain::ids::TokenId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ScopeName;
use crate::auth::Authenticated;
use crate::extract::{Json, Path};
use crate::idempotency::ShownOnce;
use crate::problem::{ApiResult, Kind, Problem};

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub struct TokenWish {
    /// What people call it, 1 to 120 characters.
    #[schema(example = "web shop")]
    pub name: String,
    /// What it allows; at least one.
    #[schema(value_type = Vec<ScopeName>, min_items = 1)]
    pub scopes: Vec<Scope>,
}

/// A token with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    /// `tok_…`.
    #[schema(value_type = String)]
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// What it allows.
    #[schema(value_type = Vec<ScopeName>)]
    pub scopes: Vec<Scope>,
    /// The secret. A token with the scope `ingest` is a write key.
    pub token: String,
}

impl From<NewToken> for CreatedToken {
    fn from(new: NewToken) -> Self {
        Self { id: new.id, name: new.name, scopes: new.scopes, token: new.secret }
    }
}

/// Make a token
///
/// Only this answer shows the secret: it is stored nowhere. A repetition under the same `Idempotency-Key` makes no second
/// token and is answered `409`.
#[utoipa::path(
    post,
    path = "/api/v1/tenants/{tenant}/tokens",
    tag = "tokens",
    operation_id = "create_token",
    params(("tenant" = String, Path, description = "The tenant's slug")),
    request_body = TokenWish,
    responses((status = 201, description = "Made", body = CreatedToken)),
    security(("token" = ["manage"])),
)]
pub(crate) async fn create(
    Authenticated(caller): Authenticated,
    State(app): State<App>,
    Path(tenant): Path<String>,
    Json(wish): Json<TokenWish>,
) -> ApiResult<(StatusCode, Extension<ShownOnce>, axum::Json<CreatedToken>)> {
    let token = app.create_token(&caller, &tenant, &wish.name, &wish.scopes).await?;
    let instead = ShownOnce(shown(token.id));
    Ok((StatusCode::CREATED, Extension(instead), axum::Json(token.into())))
}

fn shown(id: TokenId) -> Problem {
    let detail = format!(
        "the token {id} was made by an earlier request with this Idempotency-Key and its secret was shown then; \
         if the secret is lost, revoke this token and make another one under a new key"
    );
    Problem::new(Kind::Conflict, detail)
}
