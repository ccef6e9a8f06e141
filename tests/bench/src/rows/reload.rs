//! How long an author waits for a save to be live: `guanxi plugin dev` on a fresh project in Rust against the real server,
//! beside what cargo alone takes to build such a change.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::database::Database;
use crate::measure::{self, Rounds};
use crate::report::Row;
use crate::server::{self, OPERATOR_TOKEN, Server};
use crate::setup::Setup;
use crate::surroundings::Surroundings;

const TENANT: &str = "nursery";
/// A new project says this of whoever is new.
const REASON: &str = "somebody new";
const SAVE: &str = " s after the save";
/// The first build compiles what the project depends on.
const PATIENCE: Duration = Duration::from_secs(300);

/// Saves several times, and waits for each to be live.
pub async fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let saves = surroundings.size(9, 2);
    let database = Database::sqlite(surroundings)?;
    let setup = Setup::open(&database.url).await?;
    setup.tenant(TENANT).await?;
    setup.close().await;
    let server = Server::start(surroundings, &database, &server::client()?).await?;
    let author = Author::new(surroundings).await?;
    let mut dev = author.dev(&server)?;
    dev.until(" s after the start").await?;

    let (mut live, mut alone) = (Rounds::default(), Rounds::default());
    for number in 0..saves {
        author.save(&format!("face {number}"))?;
        let line = dev.until(SAVE).await?;
        let before = line.split(SAVE).next().unwrap_or_default();
        let seconds = before.rsplit(' ').next().and_then(|word| word.parse().ok());
        live.push(seconds.with_context(|| format!("no time in `{line}`"))?);
    }
    dev.process.kill().await?;
    // It builds elsewhere, so the first build compiles what the project depends on.
    author.cargo().await?;
    for number in 0..saves {
        author.save(&format!("stranger {number}"))?;
        let start = measure::now();
        author.cargo().await?;
        alone.push(measure::now().duration_since(start).as_secs_f64());
    }
    server.stop().await?;
    database.remove().await?;
    let note = format!("the median of {saves} saves of a new campaign in Rust, until it is live in a tenant");
    Ok(vec![Row::new("reload", live.median(), "s").against("cargo alone", alone.median()).at_most(2.0).note(note)])
}

/// Somebody with a new project.
struct Author {
    binary: PathBuf,
    folder: tempfile::TempDir,
    text: String,
}

impl Author {
    async fn new(surroundings: &Surroundings) -> Result<Self> {
        // Outside of any workspace, as an author's project is.
        let folder = tempfile::tempdir()?;
        let mut author = Self { binary: surroundings.binary.clone(), folder, text: String::new() };
        let made =
            author.guanxi(["new".as_ref(), author.project().as_os_str(), "--kind".as_ref(), "campaign".as_ref()]);
        ended(made).await?;
        author.text = std::fs::read_to_string(author.source())?;
        ensure!(author.text.contains(REASON), "a new campaign has another text");
        Ok(author)
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("sprout")
    }

    fn source(&self) -> PathBuf {
        self.project().join("src/lib.rs")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    fn save(&self, reason: &str) -> Result<()> {
        Ok(std::fs::write(self.source(), self.text.replace(REASON, reason))?)
    }

    fn guanxi<'a>(&self, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
        let mut command = self.command(&self.binary);
        command.arg("plugin").args(arguments);
        command
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("CARGO_TARGET_DIR", self.target()).env("GUANXI_CACHE_DIR", self.folder.path().join("cache"));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn dev(&self, server: &Server) -> Result<Dev> {
        let project = self.project();
        let mut command = self.guanxi(["dev".as_ref(), project.as_os_str()]);
        command.args(["--host", &server.address, "--tenant", TENANT, "--grant-requested"]);
        command.env("GUANXI_TOKEN", OPERATOR_TOKEN).stdout(Stdio::piped());
        let mut process = command.spawn().context("cannot start `guanxi plugin dev`")?;
        let stdout = process.stdout.take().context("no standard output")?;
        Ok(Dev { process, lines: BufReader::new(stdout).lines() })
    }

    async fn cargo(&self) -> Result<()> {
        let mut command = self.command("cargo".as_ref());
        command.args(["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown"]);
        command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "-Ctarget-feature=+simd128");
        command.current_dir(self.project());
        ended(command).await
    }
}

/// A running `guanxi plugin dev`.
struct Dev {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Dev {
    /// The next line with these words.
    async fn until(&mut self, words: &str) -> Result<String> {
        let found = async {
            while let Some(line) = self.lines.next_line().await? {
                if line.starts_with("error") {
                    bail!("{line}");
                }
                if line.contains(words) {
                    return Ok(line);
                }
            }
            bail!("`guanxi plugin dev` has ended")
        };
        tokio::time::timeout(PATIENCE, found).await.with_context(|| format!("no line with `{words}`"))?
    }
}

async fn ended(mut command: Command) -> Result<()> {
    let output = command.output().await.with_context(|| format!("cannot start {:?}", command.as_std()))?;
    ensure!(output.status.success(), "{:?}: {}", command.as_std(), String::from_utf8_lossy(&output.stderr));
    Ok(())
}
