//! Candidates: another version or configuration of a campaign decides beside what an installation runs, first without effect,
//! then for some of the people, until somebody promotes it or it does not keep within its guard.

use std::collections::BTreeMap;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::candidate::{Candidate, CandidateSpec, CandidateStatus, Evidence, Guard};
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::CandidateId;
use guanxi_domain::installation::{Installation, Mode};
use guanxi_domain::manifest::Manifest;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, Work};
use serde_json::Value;

use crate::installations::{
    GrantsInput, InstallationInput, InstallationView, check_runs, check_yanked, checked_config, checked_grants,
    newly_asked,
};
use crate::webhooks::candidate_notice;
use crate::{App, AppError, Problem};

/// What is to decide besides.
#[derive(Debug, Clone, Default)]
pub struct CandidateInput {
    /// The version; the installation's own if not given.
    pub version: Option<String>,
    /// The configuration; the installation's own if not given. What is left out gets the schema's default.
    pub config: Option<Value>,
    /// What it may do; if not given what the installation may do, unless it asks for something new.
    pub grants: Option<GrantsInput>,
    /// Of a hundred people, for how many it decides with effect.
    pub percent: u8,
    /// What it may not exceed.
    pub guard: Guard,
    /// Whether the same is meant that fell back.
    pub again: bool,
}

impl App {
    /// Lets another version or configuration decide beside what an installation runs. The one that does so already goes on if
    /// nothing but its percentage or guard changes; another one is stopped. Needs `manage`.
    pub async fn put_candidate(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        input: CandidateInput,
    ) -> Result<Candidate, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let InstallationView { installation, plugin, .. } = self.installation(caller, slug, name).await?;
        let spec = self.candidate_spec(caller, &installation, &plugin.manifest, &input).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let known = work.candidate(tenant, installation.id).await?.filter(|known| known.spec == spec);
        // Whoever raises the percentage step by step must not bring back what was taken away meanwhile.
        let fell_back = known.as_ref().filter(|known| known.status == CandidateStatus::FellBack && !input.again);
        if let Some(Candidate { reason, .. }) = fell_back {
            let why = reason.as_deref().unwrap_or_default();
            return Err(AppError::Conflict(format!("this candidate fell back ({why}); change it, or say `again`")));
        }
        if let Some(mut known) = known.filter(|known| known.status == CandidateStatus::Running) {
            (known.percent, known.guard) = (input.percent, input.guard);
            // The engine writes what is seen of it at the same time: that stays.
            if !work.tune_candidate(tenant, &known).await? {
                return Err(AppError::Conflict("the candidate has just ended; look at why".to_owned()));
            }
            work.commit().await?;
            return Ok(known);
        }
        let candidate = Candidate {
            id: CandidateId::from_uuid(self.ambient().uuid()),
            installation: installation.id,
            spec,
            percent: input.percent,
            guard: input.guard,
            status: CandidateStatus::Running,
            started_by: caller.token.to_string(),
            started_at: self.ambient().now(),
            ended_at: None,
            reason: None,
            evidence: Evidence::default(),
        };
        work.put_candidate(tenant, &candidate).await?;
        self.commit_candidate(work, tenant, &installation.name, &candidate).await?;
        Ok(candidate)
    }

    /// The latest candidate of an installation, whatever became of it.
    pub async fn candidate(&self, caller: &Caller, slug: &str, name: &str) -> Result<Option<Candidate>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let installation = self.installation(caller, slug, name).await?.installation;
        Ok(self.store().read(Rows::Tenant(tenant)).await?.candidate(tenant, installation.id).await?)
    }

    /// Stops the candidate of an installation; what was seen of it stays. Needs `manage`.
    pub async fn stop_candidate(&self, caller: &Caller, slug: &str, name: &str) -> Result<Candidate, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let Candidate { id, installation, .. } = self.running(caller, slug, name).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        if !work.end_candidate(tenant, id, CandidateStatus::Stopped, self.ambient().now()).await? {
            return Err(ended());
        }
        let stopped = work.candidate(tenant, installation).await?.ok_or(AppError::NotFound("candidate"))?;
        self.commit_candidate(work, tenant, name, &stopped).await?;
        Ok(stopped)
    }

    /// Commits what became of a candidate, with what subscribers are told of it.
    async fn commit_candidate(
        &self,
        mut work: Work,
        tenant: TenantId,
        installation: &str,
        candidate: &Candidate,
    ) -> Result<(), AppError> {
        let told = self.announce(&mut work, tenant, &[candidate_notice(installation, candidate)]).await?;
        work.commit().await?;
        self.signals().installed.notify_one();
        if told {
            self.signals().noticed.notify_one();
        }
        Ok(())
    }

    /// Makes the candidate what the installation runs, live and for everybody. Needs `manage`.
    pub async fn promote_candidate(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
    ) -> Result<InstallationView, AppError> {
        self.tenant_for(caller, slug, Scope::Manage).await?;
        let spec = self.running(caller, slug, name).await?.spec;
        let installation = self.installation(caller, slug, name).await?.installation;
        let input = InstallationInput {
            plugin: Some(installation.plugin),
            version: spec.version,
            mode: Mode::Live,
            config: spec.config,
            grants: Some(GrantsInput::Lists(spec.grants)),
            secrets: BTreeMap::new(),
        };
        // Whoever installs what the candidate is promotes it.
        Ok(self.put_installation(caller, slug, name, input).await?.view)
    }

    async fn running(&self, caller: &Caller, slug: &str, name: &str) -> Result<Candidate, AppError> {
        let found = self.candidate(caller, slug, name).await?.ok_or(AppError::NotFound("candidate"))?;
        match found.status {
            CandidateStatus::Running => Ok(found),
            _ => Err(ended()),
        }
    }

    /// Checks what is to decide besides; tells all problems at once.
    async fn candidate_spec(
        &self,
        caller: &Caller,
        installation: &Installation,
        runs: &Manifest,
        input: &CandidateInput,
    ) -> Result<CandidateSpec, AppError> {
        let version = input.version.as_deref().unwrap_or(&installation.version);
        let plugin = self.plugin(caller, &installation.plugin, Some(version)).await?;
        let manifest = &plugin.manifest;
        let mut problems = Vec::new();
        if manifest.campaign.is_none() {
            problems
                .push(Problem::new("installation", "only campaigns can be tried beside others; this plugin is none"));
        }
        if input.percent > 100 {
            problems.push(Problem::new("percent", "is from 0 (nobody) to 100 (everybody)"));
        }
        if let Some((at, problem)) = input.guard.problem() {
            problems.push(Problem::new(format!("guard/{at}"), problem));
        }
        check_yanked(&plugin, Some(installation), &mut problems);
        check_runs(&plugin, &mut problems);
        let config = input.config.clone().unwrap_or_else(|| installation.config.clone());
        let config = checked_config(manifest, config, &mut problems);
        let grants = match &input.grants {
            Some(wish) => checked_grants(manifest, wish, &mut problems),
            None => {
                let asks = newly_asked(manifest, installation, runs);
                if !asks.is_empty() {
                    let list = asks.join(", ");
                    problems.push(Problem::new(
                        "grants",
                        format!("it asks for what the installed version does not ({list}); say what it may do"),
                    ));
                }
                Grants::requested(manifest).within(&installation.grants)
            }
        };
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let spec = CandidateSpec { version: manifest.version.clone(), digest: plugin.digest, config, grants };
        let same = (&spec.digest, &spec.config) == (&installation.digest, &installation.config);
        if same && installation.mode == Mode::Live {
            return Err(AppError::invalid(
                "version",
                "this is what the installation runs; try another version or config",
            ));
        }
        Ok(spec)
    }
}

