//! How a good plugin's calls fare while a hostile neighbour burns fuel and hoards memory on another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use guanxi_domain::limits::CallLimits;
use guanxi_runtime::{Plugin, Runtime, RuntimeOptions};

use crate::measure::{Rounds, Samples, timed};
use crate::moments::{WELCOME_CONFIG, introduction};
use crate::report::Row;
use crate::surroundings::Surroundings;

const HOSTILE: [&str; 2] = ["endless-loop", "memory-hoarder"];

/// Quiet and noisy rounds in turn, on one runtime and its one pool.
pub fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let (rounds, calls) = (surroundings.size(7, 3), surroundings.size(20_000, 3_000));
    let runtime = Runtime::new(RuntimeOptions::default())?;
    let good = surroundings.loaded(&runtime, "welcome")?;
    let hostile = HOSTILE.map(|name| surroundings.guest(&runtime, name));
    let hostile: Vec<Plugin> = hostile.into_iter().collect::<Result<_>>()?;

    measure(&good, calls)?;
    let [mut quiet, mut noisy] = [(); 2].map(|()| Rounds::default());
    let crashes = AtomicU64::new(0);
    for _ in 0..rounds {
        quiet.push(measure(&good, calls)?.quantile(0.99));
        let done = AtomicBool::new(false);
        let samples = std::thread::scope(|scope| {
            let nuisance = scope.spawn(|| disturb(&hostile, &done, &crashes));
            let samples = measure(&good, calls);
            done.store(true, Ordering::Relaxed);
            let ended = nuisance.join().map_err(|_| anyhow::anyhow!("the hostile thread panicked"))?;
            ended.and(samples)
        });
        noisy.push(samples?.quantile(0.99));
    }
    let crashes = crashes.load(Ordering::Relaxed);
    ensure!(crashes > 0, "the neighbour was not hostile at all");
    Ok(vec![
        Row::new("neighbour_p99", noisy.median(), "µs")
            .against("quiet", quiet.median())
            .ratio_at_most(2.0)
            .note(format!("welcome beside a thread that ran {} in turn, {crashes} times", HOSTILE.join(" and "))),
    ])
}

fn measure(good: &Plugin, calls: usize) -> Result<Samples> {
    let (moments, limits) = ([introduction()], CallLimits::default());
    let mut samples = Samples::default();
    for _ in 0..calls {
        let (time, call) = timed(|| good.decide(WELCOME_CONFIG, &moments, &limits));
        call.result?.into_iter().next().context("one answer for one moment")??;
        samples.push(time);
    }
    Ok(samples)
}

fn disturb(hostile: &[Plugin], done: &AtomicBool, crashes: &AtomicU64) -> Result<()> {
    let (moments, limits) = ([introduction()], CallLimits::default());
    while !done.load(Ordering::Relaxed) {
        for plugin in hostile {
            let call = plugin.decide("{}", &moments, &limits);
            ensure!(call.result.is_err_and(|error| error.is_crash()), "a hostile guest was not contained");
            crashes.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
