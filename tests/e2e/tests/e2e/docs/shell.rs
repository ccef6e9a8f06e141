//! Runs what a page shows, as a reader would who copies every block into one terminal.

use std::path::Path;
use std::process::Stdio;

use guanxi_e2e::environment::binary;
use guanxi_e2e::host::command;
use guanxi_e2e::{Host, OPERATOR_TOKEN, Place};
use tokio::process::Command;

use super::root;
use super::words::Block;
use crate::commands::plugins::target;

/// Runs blocks of `page`, in order, as one script in `folder` that ends at the first command that fails; fails with what it
/// printed. `guanxi` works on the data of `place`; the address that pages write is that of `host`, if there is one.
pub async fn run(place: &Place, host: Option<&Host>, folder: &Path, page: &str, blocks: &[Block]) {
    let mut script = String::from("set -eu\n");
    for block in blocks {
        script.push_str(&block.text);
        script.push('\n');
    }
    if let Some(host) = host {
        let (_, address) = host.url().split_once("://").expect("a URL");
        script = script.replace("127.0.0.1:8080", address).replace("localhost:8080", address);
    }
    let configured = command(place, [""; 0]);
    let mut shell = Command::new("sh");
    for (name, value) in configured.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    let bin = binary().parent().expect("a folder").to_owned();
    let search = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{search}", bin.display())).env("GUANXI_OPERATOR_TOKEN", OPERATOR_TOKEN);
    // Examples are a page's own files, too; and what pages build shares the tools of all tests.
    shell.env("GUANXI_CHECKOUT", root()).env("CARGO_TARGET_DIR", target());
    let ended = shell.args(["-c", &script]).current_dir(folder).stdin(Stdio::null()).output().await.expect("a shell");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{page}: {}\n{script}\n{out}\n{err}", ended.status);
    assert!(!out.contains("urn:guanxi:problem:"), "{page}: a request was refused\n{out}");
}
