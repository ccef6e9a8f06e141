//! Access tokens and the console sessions opened with them. Only hashes of secrets are kept.

use guanxi_domain::Millis;
use guanxi_domain::caller::Scope;
use guanxi_domain::ids::TokenId;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "tokens";

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Whose; `TenantId::OPERATOR` for operators.
    pub tenant: TenantId,
    /// Names it in lists and logs.
    pub id: TokenId,
    /// What it is for, in words.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Millis,
    /// Good until then.
    pub expires_at: Option<Millis>,
    /// Taken back at.
    pub revoked_at: Option<Millis>,
}

impl Work {
    /// Keeps a new token of `tenant`; `Conflict("token")` if the hash or the id is known.
    pub async fn insert_token(&mut self, tenant: TenantId, token: &TokenRow, hash: &[u8]) -> Result<(), StoreError> {
        sqlx::query(
            "insert into tokens (tenant_id, id, name, scopes, hash, created_at, expires_at, revoked_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(tenant.0)
        .bind(token.id.as_bytes().as_slice())
        .bind(&token.name)
        .bind(json_text(TABLE, "scopes", &token.scopes)?)
        .bind(hash)
        .bind(token.created_at)
        .bind(token.expires_at)
        .bind(token.revoked_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("token"))?;
        Ok(())
    }

    /// The token with that hash, expired and revoked ones too. Needs [`crate::Scope::Host`].
    pub async fn token_by_hash(&mut self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
        sqlx::query(
            "select tenant_id, id, name, scopes, created_at, expires_at, revoked_at from tokens where hash = $1",
        )
        .bind(hash)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// All tokens of a tenant, oldest first, expired and revoked ones too.
    pub async fn tokens(&mut self, tenant: TenantId) -> Result<Vec<TokenRow>, StoreError> {
        sqlx::query(
            "select tenant_id, id, name, scopes, created_at, expires_at, revoked_at
             from tokens
             where tenant_id = $1
             order by id",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Takes a token back, and with it its sessions; a second time changes nothing. Whether there is such a token.
    pub async fn revoke_token(&mut self, tenant: TenantId, id: TokenId, now: Millis) -> Result<bool, StoreError> {
        let done =
            sqlx::query("update tokens set revoked_at = coalesce(revoked_at, $3) where tenant_id = $1 and id = $2")
                .bind(tenant.0)
                .bind(id.as_bytes().as_slice())
                .bind(now)
                .execute(self.connection())
                .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Opens a console session with a token of the same tenant, and forgets the tenant's ended ones.
    pub async fn insert_session(
        &mut self,
        tenant: TenantId,
        hash: &[u8],
        token: TokenId,
        now: Millis,
        expires_at: Millis,
    ) -> Result<(), StoreError> {
        sqlx::query("delete from sessions where tenant_id = $1 and expires_at <= $2")
            .bind(tenant.0)
            .bind(now)
            .execute(self.connection())
            .await?;
        sqlx::query(
            "insert into sessions (tenant_id, hash, token_id, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        )
        .bind(tenant.0)
        .bind(hash)
        .bind(token.as_bytes().as_slice())
        .bind(now)
        .bind(expires_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("session"))?;
        Ok(())
    }

    /// The token behind a session, if neither has ended. Needs [`crate::Scope::Host`].
    pub async fn session(&mut self, hash: &[u8], now: Millis) -> Result<Option<TokenRow>, StoreError> {
        sqlx::query(
            "select t.tenant_id, t.id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at
             from sessions s
             join tokens t on t.tenant_id = s.tenant_id and t.id = s.token_id
             where s.hash = $1 and s.expires_at > $2
               and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2)",
        )
        .bind(hash)
        .bind(now)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Ends a session, if it is there. Needs [`crate::Scope::Host`].
    pub async fn delete_session(&mut self, hash: &[u8]) -> Result<(), StoreError> {
        sqlx::query("delete from sessions where hash = $1").bind(hash).execute(self.connection()).await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<TokenRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(TokenRow {
        tenant: TenantId(cells.get("tenant_id")?),
        id: cells.id("id", TokenId::from_slice)?,
        name: cells.get("name")?,
        scopes: cells.json("scopes")?,
        created_at: cells.get("created_at")?,
        expires_at: cells.get("expires_at")?,
        revoked_at: cells.get("revoked_at")?,
    })
}
