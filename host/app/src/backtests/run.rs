//! One backtest at work, whatever it compares.

use std::sync::Arc;

use guanxi_domain::backtest::{Backtest, Difference};

use super::{moments, people};
use crate::loaded::LoadedPlugin;
use crate::{App, AppError};

pub(super) enum Run {
    Moments(Box<moments::Run>),
    People(Box<people::Run>),
}

impl Run {
    /// Compares a plugin that is loaded with what the backtest says.
    pub(super) async fn open(app: &App, backtest: Backtest, plugin: Arc<dyn LoadedPlugin>) -> Result<Self, AppError> {
        Ok(match backtest.spec.scores.clone() {
            None => Self::Moments(Box::new(moments::Run::new(app, backtest, plugin))),
            Some(scores) => Self::People(Box::new(people::Run::open(app, backtest, scores, plugin).await?)),
        })
    }

    /// How far it has come, 0 to 1.
    pub(super) fn progress(&self) -> f64 {
        match self {
            Self::Moments(run) => run.progress(),
            Self::People(run) => run.progress(),
        }
    }

    /// What was found so far.
    pub(super) async fn difference(&mut self) -> Result<Difference, AppError> {
        match self {
            Self::Moments(run) => Ok(run.difference()),
            Self::People(run) => run.difference().await,
        }
    }

    /// Compares the next page; whether there is more. `Conflict` or `TooLarge` if it makes no sense to go on, or the tenant's
    /// fuel of today is used up.
    pub(super) async fn step(&mut self) -> Result<bool, AppError> {
        match self {
            Self::Moments(run) => run.step().await,
            Self::People(run) => run.step().await,
        }
    }
}
