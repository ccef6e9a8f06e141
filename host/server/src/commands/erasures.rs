//! `guanxi erasures`: who was forgotten, as opaque ids, to be forgotten again after an older back-up was restored.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use guanxi_domain::ids::PersonId;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

/// The most bytes of a line that is read.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Why people are forgotten again.
const REASON: &str = "erased before this back-up was restored";

#[derive(Subcommand)]
pub enum Action {
    /// Print the erasures of all tenants as JSON lines. Keep them beside the back-ups, not in them.
    Export,
    /// Forget everybody of an export again who exists in this database.
    Apply {
        /// The export.
        file: PathBuf,
    },
}

/// A line of an export.
#[derive(serde::Serialize, serde::Deserialize)]
struct Line {
    tenant: String,
    people: Vec<PersonId>,
    requested_at: i64,
}

pub async fn run(config: &Config, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Export => export(config).await,
        Action::Apply { file } => {
            let opened =
                tokio::fs::File::open(&file).await.with_context(|| format!("cannot open {}", file.display()))?;
            apply(config, opened).await
        }
    }
}

async fn export(config: &Config) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    let mut after = None;
    loop {
        let page = app.tenants(&operator, after.as_deref(), None).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.slug.to_string());
        for tenant in &page {
            let mut before = None;
            loop {
                let erasures = app.erasures(&operator, tenant.slug.as_str(), before, None).await?;
                let Some(last) = erasures.last() else { break };
                before = Some(last.id);
                for erasure in erasures {
                    let mut people = erasure.report.people;
                    if !people.contains(&erasure.person) {
                        people.push(erasure.person);
                    }
                    let line = Line { tenant: tenant.slug.to_string(), people, requested_at: erasure.requested_at };
                    print(serde_json::to_string(&line)?);
                }
            }
        }
    }
}

async fn apply(config: &Config, input: impl AsyncRead + Unpin) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    let mut lines = BufReader::new(input).lines();
    let (mut number, mut count) = (0, 0);
    while let Some(text) = lines.next_line().await? {
        number += 1;
        if text.trim().is_empty() {
            continue;
        }
        anyhow::ensure!(text.len() <= LINE_BYTES_MAX, "line {number} is longer than {LINE_BYTES_MAX} bytes");
        let line: Line = serde_json::from_str(&text).with_context(|| format!("line {number}"))?;
        let again = app.erase_again(&operator, &line.tenant, &line.people, REASON).await;
        count += again.with_context(|| format!("line {number}"))?;
    }
    print(format!("{count} people will be forgotten again."));
    Ok(())
}
