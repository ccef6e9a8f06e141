//! The real server: the optimised binary in a process of its own, spoken to over HTTP.

use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::measure;
use crate::setup::SECRET_KEY;
use crate::surroundings::Surroundings;

/// The operator's token of every server.
pub const OPERATOR_TOKEN: &str = "bench-operator-token";
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(30);
const LISTENS: &str = "listens on ";

/// A running server; killed when dropped, if it was not stopped before.
pub struct Server {
    /// `http://127.0.0.1:…`
    pub address: String,
    /// From the start of the process to the first `200` of `/readyz`.
    pub ready_after: Duration,
    process: Child,
}

/// What ingest says to a request.
#[derive(Debug, Deserialize)]
struct Receipt {
    accepted: usize,
    duplicates: usize,
}

impl Server {
    /// Starts it on a free port and waits until it is ready.
    pub async fn start(surroundings: &Surroundings, database: &Database, client: &Client) -> Result<Self> {
        let key: String = SECRET_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        let log = File::options().create(true).append(true).open(surroundings.output.join("server.log"))?;
        let mut command = Command::new(&surroundings.binary);
        command
            .arg("serve")
            .env("GUANXI_LISTEN", "127.0.0.1:0")
            .env("GUANXI_DATA_DIR", database.folder())
            .env("GUANXI_DATABASE_URL", &database.url)
            .env("GUANXI_OPERATOR_TOKEN", OPERATOR_TOKEN)
            .env("GUANXI_SECRET_KEY", key)
            .env("GUANXI_UNSIGNED_PLUGINS", "true")
            .env("GUANXI_EGRESS_ALLOW_PRIVATE", "127.0.0.1")
            .env("GUANXI_EGRESS_ALLOW_HTTP", "true")
            .env("GUANXI_LOG", "warn")
            .current_dir(database.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        let started = measure::now();
        let mut process = command.spawn().with_context(|| format!("cannot start {}", surroundings.binary.display()))?;
        let stdout = process.stdout.take().context("no standard output")?;
        let address = tokio::time::timeout(START_MAX, address(stdout)).await.context("the server does not start")??;
        wait_until_ready(client, &address, started).await?;
        Ok(Self { address, ready_after: measure::now().duration_since(started), process })
    }

    /// Bytes of memory in use, and at the peak.
    pub fn memory(&self) -> Result<(u64, u64)> {
        let pid = self.process.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| -> Result<u64> {
            let line =
                status.lines().find_map(|line| line.strip_prefix(name)).context("/proc has another form here")?;
            Ok(line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>()? * 1_024)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Seconds of processor time used so far.
    pub fn processor_seconds(&self) -> Result<f64> {
        let pid = self.process.id().context("the server has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, fields) = stat.rsplit_once(')').context("/proc has another form here")?;
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(ticks as f64 / 100.0)
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Asks it to end and waits.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self.process.id().context("the server has ended by itself; see target/bench/server.log")?;
        let asked = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        ensure!(asked.success(), "the server could not be asked to stop");
        let ended = tokio::time::timeout(STOP_MAX, self.process.wait()).await.context("the server does not stop")??;
        ensure!(ended.success(), "the server ended with {ended}; see target/bench/server.log");
        Ok(())
    }
}

/// A client without TLS in use; made once per measurement.
pub fn client() -> Result<Client> {
    // Another client may have installed it before.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(Client::builder().no_proxy().pool_max_idle_per_host(256).timeout(Duration::from_secs(60)).build()?)
}

/// Sends one ingest request until it is taken; returns how many events were accepted. Asked to wait, it waits.
pub async fn send(client: &Client, url: &str, write_key: &str, body: Bytes) -> Result<usize> {
    loop {
        let request = client.post(url).basic_auth(write_key, Some("")).header("content-type", "application/json");
        let response = request.body(body.clone()).send().await?;
        match response.status() {
            StatusCode::ACCEPTED => {
                let receipt: Receipt = serde_json::from_slice(&response.bytes().await?)?;
                ensure!(receipt.duplicates == 0, "fresh events were taken for {} duplicates", receipt.duplicates);
                return Ok(receipt.accepted);
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1))).await;
            }
            other => bail!("ingest answered {other}: {}", response.text().await?),
        }
    }
}

/// Reads the line that names the address; goes on reading, so that the server can write.
async fn address(stdout: tokio::process::ChildStdout) -> Result<String> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, address)) = line.split_once(LISTENS) {
            let address = address.trim().to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
    }
    bail!("the server ended before it listened; see target/bench/server.log")
}

async fn wait_until_ready(client: &Client, address: &str, started: Instant) -> Result<()> {
    let url = format!("{address}/readyz");
    while measure::now().duration_since(started) < START_MAX {
        let answer = client.get(&url).send().await;
        if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("the server does not get ready")
}
