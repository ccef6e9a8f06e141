//! What is tried beside an installation: how both compare so far, and the forms that begin, widen, stop and promote it.

mod words;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use guanxi_app::{App, AppError, CandidateInput, GrantsInput, InstallationView, PluginView};
use guanxi_domain::caller::Caller;
use guanxi_domain::candidate::{Candidate, CandidateStatus, Evidence, Guard};
use guanxi_domain::installation::Installation;
use serde::Deserialize;

use crate::Console;
use crate::format::{Time, percent, pretty_value, whole};
use crate::language::Language;
use crate::page::{Page, Room, html};
use crate::rooms::Badge;
use crate::rooms::person::timeline::receipt;
use crate::rooms::plugins::state;
use crate::rooms::totals::{Sum, sums};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use words::Words;

/// What is tried, or was tried last.
struct Tried {
    version: String,
    code: &'static str,
    status: String,
    reason: Option<String>,
    since: Time,
    ended: Option<Time>,
    marks: Vec<(&'static str, String)>,
    sums: Vec<Sum>,
    /// Where a receipt is, and its id.
    differing: Vec<(String, String)>,
    guard: Vec<(&'static str, String)>,
    config: String,
}

/// What stands in the form for another one.
struct Draft {
    versions: Vec<(String, bool)>,
    config: String,
    percent: u8,
    crashes: String,
    fuel: String,
    divergence: String,
}

/// Which one the forms are about.
struct Running {
    id: String,
    percent: u8,
}

#[derive(Template)]
#[template(path = "candidate.html")]
struct CandidatePage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    manages: bool,
    name: String,
    version: String,
    mode: Badge<'static>,
    running: Option<Running>,
    tried: Option<Tried>,
    draft: Draft,
}

/// What is to become of it; fields of other forms are empty.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Wish {
    act: String,
    /// The one that the page showed.
    candidate: String,
    version: String,
    config: String,
    percent: String,
    crashes: String,
    fuel: String,
    divergence: String,
    /// Not empty if it may do what it asks for and the installed version does not.
    grant: String,
}

/// `GET /console/t/{slug}/plugins/{name}/candidate`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let installation = console.app.installation(&visitor.caller, &slug, &name).await?.installation;
    let candidate = console.app.candidate(&visitor.caller, &slug, &name).await?;
    let versions = console.app.plugin_versions(&visitor.caller, &installation.plugin).await?;
    let (w, now) = (words::of(visitor.language), console.app.ambient().now());
    let running = candidate.as_ref().filter(|candidate| candidate.status == CandidateStatus::Running);
    html(&CandidatePage {
        page: visitor.page(w.candidate, &tenant, Room::Plugins),
        w,
        place: format!("/console/t/{}/plugins/{}/candidate", tenant.slug, installation.name),
        csrf: visitor.proof(),
        manages: visitor.manages(&tenant),
        mode: state(&installation, now, visitor.language.words()),
        running: running.map(|running| Running { id: running.id.to_string(), percent: running.percent }),
        draft: Draft::of(&installation, candidate.as_ref(), versions),
        tried: candidate.map(|candidate| tried(candidate, tenant.slug.as_str(), visitor.language)),
        name: installation.name,
        version: installation.version,
    })
}

/// `POST /console/t/{slug}/plugins/{name}/candidate`: does it and shows what came of it.
pub async fn act(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, wish): Signed<Wish>,
) -> Result<Redirect, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let (app, caller) = (&console.app, &visitor.caller);
    let plugins = format!("/console/t/{}/plugins", tenant.slug);
    if wish.act == "try" {
        let grants = match wish.grant.is_empty() {
            true => None,
            false => Some(extended(app, caller, (&slug, &name), &wish.version).await?),
        };
        app.put_candidate(caller, &slug, &name, wish.input(grants)?).await?;
        return Ok(Redirect::to(&format!("{plugins}/{name}/candidate")));
    }
    let known = shown(app.candidate(caller, &slug, &name).await?, &wish.candidate)?;
    match wish.act.as_str() {
        "tune" => drop(app.put_candidate(caller, &slug, &name, tuned(known, &wish)?).await?),
        "stop" => drop(app.stop_candidate(caller, &slug, &name).await?),
        "promote" => {
            app.promote_candidate(caller, &slug, &name).await?;
            return Ok(Redirect::to(&format!("{plugins}#{name}")));
        }
        _ => return Err(AppError::invalid("act", "is none of those on the page").into()),
    }
    Ok(Redirect::to(&format!("{plugins}/{name}/candidate")))
}

/// The candidate that the visitor saw, if it is the one that runs: nobody is to widen or promote another by mistake.
fn shown(candidate: Option<Candidate>, id: &str) -> Result<Candidate, AppError> {
    let is_shown = |one: &Candidate| one.status == CandidateStatus::Running && one.id.to_string() == id;
    let ended = || AppError::Conflict("the candidate on that page does not run any more; look at what does".to_owned());
    candidate.filter(is_shown).ok_or_else(ended)
}

