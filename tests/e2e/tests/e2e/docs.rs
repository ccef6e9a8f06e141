//! Commands in README and docs are real: each subcommand and flag exists, and what is fenced as `sh run` runs.
//!
//! All blocks of one file that are fenced as `sh run` are one shell script, run in an empty folder against a live host:
//! `http://127.0.0.1:8080` and `http://localhost:8080` become the host's address, `guanxi` is the tests' binary with the
//! host's configuration, and `GUANXI_OPERATOR_TOKEN` holds the operator's token.

pub mod shell;
pub mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use guanxi_e2e::environment::binary;
use guanxi_e2e::{Host, Place, on_sqlite};
use tokio::process::Command;

use words::{Block, Invocation, blocks, invocations};

/// Pages that lead on to one another; `agencies.rs` follows them.
const GUIDE: &str = "docs/agencies/";

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the checkout")
}

/// Every page that people read, with its path from the root.
fn pages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if name.starts_with('.') || ["target", "node_modules"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".md") {
                let shown = path.strip_prefix(root()).expect("below the root").display().to_string();
                found.push((shown, std::fs::read_to_string(&path).expect("a page")));
            }
        }
    }
    found.sort();
    found
}

/// What `--help` says, asked once for each command.
#[derive(Default)]
struct Helps(BTreeMap<String, String>);

impl Helps {
    async fn of(&mut self, program: &Path, words: &[&str]) -> &str {
        let key = format!("{} {}", program.display(), words.join(" "));
        if !self.0.contains_key(&key) {
            let asked = Command::new(program).args(words).arg("--help").stdin(Stdio::null()).output().await;
            let output = asked.unwrap_or_else(|error| panic!("{key}: {error}"));
            self.0.insert(key.clone(), String::from_utf8_lossy(&output.stdout).into_owned());
        }
        &self.0[&key]
    }

    /// What is wrong with a command, if anything is.
    async fn judge(&mut self, program: &Path, call: &Invocation) -> Option<String> {
        let mut path: Vec<&str> = Vec::new();
        let mut rest = call.words.iter().map(String::as_str).peekable();
        while let Some(subcommands) = words::subcommands(self.of(program, &path).await) {
            // Flags that every command has may come first.
            let Some(word) = rest.find(|word| !word.starts_with('-')) else { break };
            if !subcommands.iter().any(|known| known == word) {
                return Some(format!("there is no `{word}`; there are {}", subcommands.join(", ")));
            }
            path.push(word);
        }
        let help = self.of(program, &path).await;
        let flags = call.words.iter().take_while(|word| *word != "--").filter(|word| word.starts_with('-'));
        for flag in flags {
            let flag = flag.split('=').next().unwrap_or(flag);
            if !words::has_flag(help, flag) && !words::hands_on(help) {
                return Some(format!("`{}` has no flag `{flag}`", path.join(" ")));
            }
        }
        None
    }
}

#[test]
fn every_command_in_the_docs_exists() {
    on_sqlite(|_| async move {
        let guanxi = binary();
        let xtask = guanxi.with_file_name("xtask");
        let (mut helps, mut wrong, mut count) = (Helps::default(), Vec::new(), 0);
        for (page, text) in pages() {
            for call in blocks(&text).iter().filter(|block| block.is_shell()).flat_map(invocations) {
                let program = if call.program == "guanxi" { &guanxi } else { &xtask };
                count += 1;
                if let Some(problem) = helps.judge(program, &call).await {
                    wrong.push(format!("{page}:{}: {problem}", call.line));
                }
            }
        }
        assert!(count > 0, "no page shows a command");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn marked_examples_run_against_a_live_host() {
    on_sqlite(|_| async move {
        for (page, text) in pages().into_iter().filter(|(page, _)| !page.starts_with(GUIDE)) {
            let marked: Vec<Block> = blocks(&text).into_iter().filter(Block::is_run).collect();
            if !marked.is_empty() {
                run(&page, &marked).await;
            }
        }
    });
}

/// Runs the marked blocks of one page in an empty folder and against a host of their own.
async fn run(page: &str, marked: &[Block]) {
    let place = Place::sqlite();
    let host = Host::start(&place).await;
    let folder = tempfile::tempdir().expect("a folder");
    shell::run(&place, Some(&host), folder.path(), page, marked).await;
    host.stop().await;
}