/// What becomes of a candidate when its installation changes: installed itself it is promoted, beside something else it begins
/// anew under the next id, for what was seen before compares it with what is no longer there. Nothing if there is none.
pub(crate) async fn follow_installation(
    work: &mut Work,
    tenant: TenantId,
    installation: &Installation,
    next: CandidateId,
) -> Result<Option<Candidate>, AppError> {
    let known = work.candidate(tenant, installation.id).await?;
    let Some(known) = known.filter(|known| known.status == CandidateStatus::Running) else { return Ok(None) };
    let CandidateSpec { digest, config, grants, .. } = &known.spec;
    let is_installed = (digest, config, grants) == (&installation.digest, &installation.config, &installation.grants);
    if is_installed && installation.mode == Mode::Live {
        let promoted = CandidateStatus::Promoted;
        let ended = work.end_candidate(tenant, known.id, promoted, installation.updated_at).await?;
        Ok(ended.then_some(Candidate { status: promoted, ended_at: Some(installation.updated_at), ..known }))
    } else {
        let anew = Candidate { id: next, evidence: Evidence::default(), ..known };
        work.put_candidate(tenant, &anew).await?;
        Ok(Some(anew))
    }
}

fn ended() -> AppError {
    AppError::Conflict("the candidate has ended already".to_owned())
}
