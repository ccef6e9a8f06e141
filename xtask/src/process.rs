//! Other programs: run them, and end them in order when somebody presses Ctrl-C.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

const POLL: Duration = Duration::from_millis(20);
const GRACE: Duration = Duration::from_secs(15);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on Ctrl-C and friends end the running child first, and then us through the ordinary error path,
/// so that a database that we started is stopped and removed.
pub fn watch_signals() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag)).context("cannot watch for signals")?;
    }
    Ok(())
}

/// Whether somebody asked us to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Runs to the end with our own input and output; fails if the program does.
pub fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let status = loop {
        if let Some(status) = wait_at_most(&mut child, POLL)? {
            break status;
        }
        if interrupted() {
            stop(&mut child)?;
            bail!("interrupted");
        }
    };
    ensure!(!interrupted(), "interrupted");
    ensure!(status.success(), "{name} failed ({status})");
    Ok(())
}

/// Runs to the end and returns what it printed, without the line end; fails, with what it complained about, if the
/// program does.
pub fn read(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    ensure!(
        output.status.success(),
        "{name} failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).with_context(|| format!("{name} printed no text"))?;
    Ok(text.trim_end().to_owned())
}

/// Waits for the child, but not longer than `limit`.
pub fn wait_at_most(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if waited >= limit {
            return Ok(None);
        }
        pause(POLL);
        waited += POLL;
    }
}

/// Waits between two looks at another process.
#[expect(clippy::disallowed_methods, reason = "std has no wait with a time limit for another process")]
pub fn pause(time: Duration) {
    thread::sleep(time);
}

/// Asks the child to end, and insists after a while.
fn stop(child: &mut Child) -> Result<()> {
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    if asked.is_ok_and(|status| status.success()) && wait_at_most(child, GRACE)?.is_some() {
        return Ok(());
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn describe(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<_> = words.take(8).map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}
