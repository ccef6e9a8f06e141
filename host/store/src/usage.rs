//! What calls of plugins came to, by day, and how much of it tenants may have.

use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::{Quota, Usage, WorkKind};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "plugin_usage";

/// What the calls of one installation for one kind of work came to on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Days since the epoch, UTC.
    pub day: i64,
    /// Whose calls.
    pub installation: InstallationId,
    /// What for.
    pub work: WorkKind,
    /// What they came to.
    pub usage: Usage,
}

impl Work {
    /// Adds to what an installation came to on a day.
    pub async fn add_usage(&mut self, tenant: TenantId, row: &UsageRow) -> Result<(), StoreError> {
        let Usage { calls, items, crashes, timeouts, refusals, fuel, micros } = row.usage;
        let sums = [calls, items, crashes, timeouts, refusals, fuel, micros].map(kept);
        let query = sqlx::query(
            "insert into plugin_usage (tenant_id, day, installation_id, work,
                                       calls, items, crashes, timeouts, refusals, fuel, micros)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict (tenant_id, day, installation_id, work) do update set
               calls = plugin_usage.calls + excluded.calls,
               items = plugin_usage.items + excluded.items,
               crashes = plugin_usage.crashes + excluded.crashes,
               timeouts = plugin_usage.timeouts + excluded.timeouts,
               refusals = plugin_usage.refusals + excluded.refusals,
               fuel = plugin_usage.fuel + excluded.fuel,
               micros = plugin_usage.micros + excluded.micros",
        )
        .bind(tenant.0)
        .bind(row.day)
        .bind(row.installation.as_bytes().as_slice())
        .bind(row.work.as_str());
        sums.into_iter().fold(query, |query, sum| query.bind(sum)).execute(self.connection()).await?;
        Ok(())
    }

    /// What a tenant's installations came to from a day on, the latest first.
    pub async fn usage(&mut self, tenant: TenantId, from: i64) -> Result<Vec<UsageRow>, StoreError> {
        sqlx::query(
            "select day, installation_id, work, calls, items, crashes, timeouts, refusals, fuel, micros
             from plugin_usage
             where tenant_id = $1 and day >= $2
             order by day desc, installation_id, work",
        )
        .bind(tenant.0)
        .bind(from)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_row)
        .collect()
    }

    /// What one installation of a tenant came to from a day on, the latest first.
    pub async fn usage_of_installation(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        from: i64,
    ) -> Result<Vec<UsageRow>, StoreError> {
        sqlx::query(
            "select day, installation_id, work, calls, items, crashes, timeouts, refusals, fuel, micros
             from plugin_usage
             where tenant_id = $1 and day >= $2 and installation_id = $3
             order by day desc, work",
        )
        .bind(tenant.0)
        .bind(from)
        .bind(installation.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_row)
        .collect()
    }

    /// What each tenant came to from a day on, the greediest first, at most so many. Needs [`crate::Scope::Host`].
    pub async fn usage_of_tenants(&mut self, from: i64, limit: u32) -> Result<Vec<(TenantId, Usage)>, StoreError> {
        sqlx::query(
            "select tenant_id, cast(sum(calls) as bigint) as calls, cast(sum(items) as bigint) as items,
                    cast(sum(crashes) as bigint) as crashes, cast(sum(timeouts) as bigint) as timeouts,
                    cast(sum(refusals) as bigint) as refusals, cast(sum(fuel) as bigint) as fuel,
                    cast(sum(micros) as bigint) as micros
             from plugin_usage
             where day >= $1
             group by tenant_id
             order by sum(fuel) desc, tenant_id
             limit $2",
        )
        .bind(from)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| Ok((TenantId(Cells::of(row, TABLE).get("tenant_id")?), read(row)?)))
        .collect()
    }

    /// Fuel that a tenant's plugins burnt on a day, for whatever.
    pub async fn fuel_of_day(&mut self, tenant: TenantId, day: i64) -> Result<u64, StoreError> {
        let sql = "select cast(coalesce(sum(fuel), 0) as bigint) as fuel
                   from plugin_usage
                   where tenant_id = $1 and day = $2";
        let row = sqlx::query(sql).bind(tenant.0).bind(day).fetch_one(self.connection()).await?;
        Cells::of(&row, TABLE).number("fuel")
    }

    /// Forgets days before this one, of every tenant. Needs [`crate::Scope::Host`].
    pub async fn forget_usage(&mut self, before: i64) -> Result<(), StoreError> {
        sqlx::query("delete from plugin_usage where day < $1").bind(before).execute(self.connection()).await?;
        Ok(())
    }

    /// How much a tenant may have.
    pub async fn quota(&mut self, tenant: TenantId) -> Result<Quota, StoreError> {
        let row = sqlx::query("select fuel_per_day, weight from quotas where tenant_id = $1")
            .bind(tenant.0)
            .fetch_optional(self.connection())
            .await?;
        row.map_or_else(|| Ok(Quota::default()), |row| read_quota(&row))
    }

    /// Says how much a tenant may have.
    pub async fn put_quota(&mut self, tenant: TenantId, quota: Quota) -> Result<(), StoreError> {
        sqlx::query(
            "insert into quotas (tenant_id, fuel_per_day, weight) values ($1, $2, $3)
             on conflict (tenant_id) do update set fuel_per_day = excluded.fuel_per_day, weight = excluded.weight",
        )
        .bind(tenant.0)
        .bind(quota.fuel_per_day.map(kept))
        .bind(i64::from(quota.weight))
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// Sums of many years stay below what a database keeps.
fn kept(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read_row(row: &AnyRow) -> Result<UsageRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(UsageRow {
        day: cells.get("day")?,
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        work: cells.word("work", WorkKind::parse)?,
        usage: read(row)?,
    })
}

fn read(row: &AnyRow) -> Result<Usage, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Usage {
        calls: cells.number("calls")?,
        items: cells.number("items")?,
        crashes: cells.number("crashes")?,
        timeouts: cells.number("timeouts")?,
        refusals: cells.number("refusals")?,
        fuel: cells.number("fuel")?,
        micros: cells.number("micros")?,
    })
}

fn read_quota(row: &AnyRow) -> Result<Quota, StoreError> {
    let cells = Cells::of(row, "quotas");
    Ok(Quota { fuel_per_day: cells.maybe_number("fuel_per_day")?, weight: cells.number("weight")? })
}
