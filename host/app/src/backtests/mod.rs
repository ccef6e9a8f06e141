//! Backtests: another version or configuration of a campaign decides about what an installation has decided already, or of a
//! scorer scores the people of today. Nobody is told, nothing is sent and no score is kept.

mod moments;
mod people;
mod run;
mod spec;

use guanxi_domain::Millis;
use guanxi_domain::backtest::{Backtest, BacktestKind, BacktestSpec, BacktestStatus, Difference};
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::BacktestId;
use guanxi_domain::installation::Installation;
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use serde_json::Value;

use crate::insight::page;
use crate::{App, AppError};
use run::Run;

/// Those that a tenant has open at once.
const OPEN_MAX: usize = 3;
/// Those that are kept.
const KEPT: u32 = 50;
/// Whoever works on one says so within this time.
const LEASE: Millis = 60_000;
/// How often progress is noted.
const NOTED: Millis = 1_000;

/// What is to be compared.
#[derive(Debug, Clone, Default)]
pub struct BacktestInput {
    /// The name of the installation whose decisions are looked at.
    pub installation: String,
    /// The version that decides; the installation's own if not given.
    pub version: Option<String>,
    /// The configuration; the installation's own if not given. What is left out gets the schema's default.
    pub config: Option<Value>,
    /// Decisions about events received from then on; 30 days before `to` if not given,
    pub from: Option<Millis>,
    /// and before then; now if not given. Of a scorer neither can be given: everybody is scored as of now.
    pub to: Option<Millis>,
    /// What is compared: only to be said of a plugin that is both.
    pub kind: Option<BacktestKind>,
    /// Of a scorer, of how many people at most; as many as can be if not given.
    pub people: Option<u32>,
}

/// A backtest that this process works on.
pub struct BacktestClaim {
    backtest: Backtest,
    until: Millis,
}

