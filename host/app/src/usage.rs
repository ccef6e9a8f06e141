//! What plugins cost a tenant, and how much of it the tenant may have.

use std::collections::{BTreeMap, HashMap};

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::InstallationId;
use guanxi_domain::limits::PAGE_MAX;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::{Quota, Usage, WEIGHT_MAX, WorkKind, day};
use guanxi_store::{Scope as Rows, UsageRow};

use crate::{App, AppError};

/// The most days that are told of at once.
pub const USAGE_DAYS_MAX: u32 = 90;
const DAYS_DEFAULT: u32 = 30;
/// Why backtests and replays are refused.
pub(crate) const USED_UP: &str =
    "the tenant's fuel of today is used up; go on tomorrow (UTC), or let an operator raise the quota";

/// What plugins cost one tenant in the last days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageView {
    /// What the tenant may have.
    pub quota: Quota,
    /// What was burnt today, for whatever.
    pub fuel_today: u64,
    /// What of that backtests and replays burnt: real work is not held to it.
    pub trial_fuel_today: u64,
    /// By the names of installations, those that cost anything.
    pub installations: Vec<(String, Usage)>,
    /// By what it was for, what cost anything.
    pub works: Vec<(WorkKind, Usage)>,
    /// By days since the epoch (UTC), the latest first.
    pub days: Vec<(i64, Usage)>,
}

impl App {
    /// What plugins cost a tenant in the last days, today among them; it is known a second or so later.
    pub async fn usage(&self, caller: &Caller, slug: &str, days: Option<u32>) -> Result<UsageView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let today = day(self.ambient().now());
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let rows = read.usage(tenant, first(today, days)?).await?;
        let quota = read.quota(tenant).await?;
        let names =
            read.installations(tenant).await?.into_iter().map(|installation| (installation.id, installation.name));
        let names: HashMap<InstallationId, String> = names.collect();
        let (mut installations, mut by_day) = (BTreeMap::<String, Usage>::new(), BTreeMap::<i64, Usage>::new());
        let (mut works, mut trial_fuel_today) = (BTreeMap::<WorkKind, Usage>::new(), 0_u64);
        for row in rows {
            let name = names.get(&row.installation).cloned().unwrap_or_else(|| row.installation.to_string());
            *installations.entry(name).or_default() += row.usage;
            *by_day.entry(row.day).or_default() += row.usage;
            *works.entry(row.work).or_default() += row.usage;
            if row.day == today && row.work.is_trial() {
                trial_fuel_today = trial_fuel_today.saturating_add(row.usage.fuel);
            }
        }
        Ok(UsageView {
            quota,
            fuel_today: by_day.get(&today).map_or(0, |usage| usage.fuel),
            trial_fuel_today,
            installations: installations.into_iter().collect(),
            works: works.into_iter().collect(),
            days: by_day.into_iter().rev().collect(),
        })
    }

    /// What one installation cost in the last days, today among them: one entry a day since the epoch (UTC), the oldest first,
    /// days without calls among them.
    pub async fn installation_usage(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        days: u32,
    ) -> Result<Vec<(i64, Usage)>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let today = day(self.ambient().now());
        let from = first(today, Some(days))?;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let installation = read.installation(tenant, name).await?.ok_or(AppError::NotFound("installation"))?;
        let rows = read.usage_of_installation(tenant, installation.id, from).await?;
        let mut known: HashMap<i64, Usage> = HashMap::new();
        rows.into_iter().for_each(|row| *known.entry(row.day).or_default() += row.usage);
        Ok((from..=today).map(|day| (day, known.get(&day).copied().unwrap_or_default())).collect())
    }

    /// What a backtest or a replay may still burn today. They stop when everything together has burnt what the tenant may;
    /// what they burn is no reason to refuse real work.
    pub(crate) async fn fuel_left(&self, tenant: TenantId) -> Result<u64, AppError> {
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let Some(quota) = read.quota(tenant).await?.fuel_per_day else { return Ok(u64::MAX) };
        let burnt = read.fuel_of_day(tenant, day(self.ambient().now())).await?;
        Ok(quota.saturating_sub(burnt))
    }

    /// Counts what a backtest or a replay cost.
    pub(crate) async fn count_trial(
        &self,
        tenant: TenantId,
        installation: InstallationId,
        work: WorkKind,
        usage: Usage,
    ) -> Result<(), AppError> {
        if usage == Usage::default() {
            return Ok(());
        }
        let row = UsageRow { day: day(self.ambient().now()), installation, work, usage };
        let mut work = self.store().begin_unhurried(Rows::Tenant(tenant)).await?;
        work.add_usage(tenant, &row).await?;
        Ok(work.commit().await?)
    }

    /// What plugins cost each tenant in the last days, the greediest first, at most a page. Operators only.
    pub async fn usage_of_tenants(&self, caller: &Caller, days: Option<u32>) -> Result<Vec<(String, Usage)>, AppError> {
        self.operator(caller)?;
        let from = first(day(self.ambient().now()), days)?;
        let mut read = self.store().read(Rows::Host).await?;
        let mut all = Vec::new();
        for (tenant, usage) in read.usage_of_tenants(from, PAGE_MAX).await? {
            let known = read.tenant(tenant).await?.ok_or(AppError::NotFound("tenant"))?;
            all.push((known.slug.to_string(), usage));
        }
        Ok(all)
    }

    /// How much a tenant may have.
    pub async fn quota(&self, caller: &Caller, slug: &str) -> Result<Quota, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        Ok(self.store().read(Rows::Tenant(tenant)).await?.quota(tenant).await?)
    }

    /// Says how much a tenant may have; it is held to that within a second or so. Operators only.
    pub async fn put_quota(&self, caller: &Caller, slug: &str, quota: Quota) -> Result<Quota, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        self.operator(caller)?;
        if !(1..=WEIGHT_MAX).contains(&quota.weight) {
            return Err(AppError::invalid("weight", format!("is a whole number from 1 to {WEIGHT_MAX}")));
        }
        if quota.fuel_per_day.is_some_and(|fuel| i64::try_from(fuel).is_err()) {
            return Err(AppError::invalid("fuel_per_day", format!("is at most {}", i64::MAX)));
        }
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        work.put_quota(tenant, quota).await?;
        work.commit().await?;
        self.signals().installed.notify_one();
        Ok(quota)
    }
}

fn first(today: i64, days: Option<u32>) -> Result<i64, AppError> {
    let days = days.unwrap_or(DAYS_DEFAULT);
    if !(1..=USAGE_DAYS_MAX).contains(&days) {
        return Err(AppError::invalid("days", format!("is a whole number from 1 to {USAGE_DAYS_MAX}")));
    }
    Ok(today - i64::from(days) + 1)
}
