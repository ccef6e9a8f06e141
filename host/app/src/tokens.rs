//! API tokens and console sessions. A secret is shown once; the store keeps only its hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::TokenId;
use guanxi_domain::tenant::{Tenant, TenantId};
use guanxi_store::{Scope as Rows, TokenRow};

use crate::access::{caller_of, fingerprint};
use crate::tenants::checked_name;
use crate::{App, AppError};

/// How long a console session lasts.
const SESSION_MS: Millis = 12 * 3_600_000;
/// The least characters of a token that somebody brings along.
const BROUGHT_MIN: usize = 16;

/// A token as it is shown, once.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// The secret itself.
    pub secret: String,
}

/// A console session as it is handed to the browser, once.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The secret for the cookie.
    pub secret: String,
    /// Who it is.
    pub caller: Caller,
    /// When it ends.
    pub expires_at: Millis,
}

impl App {
    /// Makes a token for a tenant. Needs `manage`; a token never allows more than the caller's own.
    pub async fn create_token(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        scopes: &[Scope],
    ) -> Result<NewToken, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        if scopes.is_empty() {
            return Err(AppError::invalid("scopes", "name at least one of ingest, read, manage"));
        }
        self.make_token(tenant.id, checked_name("name", name)?, scopes, None).await
    }

    /// The tokens of a tenant, without their secrets.
    pub async fn tokens(&self, caller: &Caller, slug: &str) -> Result<Vec<TokenRow>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.tokens(tenant.id).await?)
    }

    /// Revokes a token at once.
    pub async fn revoke_token(&self, caller: &Caller, slug: &str, token: TokenId) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let known = work.revoke_token(tenant.id, token, self.ambient().now()).await?;
        work.commit().await?;
        self.inner.access.forget_callers();
        if known { Ok(()) } else { Err(AppError::NotFound("token")) }
    }

    /// Makes sure that an operator can get in: presets `brought` if given, else makes a token if there is none yet and
    /// returns it to be shown once.
    pub async fn ensure_operator(&self, brought: Option<&str>) -> Result<Option<String>, AppError> {
        let existing = self.store().read(Rows::Tenant(TenantId::OPERATOR)).await?.tokens(TenantId::OPERATOR).await?;
        match brought {
            Some(secret) if secret.len() < BROUGHT_MIN => Err(AppError::invalid(
                "GUANXI_OPERATOR_TOKEN",
                format!("give at least {BROUGHT_MIN} characters; `openssl rand -hex 32` makes a good one"),
            )),
            Some(secret) => match self.make_token(TenantId::OPERATOR, "preset", &[], Some(secret)).await {
                Ok(_) | Err(AppError::Conflict(_)) => Ok(None),
                Err(error) => Err(error),
            },
            None if existing.is_empty() => {
                Ok(Some(self.make_token(TenantId::OPERATOR, "first", &[], None).await?.secret))
            }
            None => Ok(None),
        }
    }

    /// Makes one more operator token; for the command line, which has the database at hand.
    pub async fn create_operator_token(&self, name: &str) -> Result<NewToken, AppError> {
        self.make_token(TenantId::OPERATOR, checked_name("name", name)?, &[], None).await
    }

    /// Starts a console session for whoever shows a token that may read.
    pub async fn sign_in(&self, token: &str) -> Result<SignedIn, AppError> {
        let caller = self.authenticate(token.trim()).await?;
        if !caller.may(caller.tenant, Scope::Read) {
            return Err(AppError::Forbidden("read"));
        }
        let secret = self.secret("gxs_");
        let now = self.ambient().now();
        let expires_at = now + SESSION_MS;
        let mut work = self.store().begin(Rows::Host).await?;
        work.insert_session(caller.tenant, &fingerprint(&secret), caller.token, now, expires_at).await?;
        work.commit().await?;
        Ok(SignedIn { secret, caller, expires_at })
    }

    /// Who a console session belongs to.
    pub async fn session(&self, secret: &str) -> Result<Caller, AppError> {
        let now = self.ambient().now();
        let row = self.store().read(Rows::Host).await?.session(&fingerprint(secret), now).await?;
        row.map(caller_of).ok_or(AppError::Unauthorized)
    }

    /// Ends a console session.
    pub async fn sign_out(&self, secret: &str) -> Result<(), AppError> {
        let mut work = self.store().begin(Rows::Host).await?;
        work.delete_session(&fingerprint(secret)).await?;
        Ok(work.commit().await?)
    }

    /// The tenant that a caller belongs to; `None` for operators, who belong to none.
    pub async fn home(&self, caller: &Caller) -> Result<Option<Tenant>, AppError> {
        if caller.is_operator() {
            return Ok(None);
        }
        if let Some(tenant) = self.inner.access.home(caller.tenant) {
            return Ok(Some(tenant));
        }
        let tenant = self.store().read(Rows::Host).await?.tenant(caller.tenant).await?;
        if let Some(tenant) = &tenant {
            self.inner.access.remember(tenant);
        }
        Ok(tenant)
    }

    async fn make_token(
        &self,
        tenant: TenantId,
        name: &str,
        scopes: &[Scope],
        brought: Option<&str>,
    ) -> Result<NewToken, AppError> {
        let mut scopes = scopes.to_vec();
        scopes.sort();
        scopes.dedup();
        let secret = brought.map_or_else(|| self.secret("gxt_"), str::to_owned);
        let row = TokenRow {
            tenant,
            id: TokenId::from_uuid(self.ambient().uuid()),
            name: name.to_owned(),
            scopes: scopes.clone(),
            created_at: self.ambient().now(),
            expires_at: None,
            revoked_at: None,
        };
        let mut work = self.store().begin(Rows::Host).await?;
        work.insert_token(tenant, &row, &fingerprint(&secret)).await?;
        work.commit().await?;
        Ok(NewToken { id: row.id, name: row.name, scopes, secret })
    }

    fn secret(&self, prefix: &str) -> String {
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.ambient().bytes::<32>()))
    }
}
