//! What calls of plugins come to: counted in memory call by call, written once a second, and held to what tenants may have.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::Millis;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::{Quota, Usage, WorkKind, day};
use guanxi_runtime::{Call, CallError};
use guanxi_store::{Scope as Rows, Store, UsageRow, Work};
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// How often what was counted is written. What a crash of the process leaves unwritten is lost.
const PAUSE: Duration = Duration::from_secs(1);
/// Days of which it is kept.
const DAYS_KEPT: i64 = 400;
/// Days of which it is kept how often limited operations were carried out: only the tenant's today is asked for, wherever that is.
const COUNTS_KEPT: i64 = 3;

/// What all plugins of this process came to since it was last written, and what tenants have left.
#[derive(Default)]
pub(crate) struct Meters {
    meters: Mutex<HashMap<(TenantId, InstallationId), Arc<Meter>>>,
    budgets: Mutex<HashMap<TenantId, Arc<Budget>>>,
}

/// What the calls of one installation came to, by what they were for.
#[derive(Default)]
pub(crate) struct Meter(Mutex<Sums>);

type Sums = BTreeMap<WorkKind, Usage>;

/// What the plugins of one tenant may burn today, and what they have burnt for real work.
pub(crate) struct Budget {
    limit: AtomicU64,
    weight: AtomicU64,
    day: AtomicI64,
    used: AtomicU64,
}

impl Meter {
    /// Counts a call about so many items.
    pub(crate) fn count<T>(&self, work: WorkKind, call: &Call<T>, items: usize) {
        let failed = |by: fn(&CallError) -> bool| u64::from(call.result.as_ref().is_err_and(by));
        self.add(
            work,
            Usage {
                calls: 1,
                items: items as u64,
                crashes: failed(CallError::is_crash),
                timeouts: failed(CallError::is_timeout),
                refusals: 0,
                fuel: call.fuel,
                micros: u64::try_from(call.took.as_micros()).unwrap_or(u64::MAX),
            },
        );
    }

    /// Counts operations that the host refused.
    pub(crate) fn count_refusals(&self, work: WorkKind, refusals: usize) {
        self.add(work, Usage { refusals: refusals as u64, ..Usage::default() });
    }

    fn add(&self, work: WorkKind, usage: Usage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(work).or_default() += usage;
    }

    fn take(&self) -> Sums {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Budget {
    /// Burns fuel of a day.
    pub(crate) fn burn(&self, fuel: u64, now: Millis) {
        let today = day(now);
        if self.day.swap(today, Ordering::Relaxed) != today {
            self.used.store(0, Ordering::Relaxed);
        }
        self.used.fetch_add(fuel, Ordering::Relaxed);
    }

    /// Whether all of today's fuel is burnt.
    pub(crate) fn is_used_up(&self, now: Millis) -> bool {
        let used = if self.day.load(Ordering::Relaxed) == day(now) { self.used.load(Ordering::Relaxed) } else { 0 };
        used >= self.limit.load(Ordering::Relaxed)
    }

    /// The tenant's share beside others.
    pub(crate) fn weight(&self) -> u64 {
        self.weight.load(Ordering::Relaxed)
    }

    fn hold_to(&self, quota: Quota) {
        self.limit.store(quota.fuel_per_day.unwrap_or(u64::MAX), Ordering::Relaxed);
        self.weight.store(quota.weight.max(1).into(), Ordering::Relaxed);
    }
}

impl Meters {
    /// Where the calls of an installation are counted.
    pub(crate) fn meter(&self, tenant: TenantId, installation: InstallationId) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry((tenant, installation)).or_default())
    }

    /// What a tenant may have, as it is said now.
    pub(crate) async fn budget(&self, read: &mut Work, tenant: TenantId, now: Millis) -> Result<Arc<Budget>, AppError> {
        let quota = read.quota(tenant).await?;
        let known = self.budgets.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        let budget = match known {
            Some(budget) => budget,
            None => {
                let today = day(now);
                let rows = read.usage(tenant, today).await?;
                let real = rows.iter().filter(|row| row.day == today && !row.work.is_trial());
                let used = real.map(|row| row.usage.fuel).sum();
                let budget = Budget {
                    limit: AtomicU64::new(u64::MAX),
                    weight: AtomicU64::new(1),
                    day: AtomicI64::new(today),
                    used: AtomicU64::new(used),
                };
                let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(budgets.entry(tenant).or_insert_with(|| Arc::new(budget)))
            }
        };
        budget.hold_to(quota);
        Ok(budget)
    }

    /// Writes what was counted since the last time.
    async fn write(&self, store: &Store, now: Millis) -> Result<(), AppError> {
        let counted: Vec<((TenantId, InstallationId), Sums)> = {
            let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
            meters.iter().map(|(whose, meter)| (*whose, meter.take())).filter(|(_, sums)| !sums.is_empty()).collect()
        };
        if counted.is_empty() {
            return Ok(());
        }
        let written = async {
            let mut work = store.begin_unhurried(Rows::Host).await?;
            for ((tenant, installation), sums) in &counted {
                for (kind, usage) in sums {
                    let row = UsageRow { day: day(now), installation: *installation, work: *kind, usage: *usage };
                    work.add_usage(*tenant, &row).await?;
                }
            }
            Ok::<(), AppError>(work.commit().await?)
        };
        let written = written.await;
        if written.is_err() {
            for ((tenant, installation), sums) in counted {
                let meter = self.meter(tenant, installation);
                sums.into_iter().for_each(|(kind, usage)| meter.add(kind, usage));
            }
        }
        written
    }
}

/// Writes what is counted until `stop` is cancelled, and once more then.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let (meters, store) = (engine.fleet.meters(), engine.app.store());
    let mut kept_from = i64::MIN;
    loop {
        let stopped = tokio::time::timeout(PAUSE, stop.cancelled()).await.is_ok();
        let now = engine.app.ambient().now();
        if let Err(error) = meters.write(store, now).await {
            tracing::warn!(%error, "what plugins came to is written later");
        }
        if stopped {
            return;
        }
        let from = day(now) - DAYS_KEPT;
        if kept_from < from {
            match forget(store, from).await {
                Ok(()) => kept_from = from,
                Err(error) => tracing::warn!(%error, "what plugins came to long ago waits"),
            }
        }
    }
}

async fn forget(store: &Store, before: i64) -> Result<(), AppError> {
    let mut work = store.begin(Rows::Host).await?;
    work.forget_usage(before).await?;
    work.forget_operation_counts(before + DAYS_KEPT - COUNTS_KEPT).await?;
    Ok(work.commit().await?)
}

#[cfg(test)]
mod tests {
    use guanxi_domain::DAY;

    use super::*;

    #[test]
    fn pl_7_a_budget_is_used_up_and_begins_anew_the_next_day() {
        let budget = Budget {
            limit: AtomicU64::new(u64::MAX),
            weight: AtomicU64::new(1),
            day: AtomicI64::new(0),
            used: AtomicU64::new(90),
        };
        assert!(!budget.is_used_up(5));
        budget.hold_to(Quota { fuel_per_day: Some(100), weight: 3 });
        assert!(!budget.is_used_up(5) && budget.weight() == 3);
        budget.burn(10, 6);
        assert!(budget.is_used_up(7) && !budget.is_used_up(DAY));
        budget.burn(99, DAY + 1);
        assert!(!budget.is_used_up(DAY + 2));
        budget.burn(1, DAY + 3);
        assert!(budget.is_used_up(DAY + 4));
        budget.hold_to(Quota::default());
        assert!(!budget.is_used_up(DAY + 5));
    }
}
