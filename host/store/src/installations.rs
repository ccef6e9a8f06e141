//! Which plugins a tenant has switched on or off, with which configuration, grants and secrets, and how they behave.

use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::{Health, Installation, Mode};
use guanxi_domain::tenant::{Slug, TenantId};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "installations";

/// The sealed secrets of an installation, or of something else with an id, with the names by which people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow<I = InstallationId> {
    /// Whose it is.
    pub tenant: TenantId,
    /// The tenant's name in addresses.
    pub slug: Slug,
    /// Which one.
    pub id: I,
    /// Its name.
    pub name: String,
    /// Its secrets as they are sealed.
    pub secrets: Vec<u8>,
}

impl Work {
    /// All installations of a tenant, by name.
    pub async fn installations(&mut self, tenant: TenantId) -> Result<Vec<Installation>, StoreError> {
        sqlx::query(
            "select id, name, plugin, version, digest, mode, config, grants, secret_names,
                    crashes, quarantines, quarantined_until, last_error, created_at, updated_at
             from installations
             where tenant_id = $1
             order by name",
        )
        .bind(tenant.0)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The installation of that name.
    pub async fn installation(&mut self, tenant: TenantId, name: &str) -> Result<Option<Installation>, StoreError> {
        sqlx::query(
            "select id, name, plugin, version, digest, mode, config, grants, secret_names,
                    crashes, quarantines, quarantined_until, last_error, created_at, updated_at
             from installations
             where tenant_id = $1 and name = $2",
        )
        .bind(tenant.0)
        .bind(name)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// The installation with that id.
    pub async fn installation_by_id(
        &mut self,
        tenant: TenantId,
        id: InstallationId,
    ) -> Result<Option<Installation>, StoreError> {
        sqlx::query(
            "select id, name, plugin, version, digest, mode, config, grants, secret_names,
                    crashes, quarantines, quarantined_until, last_error, created_at, updated_at
             from installations
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Every installation that is switched on, of every tenant, by tenant and name; quarantined ones too. Needs
    /// [`crate::Scope::Host`].
    pub async fn live_installations(&mut self) -> Result<Vec<(TenantId, Installation)>, StoreError> {
        sqlx::query(
            "select tenant_id, id, name, plugin, version, digest, mode, config, grants, secret_names,
                    crashes, quarantines, quarantined_until, last_error, created_at, updated_at
             from installations
             where mode = 'live'
             order by tenant_id, name",
        )
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| Ok((TenantId(Cells::of(row, TABLE).get("tenant_id")?), read(row)?)))
        .collect()
    }

    /// Installs a plugin, or changes the installation of that name, whose id and first date stay. The sealed
    /// `secrets` and the names that tell which are set change together; `None` keeps both.
    pub async fn put_installation(
        &mut self,
        tenant: TenantId,
        installation: &Installation,
        secrets: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let health = &installation.health;
        sqlx::query(
            "insert into installations (tenant_id, id, name, plugin, version, digest, mode, config, grants,
                                        secret_names, secrets, crashes, quarantines, quarantined_until, last_error,
                                        created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
             on conflict (tenant_id, name) do update set
               plugin = excluded.plugin,
               version = excluded.version,
               digest = excluded.digest,
               mode = excluded.mode,
               config = excluded.config,
               grants = excluded.grants,
               secret_names = case when excluded.secrets is null
                              then installations.secret_names else excluded.secret_names end,
               secrets = coalesce(excluded.secrets, installations.secrets),
               crashes = excluded.crashes,
               quarantines = excluded.quarantines,
               quarantined_until = excluded.quarantined_until,
               last_error = excluded.last_error,
               updated_at = excluded.updated_at",
        )
        .bind(tenant.0)
        .bind(installation.id.as_bytes().as_slice())
        .bind(&installation.name)
        .bind(&installation.plugin)
        .bind(&installation.version)
        .bind(&installation.digest)
        .bind(installation.mode.as_str())
        .bind(json_text(TABLE, "config", &installation.config)?)
        .bind(json_text(TABLE, "grants", &installation.grants)?)
        .bind(json_text(TABLE, "secret_names", &installation.secrets)?)
        .bind(secrets)
        .bind(i64::from(health.crashes))
        .bind(i64::from(health.quarantines))
        .bind(health.quarantined_until)
        .bind(health.last_error.as_deref())
        .bind(installation.created_at)
        .bind(installation.updated_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("installation"))?;
        Ok(())
    }

    /// The sealed secrets of an installation; `None` if it has none, or does not exist.
    pub async fn installation_secrets(
        &mut self,
        tenant: TenantId,
        id: InstallationId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("select secrets from installations where tenant_id = $1 and id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?;
        row.map_or(Ok(None), |row| Cells::of(&row, TABLE).get("secrets"))
    }

    /// The installations with sealed secrets, of every tenant, by tenant and id, behind `after`. Needs
    /// [`crate::Scope::Host`].
    pub async fn sealed_secrets(
        &mut self,
        after: Option<(TenantId, InstallationId)>,
        limit: u32,
    ) -> Result<Vec<SealedRow>, StoreError> {
        let (tenant, id) = after.as_ref().map_or((-1, &[0; 16]), |(tenant, id)| (tenant.0, id.as_bytes()));
        sqlx::query(
            "select i.tenant_id, t.slug, i.id, i.name, i.secrets
             from installations i
             join tenants t on t.tenant_id = i.tenant_id
             where (i.tenant_id, i.id) > ($1, $2) and i.secrets is not null
             order by i.tenant_id, i.id
             limit $3",
        )
        .bind(tenant)
        .bind(id.as_slice())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_sealed)
        .collect()
    }

    /// Puts `anew` in the place of the sealed secrets `old`, unless somebody changed them meanwhile; whether it did.
    /// Nothing that a person set changes, `updated_at` neither.
    pub async fn replace_secrets(
        &mut self,
        tenant: TenantId,
        id: InstallationId,
        old: &[u8],
        anew: &[u8],
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update installations set secrets = $4
             where tenant_id = $1 and id = $2 and secrets = $3",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(old)
        .bind(anew)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes how an installation behaves; nothing that a person set changes, `updated_at` neither.
    pub async fn put_health(
        &mut self,
        tenant: TenantId,
        id: InstallationId,
        health: &Health,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update installations
             set crashes = $3, quarantines = $4, quarantined_until = $5, last_error = $6
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(i64::from(health.crashes))
        .bind(i64::from(health.quarantines))
        .bind(health.quarantined_until)
        .bind(health.last_error.as_deref())
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

fn read_sealed(row: &AnyRow) -> Result<SealedRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(SealedRow {
        tenant: TenantId(cells.get("tenant_id")?),
        slug: cells.word("slug", |text| text.parse().ok())?,
        id: cells.id("id", InstallationId::from_slice)?,
        name: cells.get("name")?,
        secrets: cells.get("secrets")?,
    })
}

fn read(row: &AnyRow) -> Result<Installation, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Installation {
        id: cells.id("id", InstallationId::from_slice)?,
        name: cells.get("name")?,
        plugin: cells.get("plugin")?,
        version: cells.get("version")?,
        digest: cells.get("digest")?,
        mode: cells.word("mode", Mode::parse)?,
        config: cells.json("config")?,
        grants: cells.json("grants")?,
        secrets: cells.json("secret_names")?,
        health: Health {
            crashes: cells.number("crashes")?,
            quarantines: cells.number("quarantines")?,
            quarantined_until: cells.get("quarantined_until")?,
            last_error: cells.get("last_error")?,
        },
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
