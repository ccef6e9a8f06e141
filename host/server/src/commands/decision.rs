//! `guanxi decision`: decisions executed again.

use anyhow::{Context, ensure};
use clap::Subcommand;
use guanxi_app::Replay;
use guanxi_domain::ids::DecisionId;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

#[derive(Subcommand)]
pub enum Action {
    /// Call the plugin that decided with everything it saw then, and compare. Changes nothing.
    Replay {
        /// The tenant.
        tenant: String,
        /// The decision, `dec_…`.
        decision: DecisionId,
    },
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let Action::Replay { tenant, decision } = action;
    let replay = app.replay_decision(&local_operator(), &tenant, decision).await?;
    show(&replay)?;
    ensure!(replay.is_same(), "the plugin decides differently now; it is not deterministic, or the engine has changed");
    Ok(())
}

fn show(replay: &Replay) -> anyhow::Result<()> {
    let same = |same: bool| if same { "the same" } else { "DIFFERENT" };
    let answer = match &replay.answer {
        Ok(decision) => serde_json::to_string_pretty(decision).context("the decision has no JSON form")?,
        Err(failure) => failure.clone(),
    };
    print(answer);
    let (then, now) = (replay.call.fuel, replay.fuel);
    print(format!("answer  {}", same(replay.answer_hash == replay.call.answer)));
    print(format!("fuel    {}: {then} then, {now} now, by a call for {} decisions", same(then == now), replay.moments));
    Ok(())
}
