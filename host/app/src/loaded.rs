//! Plugins that are called outside the engine: to execute again what was decided, and to compare.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use guanxi_domain::Millis;
use guanxi_domain::campaign::Moment;
use guanxi_domain::connector::{Outbound, Step};
use guanxi_domain::manifest::Manifest;
use guanxi_domain::receipt::Answer;
use guanxi_domain::scoring::{Column, Marks};
use guanxi_domain::usage::Usage;
use guanxi_store::Scope as Rows;

use crate::{App, AppError};

/// A plugin that is loaded, on the engine and under the limits of production. Calling it computes: not on a thread that serves
/// others.
pub trait LoadedPlugin: Send + Sync {
    /// What it says of itself.
    fn manifest(&self) -> &Manifest;

    /// Calls a campaign once, about all of the moments.
    fn decide(&self, config: &str, moments: &[Moment]) -> Decided;

    /// Asks a connector for its first step with a message; nothing is performed.
    fn send(&self, config: &str, message: &Outbound, secrets: Vec<(String, Vec<u8>)>) -> Started;

    /// Calls a scorer once, about so many people; `columns` are what its manifest asks for.
    fn score(&self, config: &str, columns: &[Column], people: usize, now: Millis) -> Marks;
}

/// The first step of a connector, or why there is none.
#[derive(Debug, Clone)]
pub struct Started {
    /// The step.
    pub step: Result<Step, String>,
    /// What the call cost.
    pub usage: Usage,
}

/// What one call of a campaign came to.
#[derive(Debug, Clone)]
pub struct Decided {
    /// About each moment; of a call that crashed the reason, for each of them.
    pub answers: Vec<Answer>,
    /// Whether the call as a whole came to nothing.
    pub crashed: bool,
    /// Whether that is because it computed too much or took too long.
    pub timed_out: bool,
    /// Fuel that the call burnt.
    pub fuel: u64,
    /// How long it ran.
    pub took: Duration,
    /// What the plugin logged, a JSON list.
    pub log: serde_json::Value,
}

impl Decided {
    /// What the call cost.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            calls: 1,
            items: self.answers.len() as u64,
            crashes: self.crashed.into(),
            timeouts: self.timed_out.into(),
            refusals: 0,
            fuel: self.fuel,
            micros: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Loads a component that was admitted before, or says why it cannot.
pub type Load = Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Result<Arc<dyn LoadedPlugin>, String>> + Send + Sync>;

impl App {
    /// The component with this digest, ready to be called. `Conflict` if there is none that can be.
    pub(crate) async fn load_plugin(&self, digest: &str) -> Result<Arc<dyn LoadedPlugin>, AppError> {
        let component = self.store().read(Rows::Host).await?.component(digest).await?;
        let gone = || AppError::Conflict("the library no longer has the component".to_owned());
        let loaded = (self.inner.door.load)(component.ok_or_else(gone)?).await;
        loaded.map_err(|problem| AppError::Conflict(format!("the component: {problem}")))
    }
}
