//! What operators let plugins do at most, for all tenants. A plugin without an allowance may do whatever its tenants grant.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::grants::Grants;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "plugin_allowances";

impl Work {
    /// All allowances, by the names of plugins.
    pub async fn allowances(&mut self) -> Result<HashMap<String, Grants>, StoreError> {
        sqlx::query("select plugin, grants from plugin_allowances")
            .fetch_all(self.connection())
            .await?
            .iter()
            .map(|row| {
                let cells = Cells::of(row, TABLE);
                Ok((cells.get("plugin")?, cells.json("grants")?))
            })
            .collect()
    }

    /// What a plugin may do at most, if that is limited.
    pub async fn allowance(&mut self, plugin: &str) -> Result<Option<Grants>, StoreError> {
        sqlx::query("select grants from plugin_allowances where plugin = $1")
            .bind(plugin)
            .fetch_optional(self.connection())
            .await?
            .map(|row| Cells::of(&row, TABLE).json("grants"))
            .transpose()
    }

    /// Limits what a plugin may do, or with `None` lets it do whatever its tenants grant.
    pub async fn put_allowance(
        &mut self,
        plugin: &str,
        grants: Option<&Grants>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let Some(grants) = grants else {
            sqlx::query("delete from plugin_allowances where plugin = $1")
                .bind(plugin)
                .execute(self.connection())
                .await?;
            return Ok(());
        };
        sqlx::query(
            "insert into plugin_allowances (plugin, grants, updated_at) values ($1, $2, $3)
             on conflict (plugin) do update set grants = excluded.grants, updated_at = excluded.updated_at",
        )
        .bind(plugin)
        .bind(json_text(TABLE, "grants", grants)?)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
