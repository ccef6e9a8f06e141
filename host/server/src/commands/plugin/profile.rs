//! Where the fuel of a call goes, by function. The same call burns the same, so it is made again and again with less fuel than
//! it needs: the functions in which it runs out are those that burn at that point. No clock takes part, and no other engine.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_domain::limits::CallLimits;
use guanxi_runtime::Stopped;

use super::test::grouped;
use super::trial::{Answer, Inputs, Trial};

/// Points of a call at which it is looked at, at most and at least.
const SAMPLES_MAX: u64 = 1_000;
const SAMPLES_MIN: u64 = 20;
/// What looking at one call may burn, unless it is for so few samples: some seconds.
const FUEL_MAX: u64 = 5_000_000_000;
/// Functions that are shown.
const SHOWN_MAX: usize = 20;
/// What ends between the guest's last instruction and the end of its call.
const HOST: &str = "(the host, for the plugin)";

const WITHOUT_NAMES: &str = "\
  functions have numbers because the component carries no names. In Rust: `guanxi plugin build --names --out named.wasm` keeps \
  them. A plugin in TypeScript or Python runs inside its engine: these are the engine's functions, \
  not yours.";

/// Fuel at one function.
#[derive(Default)]
struct Share {
    /// Samples in which it burnt itself.
    own: u64,
    /// Those in which it or what it called did.
    whole: u64,
}

/// A table for each of the calls that these answers came of.
pub fn tables(trial: &Trial, inputs: &Inputs, answers: &[Answer]) -> anyhow::Result<Vec<String>> {
    // Whoever looks at one call makes the others as well.
    let all: u64 = answers.iter().map(|answer| answer.fuel).sum();
    let mut tables = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let samples = (FUEL_MAX / (all - answer.fuel / 2).max(1)).clamp(SAMPLES_MIN, SAMPLES_MAX).min(answer.fuel);
        let shares = shares(trial, inputs, index, answer.fuel, samples)?;
        tables.push(table(&shares, index, answer, samples));
    }
    Ok(tables)
}

fn shares(
    trial: &Trial,
    inputs: &Inputs,
    index: usize,
    fuel: u64,
    samples: u64,
) -> anyhow::Result<BTreeMap<String, Share>> {
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for sample in 0..samples {
        let cut = CallLimits { fuel_per_call: point(sample, fuel), fuel_per_item: 0, ..trial.limits };
        let answers = trial.call_within(inputs, &|number| if number == index { cut } else { trial.limits })?;
        let stack = answers.get(index).map(|answer| answer.stopped.functions()).unwrap_or_default();
        let innermost = stack.first().map_or(HOST, String::as_str).to_owned();
        shares.entry(innermost.clone()).or_default().own += 1;
        // What calls itself counts once.
        for function in stack.into_iter().chain([innermost]).collect::<BTreeSet<String>>() {
            shares.entry(function).or_default().whole += 1;
        }
    }
    Ok(shares)
}

/// Spread evenly over the call, and in step with none of its loops: multiples of the golden ratio.
fn point(sample: u64, fuel: u64) -> u64 {
    let part = u128::from(sample.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    u64::try_from((part * u128::from(fuel)) >> 64).unwrap_or(fuel)
}

fn table(shares: &BTreeMap<String, Share>, index: usize, answer: &Answer, samples: u64) -> String {
    let mut rows: Vec<(&String, &Share)> = shares.iter().collect();
    rows.sort_by_key(|(_, share)| (u64::MAX - share.own, u64::MAX - share.whole));
    let percent = |count: u64| count as f64 * 100.0 / samples.max(1) as f64;
    let mut lines = vec![
        format!(
            "fuel by function, {}, call {}: {} fuel, looked at {} times",
            answer.kind.as_str(),
            index + 1,
            grouped(answer.fuel),
            grouped(samples)
        ),
        format!("{:>9} {:>13}  function", "itself", "with callees"),
    ];
    for (function, Share { own, whole }) in rows.iter().take(SHOWN_MAX) {
        let name = rustc_demangle::demangle(function);
        lines.push(format!("{:>7.1} % {:>11.1} %  {name:#}", percent(*own), percent(*whole)));
    }
    if rows.len() > SHOWN_MAX {
        lines.push(format!("  and {} more", rows.len() - SHOWN_MAX));
    }
    if rows.iter().any(|(function, _)| Stopped::is_unnamed(function)) {
        lines.push(WITHOUT_NAMES.to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_spread_evenly_below_the_fuel() {
        let mut tenths = [0; 10];
        for sample in 0..1_000 {
            let point = point(sample, 1_000_000);
            assert!(point < 1_000_000);
            tenths[usize::try_from(point / 100_000).expect("a small number")] += 1;
        }
        assert!(tenths.iter().all(|count| (95..=105).contains(count)), "{tenths:?}");
    }
}
