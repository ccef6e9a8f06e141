//! The measurements, in the order in which they run: one file each.

mod backtest;
mod campaign_call;
mod delivery;
mod flat;
mod fresh;
mod hooks;
mod import_killed;
mod imports;
mod ingest;
mod languages;
mod latency;
mod neighbour;
mod pages;
mod relations;
mod reload;
mod replies;
mod scoring;
mod segments;
mod shadow;
mod shares;
mod start;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::report::Row;
use crate::surroundings::Surroundings;

/// One measurement.
pub struct Measurement {
    /// Its name, for `--only`.
    pub name: &'static str,
    /// Measures.
    pub run: fn(&Surroundings, &Runtime) -> Result<Vec<Row>>,
}

/// All of them.
pub const ALL: [Measurement; 32] = [
    Measurement { name: "campaign_call", run: |surroundings, _| campaign_call::run(surroundings) },
    Measurement { name: "languages", run: |surroundings, _| languages::run(surroundings) },
    Measurement { name: "scoring", run: |surroundings, _| scoring::run(surroundings) },
    Measurement { name: "neighbour", run: |surroundings, _| neighbour::run(surroundings) },
    Measurement { name: "backtest_sqlite", run: |surroundings, tokio| tokio.block_on(backtest::sqlite(surroundings)) },
    Measurement {
        name: "backtest_postgres",
        run: |surroundings, tokio| tokio.block_on(backtest::postgres(surroundings)),
    },
    Measurement { name: "relations", run: |surroundings, _| relations::run(surroundings) },
    Measurement { name: "ingest_sqlite", run: |surroundings, tokio| tokio.block_on(ingest::sqlite(surroundings)) },
    Measurement { name: "ingest_postgres", run: |surroundings, tokio| tokio.block_on(ingest::postgres(surroundings)) },
    Measurement { name: "import_sqlite", run: |surroundings, tokio| tokio.block_on(imports::sqlite(surroundings)) },
    Measurement { name: "import_postgres", run: |surroundings, tokio| tokio.block_on(imports::postgres(surroundings)) },
    Measurement { name: "segments_sqlite", run: |surroundings, tokio| tokio.block_on(segments::sqlite(surroundings)) },
    Measurement {
        name: "segments_postgres",
        run: |surroundings, tokio| tokio.block_on(segments::postgres(surroundings)),
    },
    Measurement { name: "pages_sqlite", run: |surroundings, tokio| tokio.block_on(pages::sqlite(surroundings)) },
    Measurement { name: "pages_postgres", run: |surroundings, tokio| tokio.block_on(pages::postgres(surroundings)) },
    Measurement { name: "fresh_sqlite", run: |surroundings, tokio| tokio.block_on(fresh::sqlite(surroundings)) },
    Measurement { name: "fresh_postgres", run: |surroundings, tokio| tokio.block_on(fresh::postgres(surroundings)) },
    Measurement { name: "flat_sqlite", run: |surroundings, tokio| tokio.block_on(flat::sqlite(surroundings)) },
    Measurement { name: "flat_postgres", run: |surroundings, tokio| tokio.block_on(flat::postgres(surroundings)) },
    Measurement {
        name: "import_killed_sqlite",
        run: |surroundings, tokio| tokio.block_on(import_killed::sqlite(surroundings)),
    },
    Measurement {
        name: "import_killed_postgres",
        run: |surroundings, tokio| tokio.block_on(import_killed::postgres(surroundings)),
    },
    Measurement { name: "latency", run: |surroundings, tokio| tokio.block_on(latency::run(surroundings)) },
    Measurement { name: "shadow", run: |surroundings, tokio| tokio.block_on(shadow::run(surroundings)) },
    Measurement { name: "shares", run: |surroundings, tokio| tokio.block_on(shares::run(surroundings)) },
    Measurement { name: "delivery_sqlite", run: |surroundings, tokio| tokio.block_on(delivery::sqlite(surroundings)) },
    Measurement {
        name: "delivery_postgres",
        run: |surroundings, tokio| tokio.block_on(delivery::postgres(surroundings)),
    },
    Measurement { name: "replies_sqlite", run: |surroundings, tokio| tokio.block_on(replies::sqlite(surroundings)) },
    Measurement {
        name: "replies_postgres",
        run: |surroundings, tokio| tokio.block_on(replies::postgres(surroundings)),
    },
    Measurement { name: "hooks_sqlite", run: |surroundings, tokio| tokio.block_on(hooks::sqlite(surroundings)) },
    Measurement { name: "hooks_postgres", run: |surroundings, tokio| tokio.block_on(hooks::postgres(surroundings)) },
    Measurement { name: "reload", run: |surroundings, tokio| tokio.block_on(reload::run(surroundings)) },
    Measurement { name: "start", run: |surroundings, tokio| tokio.block_on(start::run(surroundings)) },
];
