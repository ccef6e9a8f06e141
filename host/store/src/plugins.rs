//! The host's library of plugins: each version of a plugin once, with the component's bytes, shared by all tenants.

use guanxi_domain::Millis;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// One version of a plugin, without its component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRow {
    /// As its manifest says.
    pub name: String,
    /// As its manifest says; a name and version stand for one digest for ever.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// `plugin.toml`, as it was inside the component.
    pub manifest: String,
    /// The admission report, JSON.
    pub report: String,
    /// Bytes of the component; what [`Work::insert_plugin`] is given here is not looked at.
    pub size: i64,
    /// When it was uploaded.
    pub created_at: Millis,
}

impl Work {
    /// Keeps a plugin. The same component twice is one; another component under the same name and version is
    /// `Conflict("plugin version")`.
    pub async fn insert_plugin(&mut self, plugin: &PluginRow, component: &[u8]) -> Result<(), StoreError> {
        let inserted = sqlx::query(
            "insert into plugins (name, version, digest, manifest, report, component, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (name, version) do nothing",
        )
        .bind(&plugin.name)
        .bind(&plugin.version)
        .bind(&plugin.digest)
        .bind(&plugin.manifest)
        .bind(&plugin.report)
        .bind(component)
        .bind(plugin.created_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("plugin version"))?;
        if inserted.rows_affected() == 1 {
            return Ok(());
        }
        match self.plugin(&plugin.name, &plugin.version).await? {
            Some(kept) if kept.digest == plugin.digest => Ok(()),
            _ => Err(StoreError::Conflict("plugin version")),
        }
    }

    /// One version of a plugin.
    pub async fn plugin(&mut self, name: &str, version: &str) -> Result<Option<PluginRow>, StoreError> {
        sqlx::query(
            "select name, version, digest, manifest, report, cast(length(component) as bigint) as size, created_at
             from plugins
             where name = $1 and version = $2",
        )
        .bind(name)
        .bind(version)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// The plugin whose component has this digest.
    pub async fn plugin_by_digest(&mut self, digest: &str) -> Result<Option<PluginRow>, StoreError> {
        sqlx::query(
            "select name, version, digest, manifest, report, cast(length(component) as bigint) as size, created_at
             from plugins
             where digest = $1",
        )
        .bind(digest)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// The version of a plugin that was uploaded last.
    pub async fn latest_plugin(&mut self, name: &str) -> Result<Option<PluginRow>, StoreError> {
        sqlx::query(
            "select name, version, digest, manifest, report, cast(length(component) as bigint) as size, created_at
             from plugins
             where name = $1
             order by created_at desc, version desc
             limit 1",
        )
        .bind(name)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// Every version of every plugin, the latest upload first.
    pub async fn plugins(&mut self, limit: u32) -> Result<Vec<PluginRow>, StoreError> {
        sqlx::query(
            "select name, version, digest, manifest, report, cast(length(component) as bigint) as size, created_at
             from plugins
             order by created_at desc, name, version desc
             limit $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// The bytes of a component.
    pub async fn component(&mut self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query("select component from plugins where digest = $1")
            .bind(digest)
            .fetch_optional(self.connection())
            .await?
            .map(|row| Cells::of(&row, "plugins").get("component"))
            .transpose()
    }
}

fn read(row: &AnyRow) -> Result<PluginRow, StoreError> {
    let cells = Cells::of(row, "plugins");
    Ok(PluginRow {
        name: cells.get("name")?,
        version: cells.get("version")?,
        digest: cells.get("digest")?,
        manifest: cells.get("manifest")?,
        report: cells.get("report")?,
        size: cells.get("size")?,
        created_at: cells.get("created_at")?,
    })
}