impl App {
    /// Asks for a backtest of a version that is in the library. Needs `manage`.
    pub async fn start_backtest(
        &self,
        caller: &Caller,
        slug: &str,
        input: BacktestInput,
    ) -> Result<Backtest, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let installation = self.installation(caller, slug, &input.installation).await?.installation;
        let spec = self.spec(caller, &installation, None, input).await?;
        let backtest = self.new_backtest(tenant, caller, &installation, spec);
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let known = work.backtests(tenant, None, KEPT).await?;
        if known.iter().filter(|known| known.status.is_open()).count() >= OPEN_MAX {
            return Err(AppError::Conflict(format!("{OPEN_MAX} backtests are open; wait for one or stop it")));
        }
        work.insert_backtest(&backtest).await?;
        work.forget_backtests(tenant, KEPT).await?;
        work.commit().await?;
        self.signals().backtested.notify_one();
        Ok(backtest)
    }

    /// The backtests of a tenant, newest first.
    pub async fn backtests(
        &self,
        caller: &Caller,
        slug: &str,
        before: Option<BacktestId>,
        limit: Option<u32>,
    ) -> Result<Vec<Backtest>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        Ok(self.store().read(Rows::Tenant(tenant)).await?.backtests(tenant, before, page(limit)).await?)
    }

    /// One backtest.
    pub async fn backtest(&self, caller: &Caller, slug: &str, id: BacktestId) -> Result<Backtest, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let found = self.store().read(Rows::Tenant(tenant)).await?.backtest(tenant, id).await?;
        found.ok_or(AppError::NotFound("backtest"))
    }

    /// Stops a backtest; what was found so far stays. Needs `manage`.
    pub async fn stop_backtest(&self, caller: &Caller, slug: &str, id: BacktestId) -> Result<Backtest, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        work.backtest(tenant, id).await?.ok_or(AppError::NotFound("backtest"))?;
        if !work.stop_backtest(tenant, id, self.ambient().now()).await? {
            return Err(AppError::Conflict("the backtest has ended already".to_owned()));
        }
        let stopped = work.backtest(tenant, id).await?.ok_or(AppError::NotFound("backtest"))?;
        work.commit().await?;
        Ok(stopped)
    }

    /// Compares at once and keeps nothing, also with a component that is not in the library; tells how far it has come.
    /// Needs `manage`.
    pub async fn compare(
        &self,
        caller: &Caller,
        slug: &str,
        input: BacktestInput,
        component: Option<Vec<u8>>,
        mut tell: impl FnMut(f64),
    ) -> Result<Difference, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let installation = self.installation(caller, slug, &input.installation).await?.installation;
        let (plugin, spec) = match component {
            Some(component) => {
                let admitted = (self.inner.door.admission)(component).await.map_err(AppError::Invalid)?;
                let plugin = (self.inner.door.load)(admitted.component).await;
                let plugin = plugin.map_err(|problem| AppError::invalid("component", problem))?;
                let found = Some((admitted.manifest, admitted.digest));
                (plugin, self.spec(caller, &installation, found, input).await?)
            }
            None => {
                let spec = self.spec(caller, &installation, None, input).await?;
                (self.load_plugin(&spec.digest).await?, spec)
            }
        };
        let mut run = Run::open(self, self.new_backtest(tenant, caller, &installation, spec), plugin).await?;
        while run.step().await? {
            tell(run.progress());
        }
        run.difference().await
    }

    /// Takes a backtest that waits, or that nobody goes on with.
    pub async fn claim_backtest(&self) -> Result<Option<BacktestClaim>, AppError> {
        let now = self.ambient().now();
        let next = self.store().read(Rows::Host).await?.next_backtest(now).await?;
        let Some((tenant, id)) = next else { return Ok(None) };
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let claimed = work.claim_backtest(tenant, id, now, now + LEASE).await?;
        work.commit().await?;
        Ok(claimed.map(|backtest| BacktestClaim { backtest, until: now + LEASE }))
    }

    /// Works on a claimed backtest to its end. One that cannot be done ends as `failed`. An error means that the database is
    /// away; whoever claims it next begins anew.
    pub async fn run_backtest(&self, claim: BacktestClaim) -> Result<(), AppError> {
        let BacktestClaim { mut backtest, mut until } = claim;
        let opened = match self.load_plugin(&backtest.spec.digest).await {
            Ok(plugin) => Run::open(self, backtest.clone(), plugin).await,
            Err(error) => Err(error),
        };
        let mut run = match opened {
            Ok(run) => run,
            Err(error @ AppError::Unavailable) => return Err(error),
            Err(error) => {
                self.note(&mut backtest, until, End::Failed(error.to_string())).await?;
                return Ok(());
            }
        };
        let mut noted = self.ambient().now();
        loop {
            let end = match run.step().await {
                Ok(true) if self.ambient().now() - noted < NOTED => continue,
                Ok(true) => End::Not,
                Ok(false) => End::Done,
                Err(error @ AppError::Unavailable) => return Err(error),
                Err(error) => End::Failed(error.to_string()),
            };
            noted = self.ambient().now();
            (backtest.progress, backtest.difference) = (run.progress(), run.difference().await?);
            let goes_on = matches!(end, End::Not);
            match self.note(&mut backtest, until, end).await? {
                Some(later) if goes_on => until = later,
                _ => return Ok(()),
            }
        }
    }

    /// Writes down how far a backtest has come; until when it is claimed then, or nothing if it is not this process's.
    async fn note(&self, backtest: &mut Backtest, claimed: Millis, end: End) -> Result<Option<Millis>, AppError> {
        let (tenant, now) = (backtest.tenant, self.ambient().now());
        match end {
            End::Not => {}
            End::Done => (backtest.status, backtest.progress) = (BacktestStatus::Done, 1.0),
            End::Failed(why) => (backtest.status, backtest.error) = (BacktestStatus::Failed, Some(why)),
        }
        backtest.ended_at = (!backtest.status.is_open()).then_some(now);
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        // Whoever was forgotten meanwhile is not shown.
        let there = work.people(tenant, &backtest.difference.shown()).await?;
        backtest.difference.retain_shown(|person| there.contains_key(&person));
        // Never the same twice, so that who holds a claim is told apart.
        let until = (now + LEASE).max(claimed + 1);
        let held = work.note_backtest(backtest, claimed, until).await?;
        work.commit().await?;
        Ok(held.then_some(until))
    }

    fn new_backtest(
        &self,
        tenant: TenantId,
        caller: &Caller,
        installation: &Installation,
        spec: BacktestSpec,
    ) -> Backtest {
        Backtest {
            tenant,
            id: BacktestId::from_uuid(self.ambient().uuid()),
            installation: installation.id,
            spec,
            status: BacktestStatus::Waiting,
            requested_by: caller.token.to_string(),
            requested_at: self.ambient().now(),
            ended_at: None,
            progress: 0.0,
            difference: Difference::default(),
            error: None,
        }
    }
}

/// Whether a backtest has ended.
enum End {
    Not,
    Done,
    Failed(String),
}
