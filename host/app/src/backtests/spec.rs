//! What exactly is compared with what.

use guanxi_domain::backtest::shift::PEOPLE_MAX;
use guanxi_domain::backtest::{BacktestKind, BacktestSpec, ScoresSpec};
use guanxi_domain::caller::Caller;
use guanxi_domain::grants::Grants;
use guanxi_domain::installation::Installation;
use guanxi_domain::manifest::Manifest;
use guanxi_domain::{DAY, Millis};
use guanxi_store::Scope as Rows;

use super::BacktestInput;
use crate::installations::checked_config;
use crate::{App, AppError};

/// What is looked at if nothing is said.
const DAYS: Millis = 30;

impl App {
    /// Reads what somebody wants to compare: the component that was found elsewhere, or else a version of the library.
    pub(super) async fn spec(
        &self,
        caller: &Caller,
        installation: &Installation,
        found: Option<(Manifest, String)>,
        input: BacktestInput,
    ) -> Result<BacktestSpec, AppError> {
        let (manifest, digest) = match found {
            Some(found) => found,
            None => {
                let version = input.version.as_deref().unwrap_or(&installation.version);
                let plugin = self.plugin(caller, &installation.plugin, Some(version)).await?;
                (plugin.manifest, plugin.digest)
            }
        };
        let own = self.plugin(caller, &installation.plugin, Some(&installation.version)).await?.manifest;
        let kind = kind(input.kind, &manifest, &own)?;
        let [from, to] = period(kind, &input, self.ambient().now())?;
        let people = people(kind, input.people)?;
        let mut problems = Vec::new();
        let config =
            checked_config(&manifest, input.config.unwrap_or_else(|| installation.config.clone()), &mut problems);
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let unseen = match kind {
            BacktestKind::Campaign => never_recorded(&manifest, &own, installation),
            BacktestKind::Scorer => {
                let allowances = self.store().read(Rows::Host).await?.allowances().await?;
                not_granted(&manifest, &installation.grants.under(allowances.get(&installation.plugin)))
            }
        };
        let scores = (kind == BacktestKind::Scorer).then(|| ScoresSpec {
            version: installation.version.clone(),
            digest: installation.digest.clone(),
            config: installation.config.clone(),
            people,
        });
        Ok(BacktestSpec {
            installation: installation.name.clone(),
            unseen,
            plugin: manifest.name,
            version: manifest.version,
            digest,
            config,
            from,
            to,
            scores,
        })
    }
}

/// What is compared: what was asked for, else what both versions can, decisions before scores.
fn kind(wanted: Option<BacktestKind>, manifest: &Manifest, own: &Manifest) -> Result<BacktestKind, AppError> {
    let can = |kind: &BacktestKind| match kind {
        BacktestKind::Campaign => manifest.campaign.is_some(),
        BacktestKind::Scorer => manifest.scorer.is_some() && own.scorer.is_some(),
    };
    let kinds = match wanted {
        Some(kind) => vec![kind],
        None => vec![BacktestKind::Campaign, BacktestKind::Scorer],
    };
    let neither = || match wanted {
        Some(kind) => AppError::invalid("kind", format!("this plugin is no {}", kind.as_str())),
        None => {
            AppError::invalid("installation", "only campaigns decide and only scorers score; this plugin is neither")
        }
    };
    kinds.into_iter().find(can).ok_or_else(neither)
}

fn period(kind: BacktestKind, input: &BacktestInput, now: Millis) -> Result<[Millis; 2], AppError> {
    if kind == BacktestKind::Scorer {
        return match input.from.or(input.to) {
            None => Ok([now, now]),
            Some(_) => Err(AppError::invalid("from", "people are scored as of now; leave out `from` and `to`")),
        };
    }
    let to = input.to.unwrap_or(now).min(now);
    let from = input.from.unwrap_or(to - DAYS * DAY);
    if from >= to || from < 0 {
        return Err(AppError::invalid("from", "is a time before `to`, and both have passed"));
    }
    Ok([from, to])
}

fn people(kind: BacktestKind, wanted: Option<u32>) -> Result<u32, AppError> {
    match (kind, wanted) {
        (_, None) => Ok(PEOPLE_MAX),
        (BacktestKind::Scorer, Some(people)) if (1..=PEOPLE_MAX).contains(&people) => Ok(people),
        (BacktestKind::Scorer, Some(_)) => Err(AppError::invalid("people", format!("is from 1 to {PEOPLE_MAX}"))),
        (BacktestKind::Campaign, Some(_)) => {
            Err(AppError::invalid("people", "is for scorers; a campaign decides about all that was recorded"))
        }
    }
}

/// What a version asks for and recorded moments cannot have, because it was not granted or not asked for.
fn never_recorded(manifest: &Manifest, own: &Manifest, installation: &Installation) -> Vec<String> {
    let mut recorded = Grants::requested(own).within(&installation.grants);
    // How often it is done changes nothing of what was seen.
    recorded.limits.clear();
    Grants::requested(manifest).missing_from(&recorded)
}

/// The inputs of a scorer that count as unknown of everybody.
fn not_granted(manifest: &Manifest, grants: &Grants) -> Vec<String> {
    let inputs = manifest.scorer.iter().flat_map(|spec| &spec.inputs).map(|input| input.name.as_str());
    let mut missing: Vec<String> =
        inputs.filter(|name| !grants.allows_field(name)).map(|name| format!("fields: {name}")).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}
