//! `guanxi import`: takes a file over into a tenant and shows how far it is. The server that runs on the same database
//! does the work; without one the import waits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use guanxi_app::import_file::{Mapping, Subject};
use guanxi_app::{App, ImportView, ImportWish};
use guanxi_domain::caller::Caller;
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::ImportStatus;
use tokio::io::AsyncReadExt;

use crate::commands::print;
use crate::config::Config;
use crate::wiring::{build, local_operator};

/// Bytes of one read.
const READ_BYTES: usize = 256 * 1024;
/// How often to look how far it is.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Args)]
pub struct Options {
    /// CSV, XLSX or JSON lines.
    file: PathBuf,
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// What its rows are about: people, orders or relations [default: found out].
    #[arg(long, value_parser = subject)]
    subject: Option<Subject>,
    /// The system that has written it, such as hubspot-contacts [default: found out].
    #[arg(long, conflicts_with = "mapping")]
    preset: Option<String>,
    /// What columns become: a JSON file, or the name of a saved mapping.
    #[arg(long)]
    mapping: Option<String>,
    /// Keep the file and print the suggested mapping; import nothing yet.
    #[arg(long)]
    dry_run: bool,
    /// Return as soon as the import is started.
    #[arg(long)]
    no_wait: bool,
}

fn subject(text: &str) -> Result<Subject, String> {
    Subject::parse(text).ok_or_else(|| "give people, orders or relations".to_owned())
}

pub async fn run(config: &Config, options: Options) -> anyhow::Result<()> {
    let app = build(config).await?.app;
    let operator = local_operator();
    let tenant = options.tenant.as_str();
    let given: Option<Mapping> = match options.mapping.as_deref().map(Path::new).filter(|path| path.is_file()) {
        Some(path) => {
            let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            Some(serde_json::from_slice(&text).with_context(|| format!("{} is no mapping", path.display()))?)
        }
        None => None,
    };
    let saved = options.mapping.clone().filter(|_| given.is_none());
    let wish = ImportWish { subject: options.subject, preset: options.preset.clone(), saved };
    let mut view = upload(&app, &operator, tenant, &options.file, wish).await?;
    if let Some(mapping) = given {
        view = app.map_import(&operator, tenant, view.row.id, mapping).await?;
    }
    if options.dry_run {
        print(serde_json::to_string_pretty(&view.mapping)?);
        return Ok(());
    }
    view = app.start_import(&operator, tenant, view.row.id).await?;
    print(format!("{}: {} from {}", view.row.id, view.row.subject, view.row.name));
    if options.no_wait {
        return Ok(());
    }
    follow(&app, &operator, tenant, view.row.id).await
}

async fn upload(
    app: &App,
    operator: &Caller,
    tenant: &str,
    path: &Path,
    wish: ImportWish,
) -> anyhow::Result<ImportView> {
    let mut file = tokio::fs::File::open(path).await.with_context(|| format!("cannot open {}", path.display()))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut upload = app.begin_import(operator, tenant, &name, wish).await?;
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut bytes).await.with_context(|| format!("cannot read {}", path.display()))?;
        if read == 0 {
            return Ok(upload.finish().await?);
        }
        upload.push(bytes.get(..read).unwrap_or_default()).await?;
    }
}

/// Prints how far it is until it is done.
async fn follow(app: &App, operator: &Caller, tenant: &str, id: ImportId) -> anyhow::Result<()> {
    let mut shown = -1;
    loop {
        let row = app.import(operator, tenant, id).await?.row;
        if row.rows_done != shown {
            shown = row.rows_done;
            let counts = row.counts;
            let total = row.rows_total.map(|total| format!(" of {total}")).unwrap_or_default();
            print(format!(
                "{shown}{total} rows: {} new, {} recognised, {} unchanged, {} conflicting, {} refused",
                counts.new, counts.recognised, counts.unchanged, counts.conflicting, counts.refused
            ));
        }
        match row.status {
            ImportStatus::Done => return Ok(()),
            ImportStatus::Failed => bail!("the import failed: {}", row.error.unwrap_or_default()),
            ImportStatus::Stopped => bail!("the import was stopped"),
            ImportStatus::Uploading | ImportStatus::Waiting | ImportStatus::Running => tokio::time::sleep(LOOK).await,
        }
    }
}
