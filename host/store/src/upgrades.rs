//! What installations wait for: a version of their plugin that somebody of the tenant has to approve, at most one each.

use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::{Mode, Upgrade};
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "upgrades";

impl Work {
    /// All versions of a tenant that wait, with the installations that wait for them.
    pub async fn upgrades(&mut self, tenant: TenantId) -> Result<Vec<(InstallationId, Upgrade)>, StoreError> {
        sqlx::query(
            "select installation_id, version, digest, config, mode, asks, asked_by, asked_at
             from upgrades
             where tenant_id = $1
             order by installation_id",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| Ok((Cells::of(row, TABLE).id("installation_id", InstallationId::from_slice)?, read(row)?)))
        .collect()
    }

    /// What an installation waits for.
    pub async fn upgrade(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
    ) -> Result<Option<Upgrade>, StoreError> {
        sqlx::query(
            "select version, digest, config, mode, asks, asked_by, asked_at
             from upgrades
             where tenant_id = $1 and installation_id = $2",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Lets an installation wait for this one, and for no other.
    pub async fn put_upgrade(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        upgrade: &Upgrade,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into upgrades (tenant_id, installation_id, version, digest, config, mode, asks, asked_by, asked_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (tenant_id, installation_id) do update set
               version = excluded.version,
               digest = excluded.digest,
               config = excluded.config,
               mode = excluded.mode,
               asks = excluded.asks,
               asked_by = excluded.asked_by,
               asked_at = excluded.asked_at",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(&upgrade.version)
        .bind(&upgrade.digest)
        .bind(json_text(TABLE, "config", &upgrade.config)?)
        .bind(upgrade.mode.as_str())
        .bind(json_text(TABLE, "asks", &upgrade.asks)?)
        .bind(&upgrade.asked_by)
        .bind(upgrade.asked_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Lets an installation wait for nothing any more; whether it did.
    pub async fn drop_upgrade(&mut self, tenant: TenantId, installation: InstallationId) -> Result<bool, StoreError> {
        let dropped = sqlx::query("delete from upgrades where tenant_id = $1 and installation_id = $2")
            .bind(tenant.0)
            .bind(installation.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        Ok(dropped.rows_affected() > 0)
    }
}

fn read(row: &AnyRow) -> Result<Upgrade, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Upgrade {
        version: cells.get("version")?,
        digest: cells.get("digest")?,
        config: cells.json("config")?,
        mode: cells.word("mode", Mode::parse)?,
        asks: cells.json("asks")?,
        asked_by: cells.get("asked_by")?,
        asked_at: cells.get("asked_at")?,
    })
}
