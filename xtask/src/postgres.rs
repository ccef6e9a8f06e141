//! A private PostgreSQL server for one run: fresh, on a free port, gone afterwards.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::{process, system};

/// The oldest release that we support.
const VERSION_MIN: u32 = 15;
/// The account that Debian's package makes; the server refuses to run as root.
const ACCOUNT: &str = "postgres";
const POLL: Duration = Duration::from_millis(50);
const POLLS_MAX: u32 = 600;
const STOP_MAX: Duration = Duration::from_secs(20);

/// Whether a commit reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: measurements need it.
    Synced,
    /// Faster: a test's data need not survive the machine's crash, only the server's clients'.
    Forgetful,
}

/// A running server. Dropping it stops the server and removes its data.
pub struct Postgres {
    programs: Programs,
    server: Child,
    url: String,
    directory: TempDir,
}

impl Postgres {
    /// Starts a server with one role that is no superuser, so that row-level security binds it, and may create databases.
    pub fn start(durability: Durability) -> Result<Self> {
        let programs = Programs::find_or_install()?;
        let directory = tempfile::Builder::new().prefix("guanxi-postgres-").tempdir()?;
        if let Some((user, group)) = programs.account {
            chown(directory.path(), Some(user), Some(group))?;
        }
        programs.initialise(directory.path())?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = programs.serve(directory.path(), port, durability)?;
        let url = format!("postgres://guanxi:guanxi@127.0.0.1:{port}/guanxi");
        let mut postgres = Self { programs, server, url, directory };
        postgres.wait_until_ready(port)?;
        postgres.create_role(port)?;
        println!("PostgreSQL listens on 127.0.0.1:{port}");
        Ok(postgres)
    }

    /// Where and as whom to connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self, port: u16) -> Result<()> {
        for _ in 0..POLLS_MAX {
            let ready = self.client("pg_isready", port).stdout(Stdio::null()).status()?;
            if ready.success() {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                bail!("PostgreSQL ended ({status}):\n{}", self.log());
            }
            ensure!(!process::interrupted(), "interrupted");
            process::pause(POLL);
        }
        bail!("PostgreSQL does not answer:\n{}", self.log())
    }

    fn create_role(&self, port: u16) -> Result<()> {
        let mut psql = self.client("psql", port);
        psql.args(["--dbname", "postgres", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]);
        psql.args(["--command", "create role guanxi login createdb nosuperuser nobypassrls password 'guanxi'"]);
        psql.args(["--command", "create database guanxi owner guanxi"]);
        process::read(&mut psql).map(drop)
    }

    /// A client program that connects as superuser, which only works over the socket in our directory.
    fn client(&self, program: &str, port: u16) -> Command {
        let mut command = Command::new(self.programs.directory.join(program));
        command.arg("--host").arg(self.directory.path()).args(["--port", &port.to_string(), "--username", ACCOUNT]);
        command
    }

    fn log(&self) -> String {
        let path = log_file(self.directory.path());
        fs::read_to_string(&path).unwrap_or_else(|error| format!("(no log: {error})"))
    }

    /// Ends every session and stops; kills if that takes too long.
    fn stop(&mut self) -> Result<()> {
        let data = data_directory(self.directory.path());
        let mut stop = self.programs.as_account("pg_ctl");
        stop.args(["stop", "--mode", "fast", "--no-wait", "--silent", "--pgdata"]).arg(data);
        stop.current_dir(self.directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
        // It fails if the server is already stopping, such as after Ctrl-C, which reaches it, too.
        stop.status()?;
        if process::wait_at_most(&mut self.server, STOP_MAX)?.is_none() {
            self.server.kill()?;
            self.server.wait()?;
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("PostgreSQL in {} was not stopped: {error:#}", self.directory.path().display());
        }
    }
}

/// The server's programs, and the account that runs them if we are root.
struct Programs {
    directory: PathBuf,
    account: Option<(u32, u32)>,
}

