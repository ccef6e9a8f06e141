//! Real clients in their own languages, under `clients/`: scripts that print one JSON document.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::environment::variable;

const SCRIPT_MAX: Duration = Duration::from_secs(240);

/// Runs `clients/{name}` with the Python that has the real libraries; `input` is its first argument.
pub async fn python(name: &str, input: &Value) -> Value {
    run(Command::new(variable("GUANXI_TEST_PYTHON")), name, input).await
}

/// Runs `clients/{name}` with Node; the script finds packages in `GUANXI_TEST_NODE_MODULES`.
pub async fn node(name: &str, input: &Value) -> Value {
    variable("GUANXI_TEST_NODE_MODULES");
    run(Command::new("node"), name, input).await
}

async fn run(mut command: Command, name: &str, input: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name);
    let ended = command.arg(script).arg(input.to_string()).kill_on_drop(true).output();
    let output = timeout(SCRIPT_MAX, ended).await.expect("the script ends").expect("the script starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} ended with {}\n{out}\n{err}", output.status);
    serde_json::from_str(out.trim()).unwrap_or_else(|error| panic!("{name} printed no JSON ({error}):\n{out}\n{err}"))
}

/// A script that goes on, and prints one JSON document a line. Dropping it ends it.
pub struct Service {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Service {
    /// Starts `clients/{name}` with the Python that has the real libraries.
    pub fn python(name: &str, input: &Value) -> Self {
        Self::start(Command::new(variable("GUANXI_TEST_PYTHON")), name, input)
    }

    /// Starts `clients/{name}` with Node.
    pub fn node(name: &str, input: &Value) -> Self {
        variable("GUANXI_TEST_NODE_MODULES");
        Self::start(Command::new("node"), name, input)
    }

    fn start(mut command: Command, name: &str, input: &Value) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name);
        let started = command.arg(script).arg(input.to_string()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = started.expect("the script starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { lines, _child: child }
    }

    /// What it prints next.
    pub async fn next(&mut self) -> Value {
        let line = timeout(SCRIPT_MAX, self.lines.next_line()).await.expect("it says something in time");
        let line = line.expect("its output").expect("it goes on");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
    }
}
