//! A real OCI registry as a process of its own, with an empty storage that goes with it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::environment::variable;

const START_MAX: Duration = Duration::from_secs(60);
const LISTENS: &str = "listening on ";

/// Who may use a registry that asks: a name, a password, and the same as htpasswd writes it.
pub const ACCOUNT: (&str, &str, &str) =
    ("lantern", "secret-of-the-tests", "lantern:$2y$05$abcdefghijklmnopqrstuu6o3dlyWnvEiDh3K/MBghWoid.93Z6L2");

/// A running registry that speaks plain http on this machine.
pub struct Registry {
    _process: Child,
    _folder: TempDir,
    address: String,
}

impl Registry {
    /// Starts one that everybody may use.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts one that lets only [`ACCOUNT`] in.
    pub async fn start_guarded() -> Self {
        Self::start_with("auth: {htpasswd: {realm: tests, path: FOLDER/htpasswd}}\n").await
    }

    async fn start_with(auth: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {path}/data}}}}\n\
             http: {{addr: '127.0.0.1:0'}}\n{}",
            auth.replace("FOLDER", &path)
        );
        write(&folder.path().join("config.yml"), &config);
        write(&folder.path().join("htpasswd"), ACCOUNT.2);
        let mut process = Command::new(variable("GUANXI_TEST_REGISTRY"))
            .args(["serve", "config.yml"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the registry starts");
        let mut lines = BufReader::new(process.stderr.take().expect("its output")).lines();
        let address = async {
            while let Some(line) = lines.next_line().await.expect("its output") {
                if let Some((_, rest)) = line.split_once(LISTENS) {
                    return rest.split(['"', ',', ' ']).next().unwrap_or_default().to_owned();
                }
            }
            panic!("the registry ended");
        };
        let address = timeout(START_MAX, address).await.expect("the registry listens");
        // Nobody reads on, but a full pipe would hold it up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _process: process, _folder: folder, address }
    }

    /// `127.0.0.1:…`
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("written");
}
