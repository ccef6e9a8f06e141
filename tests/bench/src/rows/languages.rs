//! One fresh call of the same smallest campaign in each language that has an SDK: what an engine or an interpreter costs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use guanxi_domain::limits::CallLimits;
use guanxi_runtime::{Runtime, RuntimeOptions};

use crate::measure::{Rounds, Samples, timed};
use crate::moments::introduction;
use crate::report::Row;
use crate::surroundings::Surroundings;

const EXAMPLE: &str = "smallest-campaign";
/// Names of rows, and the folders of the languages under `examples`.
const LANGUAGES: [(&str, &str); 3] =
    [("call_rust_p50", "rust"), ("call_typescript_p50", "typescript"), ("call_python_p50", "python")];

/// Builds and measures one after the other; a quick run, which judges no speed, leaves out those whose tools take long.
pub fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let runtime = Runtime::new(RuntimeOptions::default())?;
    // The first; what a call in Rust costs beside raw wasmtime is `campaign_call`'s to tell.
    let mut rust = None;
    let languages = LANGUAGES.into_iter().take(surroundings.size(LANGUAGES.len(), 1));
    let mut rows: Vec<Row> = Vec::new();
    for (row, language) in languages {
        let (p50, measured) = measured(surroundings, &runtime, row, language)?;
        let measured = match rust {
            Some(rust) => measured.against("the same in Rust", rust),
            None => measured,
        };
        rust = rust.or(Some(p50));
        rows.push(measured);
    }
    Ok(rows)
}

/// Microseconds of half of the calls, and the row that tells it.
fn measured(
    surroundings: &Surroundings,
    runtime: &Runtime,
    row: &'static str,
    language: &'static str,
) -> Result<(f64, Row)> {
    let (rounds, calls) = (surroundings.size(5, 2), surroundings.size(1_000, 100));
    let admitted =
        runtime.admit(&built(surroundings, language)?).map_err(|refusal| anyhow!("{language}: {refusal}"))?;
    let (moments, limits) = ([introduction()], CallLimits::default());
    let mut fuel = 0;
    let mut measure = || -> Result<Samples> {
        let mut samples = Samples::default();
        for _ in 0..calls {
            let (time, call) = timed(|| admitted.plugin.decide("{}", &moments, &limits));
            let decision = call.result?.into_iter().next().context("one answer for one moment")??;
            ensure!(!decision.reasons.is_empty(), "{language}: {decision:?}");
            fuel = call.fuel;
            samples.push(time);
        }
        Ok(samples)
    };
    measure()?;
    let [mut p50, mut p99] = [(); 2].map(|()| Rounds::default());
    for _ in 0..rounds {
        let mut samples = measure()?;
        p50.push(samples.quantile(0.5));
        p99.push(samples.quantile(0.99));
    }
    let report = admitted.report;
    let allowed = limits.fuel_per_call + limits.fuel_per_item;
    let p50 = p50.median();
    let row = Row::new(row, p50, "µs").note(format!(
        "{EXAMPLE}, one moment on a fresh instance; p99 {:.0} µs; {fuel} of {allowed} fuel, {} of it to start; {} bytes, \
         {} of memory to start with of {}, compiled in {} ms",
        p99.median(),
        report.instantiation_fuel,
        report.size,
        report.memory_min,
        limits.memory_bytes,
        report.compile_ms
    ));
    Ok((p50, row))
}

/// The component, as an author's command builds it.
fn built(surroundings: &Surroundings, language: &str) -> Result<Vec<u8>> {
    let root = surroundings.source.ancestors().nth(2).context("the bench lies two folders deep")?;
    let target = surroundings.binary.ancestors().nth(2).context("the binary lies two folders deep")?;
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("component.wasm");
    let mut build = Command::new(&surroundings.binary);
    build.args(["plugin", "build"]).arg(root.join("examples").join(language).join(EXAMPLE)).arg("--out").arg(&out);
    // With the tools that the tests have fetched.
    let ended = build.env("CARGO_TARGET_DIR", target).current_dir(folder.path()).output()?;
    let told = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{EXAMPLE} in {language} is not built: {told}");
    read(&out)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
