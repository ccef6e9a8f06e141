//! Who asks, and what they may do.

use crate::ids::TokenId;
use crate::tenant::TenantId;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Send events; such a token is a write key.
    Ingest,
    /// Vouch for who is who in the events it sends: for servers, never for pages that everybody can read.
    Vouch,
    /// See people, events, decisions, messages and plugins.
    Read,
    /// Bring other versions and configurations of plugins, as far as they ask for nothing new; what does waits for `Manage`.
    Install,
    /// Switch plugins on and off, and change what `Read` sees.
    Manage,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token that was shown.
    pub token: TokenId,
    /// The tenant the token belongs to; `TenantId::OPERATOR` for operators.
    pub tenant: TenantId,
    /// What it allows, sorted.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Whether this is an operator, who may do everything in every tenant.
    pub fn is_operator(&self) -> bool {
        self.tenant == TenantId::OPERATOR
    }

    /// Whether the tenant exists for this caller at all.
    pub fn sees(&self, tenant: TenantId) -> bool {
        self.is_operator() || self.tenant == tenant
    }

    /// Whether the caller may do `scope` things in `tenant`. `Manage` includes `Read` and `Install`.
    pub fn may(&self, tenant: TenantId, scope: Scope) -> bool {
        let managed = matches!(scope, Scope::Read | Scope::Install) && self.scopes.contains(&Scope::Manage);
        self.is_operator() || (self.tenant == tenant && (self.scopes.contains(&scope) || managed))
    }
}
