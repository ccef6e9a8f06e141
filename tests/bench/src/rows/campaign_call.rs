//! One fresh campaign call, everything around it included, beside raw wasmtime doing the same.

use anyhow::{Context, Result, anyhow, ensure};
use guanxi_domain::limits::CallLimits;
use guanxi_runtime::{Runtime, RuntimeOptions};

use crate::extism;
use crate::measure::{Rounds, Samples, timed};
use crate::moments::{WELCOME_CONFIG, introduction};
use crate::raw::{self, RawCampaign};
use crate::report::Row;
use crate::surroundings::Surroundings;

/// What `welcome` answers to an introduction: a message and a tag.
const OPERATIONS: usize = 2;

/// Rounds of both, one after the other, so that what else the machine does hits both.
pub fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let (rounds, calls) = (surroundings.size(9, 3), surroundings.size(10_000, 2_000));
    let runtime = Runtime::new(RuntimeOptions::default())?;
    let plugin = surroundings.loaded(&runtime, "welcome")?;
    let raw = RawCampaign::new(&surroundings.plugin("welcome")?).map_err(|error| anyhow!("{error:#}"))?;
    let (moments, limits) = ([introduction()], CallLimits::default());

    let ours = || -> Result<Samples> {
        let mut samples = Samples::default();
        for _ in 0..calls {
            let (time, call) = timed(|| plugin.decide(WELCOME_CONFIG, &moments, &limits));
            let decision = call.result?.into_iter().next().context("one answer for one moment")??;
            ensure!(decision.operations.len() == OPERATIONS, "welcome answered {decision:?}");
            samples.push(time);
        }
        Ok(samples)
    };
    let theirs = || {
        raw::lowered(&introduction(), |lowered| {
            let mut samples = Samples::default();
            for _ in 0..calls {
                let (time, answers) = timed(|| raw.decide(WELCOME_CONFIG, lowered, &limits));
                let answers = answers.map_err(|error| anyhow!("{error:#}"))?;
                ensure!(raw::operations(&answers)? == OPERATIONS, "raw wasmtime got another answer");
                samples.push(time);
            }
            Ok(samples)
        })
    };
    ours()?;
    theirs()?;
    let [mut p50, mut p99, mut raw_p50, mut raw_p99] = [(); 4].map(|()| Rounds::default());
    for _ in 0..rounds {
        let (mut ours, mut theirs) = (ours()?, theirs()?);
        p50.push(ours.quantile(0.5));
        p99.push(ours.quantile(0.99));
        raw_p50.push(theirs.quantile(0.5));
        raw_p99.push(theirs.quantile(0.99));
    }
    let mut rows = vec![
        Row::new("campaign_call_p50", p50.median(), "µs")
            .against("raw wasmtime", raw_p50.median())
            .at_most(50.0)
            .ratio_at_most(1.3)
            .note(
                "fresh store and instance, one moment through welcome, answer checked; raw lowers its input beforehand",
            ),
        Row::new("campaign_call_p99", p99.median(), "µs").against("raw wasmtime", raw_p99.median()).at_most(300.0),
    ];
    if surroundings.with_extism {
        let peer = extism::measure(surroundings)?;
        rows.push(
            Row::new("campaign_call_extism", p50.median(), "µs")
                .against("extism", peer)
                .note("p50 of a fresh Extism plugin and one call with the same moment as JSON"),
        );
    }
    Ok(rows)
}
