//! API tokens and write keys of one tenant.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use guanxi_app::TokenRow;
use guanxi_domain::Millis;
use guanxi_domain::caller::Scope;
use guanxi_domain::ids::TokenId;
use serde::Serialize;
use utoipa::ToSchema;

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenBody {
    /// `tok_…`.
    #[schema(value_type = String)]
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// What it allows.
    #[schema(value_type = Vec<ScopeName>)]
    pub scopes: Vec<Scope>,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Milliseconds since the epoch; `null` for never.
    pub expires_at: Option<Millis>,
    /// Milliseconds since the epoch; `null` while it works.
    pub revoked_at: Option<Millis>,
}

impl From<TokenRow> for TokenBody {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// `ingest` sends events (such a token is a write key), `vouch` besides says that what its events name together is one
/// person's, `read` sees, `install` brings other versions and configurations of plugins as far as they ask for nothing
/// new, `manage` sees and changes.
#[derive(ToSchema)]
#[schema(as = Scope, rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the domain's scope, which knows nothing of OpenAPI")]
pub enum ScopeName {
    Ingest,
    Vouch,
    Read,
    Install,
    Manage,
}
