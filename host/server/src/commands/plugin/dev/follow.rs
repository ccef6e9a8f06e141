//! What the version that was put in place last logs, told to its author as it happens.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use crate::commands::print;
use crate::remote::{Logged, Remote};

/// How often to ask.
const PAUSE: Duration = Duration::from_secs(1);

/// Whose lines are told, and which were.
#[derive(Default)]
pub struct Follow {
    /// The installation's name and the component's digest.
    of: Option<(String, String)>,
    /// Calls whose lines were told: all lines of a call come at once.
    told: HashSet<String>,
}

impl Follow {
    /// Tells of this version from now on.
    pub fn begin(&mut self, installation: String, digest: String) {
        *self = Self { of: Some((installation, digest)), told: HashSet::new() };
    }

    /// Tells what is logged, for ever. A host that does not answer is asked again: whoever works here hears of it at the next
    /// save.
    pub async fn tell(&mut self, host: &Remote, tenant: &str) -> Infallible {
        loop {
            tokio::time::sleep(PAUSE).await;
            let Some((name, digest)) = &self.of else { continue };
            let Ok(mut lines) = host.logs(tenant, name).await else { continue };
            lines.retain(|line| line.digest == *digest);
            let calls: HashSet<String> = lines.iter().map(|line| line.call.clone()).collect();
            for Logged { level, line, .. } in lines.iter().rev().filter(|line| !self.told.contains(&line.call)) {
                print(format!("{level}: {line}"));
            }
            self.told = calls;
        }
    }
}
