//! `guanxi candidate`: another version or configuration beside what an installation runs.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use guanxi_app::{App, CandidateInput, GrantsInput};
use guanxi_domain::candidate::{Candidate, CandidateStatus, Guard};

use super::plugin::{json, sums};
use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

#[derive(Subcommand)]
pub enum Action {
    /// Let another version or configuration decide beside what the installation runs: for some of the people with effect, else
    /// without. With another percentage only, the one that runs goes on.
    Start(Start),
    /// Show the latest candidate and what was seen of it.
    Show(Place),
    /// Stop it.
    Stop(Place),
    /// Let the installation run it from now on, for everybody.
    Promote(Place),
}

/// Beside what.
#[derive(Args)]
pub struct Place {
    /// The tenant.
    tenant: String,
    /// The installation.
    installation: String,
}

/// What is to decide besides.
#[derive(Args)]
pub struct Start {
    #[command(flatten)]
    place: Place,
    /// The version [default: the installation's own].
    #[arg(long)]
    version: Option<String>,
    /// The configuration, a JSON file [default: the installation's own].
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Of a hundred people, for how many it decides with effect.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    percent: u8,
    /// Grant everything that it asks for, also what the installation was not granted.
    #[arg(long)]
    grant: bool,
    /// Try the same again that fell back.
    #[arg(long)]
    again: bool,
    /// Of its latest decisions the part that may crash.
    #[arg(long, default_value_t = Guard::default().crashes)]
    crashes: f64,
    /// How many times the other's fuel it may burn at the 99th percentile.
    #[arg(long, default_value_t = Guard::default().fuel)]
    fuel: f64,
    /// Of its latest decisions the part that may ask for something else.
    #[arg(long, default_value_t = Guard::default().divergence)]
    divergence: f64,
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    match action {
        Action::Start(wish) => start(&app, wish).await,
        Action::Show(Place { tenant, installation }) => {
            let found = app.candidate(&local_operator(), &tenant, &installation).await?;
            tell(&found.with_context(|| format!("nothing was ever tried beside `{installation}`"))?);
            Ok(())
        }
        Action::Stop(Place { tenant, installation }) => {
            tell(&app.stop_candidate(&local_operator(), &tenant, &installation).await?);
            Ok(())
        }
        Action::Promote(Place { tenant, installation }) => {
            let view = app.promote_candidate(&local_operator(), &tenant, &installation).await?;
            print(format!("{installation} runs {} {} now.", view.installation.plugin, view.installation.version));
            Ok(())
        }
    }
}

async fn start(app: &App, wish: Start) -> anyhow::Result<()> {
    let input = CandidateInput {
        version: wish.version,
        config: wish.settings.as_ref().map(json).transpose()?,
        grants: wish.grant.then_some(GrantsInput::Requested),
        percent: wish.percent,
        guard: Guard { crashes: wish.crashes, fuel: wish.fuel, divergence: wish.divergence },
        again: wish.again,
    };
    tell(&app.put_candidate(&local_operator(), &wish.place.tenant, &wish.place.installation, input).await?);
    Ok(())
}

fn tell(candidate: &Candidate) {
    let Candidate { id, spec, percent, evidence, .. } = candidate;
    let state = match (candidate.status, candidate.reason.as_deref()) {
        (CandidateStatus::Running, _) if *percent == 0 => "decides without effect".to_owned(),
        (CandidateStatus::Running, _) => format!("decides for {percent} % of the people"),
        (CandidateStatus::Stopped, _) => "was stopped".to_owned(),
        (CandidateStatus::Promoted, _) => "was promoted".to_owned(),
        (CandidateStatus::FellBack, reason) => format!("fell back: {}", reason.unwrap_or_default()),
    };
    print(format!("{id}, version {}, {state}.", spec.version));
    print(format!(
        "{} decisions seen, {} with effect; {} ask for something else, {} crashed.",
        evidence.decisions, evidence.effective, evidence.differ, evidence.crashed
    ));
    let line = |name: &str, now: String, beside: String| print(format!("{name:<40} {now:>16} {beside:>16}"));
    line("", "installation".to_owned(), "candidate".to_owned());
    let totals = [&evidence.before, &evidence.after];
    let pair = |name: &str, [now, beside]: [u64; 2]| line(name, now.to_string(), beside.to_string());
    pair("decisions that ask for something", totals.map(|totals| totals.acted));
    pair("decisions that ask for nothing", totals.map(|totals| totals.skipped));
    pair("failed", totals.map(|totals| totals.failed));
    pair("fuel", totals.map(|totals| totals.fuel));
    pair("fuel of one, 99th percentile", evidence.fuel_p99().map(Option::unwrap_or_default));
    for (name, [now, beside]) in sums(totals) {
        line(&name, now.to_string(), beside.to_string());
    }
    for decision in &evidence.differing {
        print(format!("differs: {decision}"));
    }
}
