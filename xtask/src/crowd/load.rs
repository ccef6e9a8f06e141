//! Loads a crowd as a brand would: through the command line's imports, and through ingest with its back-pressure. What
//! comes of it is a data folder or database that `guanxi serve` takes as it is.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use guanxi_crowd::{Files, Subject};

use crate::workspace::Workspace;
use crate::{build, process};

const TENANT: &str = "crowd";
const LISTENS: &str = "listens on ";
/// Lines of events between two words about them.
const TELL_LINES: usize = 50;

/// The binary, and where it keeps its things.
struct Guanxi<'a> {
    binary: &'a Path,
    data_dir: &'a Path,
    database_url: Option<&'a str>,
}

/// Builds the binary, makes the tenant, takes the files over and stops; what is not decided by then is decided at the next
/// start.
pub fn run(workspace: &Workspace, files: &[Files], data_dir: &Path, database_url: Option<&str>) -> Result<()> {
    let binary = build::run(workspace, true)?;
    let guanxi = Guanxi { binary: &binary, data_dir, database_url };
    process::run(&mut guanxi.command(&["migrate"]))?;
    process::run(&mut guanxi.command(&["tenant", "create", TENANT, "Crowd"]))?;
    let token = |scopes| {
        let arguments = ["token", "create", "crowd", "--tenant", TENANT, "--scopes", scopes];
        process::read(&mut guanxi.command(&arguments))
    };
    let (write_key, console) = (token("ingest,vouch")?, token("read,manage")?);
    let mut server = Server::start(&guanxi)?;
    for files in files.iter().filter(|files| files.subject != Subject::Events) {
        for path in &files.paths {
            let path = path.to_str().context("a folder whose name is text")?;
            process::run(&mut guanxi.command(&[
                "import",
                path,
                "--tenant",
                TENANT,
                "--subject",
                files.subject.as_str(),
            ]))?;
        }
    }
    for path in files.iter().filter(|files| files.subject == Subject::Events).flat_map(|files| &files.paths) {
        send(&server.address, &write_key, path)?;
    }
    server.stop()?;
    let database = database_url.map(|url| format!(" --database-url {url}")).unwrap_or_default();
    println!("\nThe tenant {TENANT} is loaded. Look at it with");
    println!("  {} serve --data-dir {}{database}", binary.display(), data_dir.display());
    println!("and sign in at /console with {console}");
    Ok(())
}

impl Guanxi<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.args(arguments).arg("--data-dir").arg(self.data_dir).args(["--log", "warn"]);
        if let Some(url) = self.database_url {
            command.env("GUANXI_DATABASE_URL", url);
        }
        command
    }
}

/// A running server; killed if loading fails.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(guanxi: &Guanxi<'_>) -> Result<Self> {
        let mut command = guanxi.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).spawn().context("cannot start the server")?;
        let stdout = process.stdout.take().context("no standard output")?;
        let mut server = Self { process, address: String::new() };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some((_, address)) = line.split_once(LISTENS) {
                server.address = address.trim().to_owned();
                return Ok(server);
            }
            println!("{line}");
        }
        bail!("the server ended before it listened")
    }

    fn stop(&mut self) -> Result<()> {
        process::run(Command::new("kill").args(["-TERM", &self.process.id().to_string()]))?;
        let ended = self.process.wait()?;
        ensure!(ended.success(), "the server ended with {ended}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Sends a file of bodies line by line. `curl` waits as long as the answer says (`Retry-After`) and sends again; what is
/// sent twice is kept once.
fn send(address: &str, write_key: &str, path: &Path) -> Result<()> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut sent = 0;
    for line in BufReader::with_capacity(1 << 20, file).lines() {
        ensure!(!process::interrupted(), "interrupted");
        post(address, write_key, &line?)?;
        sent += 1;
        if sent % TELL_LINES == 0 {
            println!("{sent} requests of {} sent", path.display());
        }
    }
    println!("all {sent} requests of {} sent", path.display());
    Ok(())
}

fn post(address: &str, write_key: &str, body: &str) -> Result<()> {
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--fail",
        "--retry",
        "1000",
        "--retry-connrefused",
        "--output",
        "/dev/null",
    ])
    .args(["--user", &format!("{write_key}:"), "--header", "Content-Type: application/json"])
    .args(["--header", "Expect:", "--data-binary", "@-", &format!("{address}/v1/batch")])
    .stdin(Stdio::piped());
    let mut process = curl.spawn().context("cannot start curl: install it")?;
    let mut stdin = process.stdin.take().context("no standard input")?;
    stdin.write_all(body.as_bytes())?;
    drop(stdin);
    let ended = process.wait()?;
    ensure!(ended.success(), "a request was refused; curl ended with {ended}");
    Ok(())
}
