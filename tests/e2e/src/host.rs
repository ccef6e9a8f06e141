//! `guanxi serve` as a process: started, killed, started again on the same data.

use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::Client;
use crate::environment;
use crate::place::Place;
use crate::tenant::Tenant;

/// The operator's token of every host.
pub const OPERATOR_TOKEN: &str = "operator-token-of-the-tests";
const START_MAX: Duration = Duration::from_secs(120);
const STOP_MAX: Duration = Duration::from_secs(40);
const LISTENS: &str = "Guanxi listens on ";

/// A running host. Dropping it kills it; if the test failed, what it logged is shown.
pub struct Host {
    child: Child,
    url: String,
    log: std::path::PathBuf,
}

impl Host {
    /// Starts a host in `place` and waits until it listens.
    pub async fn start(place: &Place) -> Self {
        Self::start_with(place, &[]).await
    }

    /// The same with further environment variables, which win over the usual ones.
    pub async fn start_with(place: &Place, variables: &[(&str, &str)]) -> Self {
        let mut command = command(place, ["serve"]);
        command.envs(variables.iter().copied());
        Self::listen(place, command).await
    }

    /// Starts whatever prints where it listens, such as `guanxi demo`.
    pub async fn listen(place: &Place, mut command: Command) -> Self {
        let log = place.data_dir().join("stderr.log");
        let file = std::fs::File::options().append(true).create(true).open(&log).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut seen = Vec::new();
        let address = async {
            while let Some(line) = lines.next_line().await.expect("its output") {
                if let Some((_, url)) = line.split_once(LISTENS) {
                    return Some(url.trim().trim_end_matches("/console").to_owned());
                }
                seen.push(line);
            }
            None
        };
        let address = timeout(START_MAX, address).await;
        let Ok(Some(url)) = address else {
            let logged = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("the host does not start\n{}\n{logged}", seen.join("\n"));
        };
        // Nobody reads on, but a closed pipe would end the host at its next line.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, url, log }
    }

    /// `http://127.0.0.1:…`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process, while it lives.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Speaks as the operator.
    pub fn operator(&self) -> Client {
        self.stranger().with_token(OPERATOR_TOKEN)
    }

    /// Shows no token.
    pub fn stranger(&self) -> Client {
        Client::new(&self.url)
    }

    /// A new tenant with its tokens.
    pub async fn tenant(&self, slug: &str) -> Tenant {
        Tenant::create(self, slug).await
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.start_kill().expect("it is ours to kill");
        self.child.wait().await.expect("its end");
    }

    /// Asks it to stop, as an operator does, and waits until it has; fails if it did not end well.
    pub async fn stop(mut self) {
        self.signal("TERM").await;
        let status = timeout(STOP_MAX, self.child.wait()).await.expect("it stops in time").expect("its end");
        assert!(status.success(), "the host stopped with {status}\n{}", self.logged());
    }

    /// Sends a signal, such as `TERM` or `STOP`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("a living process").to_string();
        let sent = Command::new("kill").args([format!("-{name}"), id]).status().await;
        assert!(sent.expect("kill").success());
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_some()
    }

    /// What it wrote to standard error, over all starts in this place.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the host at {} logged:\n{}", self.url, self.logged());
        }
    }
}

/// Runs a command of the binary in `place` to its end, beside a host or without.
pub async fn run<S: AsRef<OsStr>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> Output {
    command(place, arguments).output().await.expect("the binary starts")
}

/// The same, for a command that must succeed: what it printed.
pub async fn run_well<S: AsRef<OsStr>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> String {
    let output = run(place, arguments).await;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// The binary with the tests' configuration: a free port, plain http to this machine and unsigned plugins allowed, nothing from the
/// environment of whoever runs the tests.
pub fn command<S: AsRef<OsStr>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(environment::binary());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GUANXI_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(place.data_dir()).kill_on_drop(true).stdin(Stdio::null()).envs([
        ("GUANXI_LISTEN", "127.0.0.1:0"),
        ("GUANXI_OPERATOR_TOKEN", OPERATOR_TOKEN),
        ("GUANXI_EGRESS_ALLOW_PRIVATE", "127.0.0.1"),
        ("GUANXI_EGRESS_ALLOW_HTTP", "true"),
        ("GUANXI_UNSIGNED_PLUGINS", "true"),
        ("GUANXI_LOG", "warn"),
    ]);
    command.env("GUANXI_DATA_DIR", place.data_dir()).env("GUANXI_CACHE_DIR", environment::compiled());
    if let Some(url) = place.database_url() {
        command.env("GUANXI_DATABASE_URL", url);
    }
    command
}