/// What is granted to the installed version, and what another one asks for besides.
async fn extended(
    app: &App,
    caller: &Caller,
    (slug, name): (&str, &str),
    version: &str,
) -> Result<GrantsInput, AppError> {
    let InstallationView { installation, plugin, .. } = app.installation(caller, slug, name).await?;
    let next = app.plugin(caller, &installation.plugin, Some(version)).await?;
    Ok(GrantsInput::Lists(installation.grants.extended(&plugin.manifest, &next.manifest)))
}

/// The same for another part of the people.
fn tuned(known: Candidate, wish: &Wish) -> Result<CandidateInput, AppError> {
    let Candidate { spec, guard, .. } = known;
    Ok(CandidateInput {
        version: Some(spec.version),
        config: Some(spec.config),
        grants: Some(GrantsInput::Lists(spec.grants)),
        percent: read_percent(&wish.percent)?,
        guard,
        again: false,
    })
}

impl Wish {
    fn input(self, grants: Option<GrantsInput>) -> Result<CandidateInput, AppError> {
        let config = serde_json::from_str(&self.config)
            .map_err(|error| AppError::invalid("config", format!("is no JSON: {error}")))?;
        Ok(CandidateInput {
            config: Some(config),
            grants,
            percent: read_percent(&self.percent)?,
            guard: Guard {
                crashes: read_number("guard/crashes", &self.crashes)?,
                fuel: read_number("guard/fuel", &self.fuel)?,
                divergence: read_number("guard/divergence", &self.divergence)?,
            },
            version: Some(self.version),
            // The page has just told how it ended.
            again: true,
        })
    }
}

fn read_percent(text: &str) -> Result<u8, AppError> {
    text.trim().parse().map_err(|_| AppError::invalid("percent", "is a whole number from 0 to 100"))
}

fn read_number(at: &str, text: &str) -> Result<f64, AppError> {
    text.trim().parse().map_err(|_| AppError::invalid(at, "give a number"))
}

impl Draft {
    /// What was tried last, to go on from; what the installation runs, if that has become of it.
    fn of(installation: &Installation, candidate: Option<&Candidate>, versions: Vec<PluginView>) -> Self {
        let last = candidate.filter(|candidate| candidate.status != CandidateStatus::Promoted);
        let running = last.filter(|candidate| candidate.status == CandidateStatus::Running);
        let version = last.map_or(&installation.version, |candidate| &candidate.spec.version);
        let guard = last.map_or_else(Guard::default, |candidate| candidate.guard);
        Self {
            versions: versions
                .into_iter()
                .map(|plugin| (plugin.manifest.version.clone(), plugin.manifest.version == *version))
                .collect(),
            config: pretty_value(last.map_or(&installation.config, |candidate| &candidate.spec.config)),
            // What ended begins as a shadow again.
            percent: running.map_or(0, |candidate| candidate.percent),
            crashes: guard.crashes.to_string(),
            fuel: guard.fuel.to_string(),
            divergence: guard.divergence.to_string(),
        }
    }
}

fn tried(candidate: Candidate, slug: &str, language: Language) -> Tried {
    let w = words::of(language);
    let (code, status) = w.status(&candidate);
    let Candidate { spec, guard, reason, evidence, started_at, ended_at, .. } = candidate;
    Tried {
        version: spec.version,
        code,
        status,
        reason,
        since: Time(started_at),
        ended: ended_at.map(Time),
        marks: marks(&evidence, w),
        sums: compared(&evidence, w, language),
        differing: evidence.differing.iter().map(|id| (receipt(slug, *id), id.to_string())).collect(),
        guard: vec![
            (w.guard_crashes, guard.crashes.to_string()),
            (w.guard_fuel, guard.fuel.to_string()),
            (w.guard_divergence, guard.divergence.to_string()),
        ],
        config: pretty_value(&spec.config),
    }
}

fn marks(evidence: &Evidence, w: &'static Words) -> Vec<(&'static str, String)> {
    let part = |some: u64| match evidence.decisions {
        0 => whole(some),
        all => format!("{} ({})", whole(some), percent(Some(some as f64 / all as f64))),
    };
    vec![
        (w.decisions, whole(evidence.decisions)),
        (w.effective, part(evidence.effective)),
        (w.differ, part(evidence.differ)),
        (w.crashed, part(evidence.crashed)),
    ]
}

fn compared(evidence: &Evidence, w: &'static Words, language: Language) -> Vec<Sum> {
    let mut compared = sums([&evidence.before, &evidence.after], false, language);
    let fuel = evidence.fuel_p99().map(|fuel| fuel.map_or_else(|| "–".to_owned(), whole));
    compared.push(Sum::of(w.fuel_p99, fuel));
    compared
}