impl Programs {
    fn find_or_install() -> Result<Self> {
        let mut found = newest();
        if found.is_none() {
            system::install(&["postgresql"], &format!("PostgreSQL {VERSION_MIN} or newer"))?;
            found = newest();
        }
        let directory = found.with_context(|| {
            format!("no PostgreSQL {VERSION_MIN} or newer: put its programs on PATH, or set GUANXI_TEST_DATABASE_URL")
        })?;
        let account = if system::is_root()? { Some(account()?) } else { None };
        Ok(Self { directory, account })
    }

    fn initialise(&self, directory: &Path) -> Result<()> {
        let mut initdb = self.as_account("initdb");
        initdb.current_dir(directory).arg("--pgdata").arg(data_directory(directory));
        // The plain locale sorts by code point, as SQLite does, on every machine.
        initdb.args(["--username", ACCOUNT, "--encoding", "UTF8", "--locale", "C", "--no-sync"]);
        initdb.args(["--auth-local", "trust", "--auth-host", "scram-sha-256"]);
        process::read(&mut initdb).map(drop)
    }

    fn serve(&self, directory: &Path, port: u16, durability: Durability) -> Result<Child> {
        let mut server = self.as_account("postgres");
        server
            .current_dir(directory)
            .arg("-D")
            .arg(data_directory(directory))
            .args(["-p", &port.to_string()])
            .arg("-k");
        server.arg(directory).args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]);
        // Tests create schemas by the dozen at the same time, each in one transaction.
        server.args(["-c", "max_locks_per_transaction=256"]);
        let settings = match durability {
            Durability::Forgetful => ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
            // As docs/operator.md advises.
            Durability::Synced => ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min"],
        };
        server.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let log = File::create(log_file(directory))?;
        server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        server.spawn().context("cannot start PostgreSQL")
    }

    /// A program of the server, never as root, that stops should we be killed.
    fn as_account(&self, program: &str) -> Command {
        let program = self.directory.join(program);
        let Some(setpriv) = system::find("setpriv") else {
            return Command::new(program);
        };
        let mut command = Command::new(setpriv);
        if let Some((user, group)) = self.account {
            command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
        }
        command.args(["--pdeathsig", "INT", "--"]).arg(program);
        command
    }
}

fn data_directory(directory: &Path) -> PathBuf {
    directory.join("data")
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("log")
}

/// User and group to become.
fn account() -> Result<(u32, u32)> {
    ensure!(system::find("setpriv").is_some(), "PostgreSQL does not run as root: run this as another user");
    let id = |what: &str| -> Result<u32> { Ok(process::read(Command::new("id").args([what, ACCOUNT]))?.parse()?) };
    Ok((id("-u")?, id("-g")?))
}

/// The directory of the newest server that is new enough.
fn newest() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let candidates = on_path.into_iter().chain(debian);
    let versions = candidates.filter_map(|directory| Some((version(&directory)?, directory)));
    versions.filter(|(version, _)| *version >= VERSION_MIN).max_by_key(|(version, _)| *version).map(|found| found.1)
}

/// The major version of the server in a directory, if it is complete.
fn version(directory: &Path) -> Option<u32> {
    let complete = ["initdb", "pg_ctl", "pg_isready", "psql"].iter().all(|program| directory.join(program).is_file());
    let server = directory.join("postgres");
    if !complete || !server.is_file() {
        return None;
    }
    parse_version(&process::read(Command::new(server).arg("--version")).ok()?)
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    number.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_releases_and_betas() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(parse_version("postgres"), None);
    }

    #[test]
    fn a_server_binds_its_role_and_leaves_nothing() {
        let postgres = Postgres::start(Durability::Forgetful).unwrap();
        let directory = postgres.directory.path().to_owned();
        let ask = |sql| {
            let mut psql = Command::new(postgres.programs.directory.join("psql"));
            process::read(psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, postgres.url()]))
        };
        let rights = "select rolsuper, rolbypassrls, rolcreatedb from pg_roles where rolname = current_user";
        assert_eq!(ask(rights).unwrap(), "f|f|t");
        assert_eq!(ask("show fsync").unwrap(), "off");
        ask("create database another").unwrap();
        drop(postgres);
        assert!(!directory.exists());
    }
}
