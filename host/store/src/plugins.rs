//! The host's library of plugins: each version of a plugin once, with the component's bytes, shared by all tenants.

use guanxi_domain::Millis;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

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
    /// Whose package it is; nobody's if it came unsigned.
    pub publisher: Option<String>,
    /// The key that signed it, `ed25519:` and base64.
    pub signer: Option<String>,
    /// Where it came from: `bundled`, `upload`, or a reference into a registry.
    pub source: String,
    /// Not to be installed anew since then.
    pub yanked: Option<YankRow>,
}

/// A version that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YankRow {
    /// When.
    pub at: Millis,
    /// Why, in words.
    pub reason: String,
}

const COLUMNS: &str = "name, version, digest, manifest, report, cast(length(component) as bigint) as size, created_at,
                       publisher, signer, source, yanked_at, yanked_reason";

impl Work {
    /// Lets nobody else change the library until this work ends.
    pub async fn hold_plugins(&mut self) -> Result<(), StoreError> {
        // On SQLite nobody else writes anyway.
        if self.dialect() == Dialect::Postgres {
            sqlx::query("lock table plugins in share row exclusive mode").execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Keeps a plugin. The same component twice is one; another component under the same name and version is
    /// `Conflict("plugin version")`.
    pub async fn insert_plugin(&mut self, plugin: &PluginRow, component: &[u8]) -> Result<(), StoreError> {
        let inserted = sqlx::query(
            "insert into plugins
               (name, version, digest, manifest, report, component, created_at, publisher, signer, source)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (name, version) do nothing",
        )
        .bind(&plugin.name)
        .bind(&plugin.version)
        .bind(&plugin.digest)
        .bind(&plugin.manifest)
        .bind(&plugin.report)
        .bind(component)
        .bind(plugin.created_at)
        .bind(&plugin.publisher)
        .bind(&plugin.signer)
        .bind(&plugin.source)
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

    /// Keeps whose a plugin is that came before publishers were kept, unless the name has become somebody else's.
    pub async fn name_publisher(&mut self, digest: &str, publisher: &str, source: &str) -> Result<(), StoreError> {
        sqlx::query(
            "update plugins set publisher = $2, source = $3
             where digest = $1 and publisher is null
               and not exists (select 1 from plugins o where o.name = plugins.name and o.publisher <> $2)",
        )
        .bind(digest)
        .bind(publisher)
        .bind(source)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// One version of a plugin.
    pub async fn plugin(&mut self, name: &str, version: &str) -> Result<Option<PluginRow>, StoreError> {
        let sql = format!("select {COLUMNS} from plugins where name = $1 and version = $2");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(name).bind(version).fetch_optional(self.connection()).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The plugin whose component has this digest.
    pub async fn plugin_by_digest(&mut self, digest: &str) -> Result<Option<PluginRow>, StoreError> {
        let sql = format!("select {COLUMNS} from plugins where digest = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(digest).fetch_optional(self.connection()).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The versions of a plugin, the latest upload first, yanked ones too.
    pub async fn versions(&mut self, name: &str, limit: u32) -> Result<Vec<PluginRow>, StoreError> {
        let sql =
            format!("select {COLUMNS} from plugins where name = $1 order by created_at desc, version desc limit $2");
        let rows =
            sqlx::query(AssertSqlSafe(sql)).bind(name).bind(i64::from(limit)).fetch_all(self.connection()).await?;
        rows.iter().map(read).collect()
    }

    /// Every version of every plugin, the latest upload first.
    pub async fn plugins(&mut self, limit: u32) -> Result<Vec<PluginRow>, StoreError> {
        let sql = format!("select {COLUMNS} from plugins order by created_at desc, name, version desc limit $1");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit)).fetch_all(self.connection()).await?;
        rows.iter().map(read).collect()
    }

    /// Takes a version back, or with nothing offers it again; whether there is such a version.
    pub async fn yank_plugin(
        &mut self,
        name: &str,
        version: &str,
        yanked: Option<&YankRow>,
    ) -> Result<bool, StoreError> {
        let sql = "update plugins set yanked_at = $3, yanked_reason = $4 where name = $1 and version = $2";
        let changed = sqlx::query(sql)
            .bind(name)
            .bind(version)
            .bind(yanked.map(|yanked| yanked.at))
            .bind(yanked.map(|yanked| &yanked.reason))
            .execute(self.connection())
            .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Removes a version that nobody uses: that is installed nowhere, waits nowhere for an approval, is nobody's latest
    /// candidate, and decides in no backtest that has not ended. Whether it was removed. Needs [`crate::Scope::Host`].
    pub async fn drop_plugin(&mut self, name: &str, version: &str) -> Result<bool, StoreError> {
        let dropped = sqlx::query(
            "delete from plugins
             where name = $1 and version = $2
               and not exists (select i.tenant_id from installations i where i.digest = plugins.digest)
               and not exists (select u.tenant_id from upgrades u where u.digest = plugins.digest)
               and not exists (select c.tenant_id from candidates c where c.spec like '%' || plugins.digest || '%')
               and not exists (select b.tenant_id from backtests b
                               where b.status in ('waiting', 'running') and b.spec like '%' || plugins.digest || '%')",
        )
        .bind(name)
        .bind(version)
        .execute(self.connection())
        .await?;
        Ok(dropped.rows_affected() == 1)
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
        publisher: cells.get("publisher")?,
        signer: cells.get("signer")?,
        source: cells.get("source")?,
        yanked: cells.get::<Option<Millis>>("yanked_at")?.map(|at| yank(&cells, at)).transpose()?,
    })
}

fn yank(cells: &Cells<'_>, at: Millis) -> Result<YankRow, StoreError> {
    Ok(YankRow { at, reason: cells.get::<Option<String>>("yanked_reason")?.unwrap_or_default() })
}
