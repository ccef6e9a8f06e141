//! One backtest of a campaign at work: page by page through the receipts, while the next page is read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use guanxi_domain::Millis;
use guanxi_domain::backtest::{Backtest, DECISIONS_MAX, Difference, Said, Tally};
use guanxi_domain::campaign::{Moment, Operation};
use guanxi_domain::ids::{DecisionId, new_uuid};
use guanxi_domain::limits::MOMENTS_MAX;
use guanxi_domain::receipt::{Answer, read_input};
use guanxi_domain::usage::{Usage, WorkKind};
use guanxi_store::{DecisionRow, Scope as Rows};
use serde_json::Value;

use crate::loaded::LoadedPlugin;
use crate::usage::USED_UP;
use crate::{App, AppError};

/// Receipts that are read at once.
const PAGE: u32 = 2_048;
/// A plugin that crashes so often is not worth going on with: each of them takes up to some tenths of a second, and a page must
/// be done before somebody else takes the backtest over.
const CRASHES_MAX: u32 = 100;
/// The most bytes of what the plugin keeps about people between decisions.
const STATES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// One backtest at work.
pub(super) struct Run {
    app: App,
    backtest: Backtest,
    campaign: Arc<dyn LoadedPlugin>,
    cursor: DecisionId,
    next: Option<Vec<DecisionRow>>,
    desk: Desk,
}

/// What is carried from page to page; an empty one lies there while somebody works.
#[derive(Default)]
struct Desk {
    config: String,
    tally: Tally,
    /// What the plugin that decides now keeps about people, by their id.
    states: HashMap<String, Option<String>>,
    states_bytes: usize,
    crashes: u32,
    /// What calls cost since that was last counted.
    usage: Usage,
    /// What they may burn until then.
    fuel_left: u64,
    /// Why it cannot go on.
    trouble: Option<String>,
}

/// A decision that was made, with what was seen.
struct Case {
    row: DecisionRow,
    moment: Moment,
}

impl Run {
    pub(super) fn new(app: &App, backtest: Backtest, campaign: Arc<dyn LoadedPlugin>) -> Self {
        let desk = Desk {
            // As the engine hands it over.
            config: backtest.spec.config.to_string(),
            tally: Tally::new(backtest.spec.unseen.clone()),
            ..Desk::default()
        };
        let cursor = DecisionId::from_uuid(new_uuid(backtest.spec.from, [0; 10]));
        Self { app: app.clone(), backtest, campaign, cursor, next: None, desk }
    }

    /// How much of the time was looked at.
    pub(super) fn progress(&self) -> f64 {
        let spec = &self.backtest.spec;
        let [a, b, c, d, e, f, ..] = *self.cursor.as_bytes();
        let at = Millis::from_be_bytes([0, 0, a, b, c, d, e, f]);
        ((at - spec.from) as f64 / (spec.to - spec.from).max(1) as f64).clamp(0.0, 1.0)
    }

    /// What was found so far.
    pub(super) fn difference(&self) -> Difference {
        self.desk.tally.difference()
    }

    /// Compares the next page; whether there is more. `Conflict` or `TooLarge` if it makes no sense to go on, or the tenant's
    /// fuel of today is used up.
    pub(super) async fn step(&mut self) -> Result<bool, AppError> {
        let page = match self.next.take() {
            Some(page) => page,
            None => self.read(self.cursor).await?,
        };
        let Some(last) = page.last().map(|row| row.id) else { return Ok(false) };
        let is_last = page.len() < PAGE as usize;
        let (tenant, installation) = (self.backtest.tenant, self.backtest.installation);
        self.desk.fuel_left = self.app.fuel_left(tenant).await?;
        let (campaign, mut desk) = (Arc::clone(&self.campaign), std::mem::take(&mut self.desk));
        let worked = tokio::task::spawn_blocking(move || {
            desk.work(campaign.as_ref(), page);
            desk
        });
        let read = async { if is_last { Ok(Vec::new()) } else { self.read(last).await } };
        let (desk, next) = tokio::join!(worked, read);
        self.desk = desk.map_err(AppError::internal)?;
        let usage = std::mem::take(&mut self.desk.usage);
        self.app.count_trial(tenant, installation, WorkKind::Backtest, usage).await?;
        (self.next, self.cursor) = (Some(next?), last);
        if let Some(trouble) = self.desk.trouble.take() {
            return Err(AppError::Conflict(trouble));
        }
        if self.desk.tally.looked_at() >= DECISIONS_MAX && !is_last {
            return Err(AppError::TooLarge(format!(
                "there are more than {DECISIONS_MAX} decisions; choose a shorter time"
            )));
        }
        Ok(!is_last)
    }

    async fn read(&self, after: DecisionId) -> Result<Vec<DecisionRow>, AppError> {
        let Backtest { tenant, installation, ref spec, .. } = self.backtest;
        let mut read = self.app.store().read(Rows::Tenant(tenant)).await?;
        Ok(read.decisions_after(tenant, installation, after, spec.to, PAGE).await?)
    }
}

impl Desk {
    /// Decides about a page, in the order of the log and with each person at most once in a call.
    fn work(&mut self, campaign: &dyn LoadedPlugin, page: Vec<DecisionRow>) {
        let mut cases = Vec::with_capacity(page.len());
        for row in page {
            match read_input(&row.input) {
                Ok(moment) => cases.push(Case { row, moment }),
                Err(_) => self.tally.pass(),
            }
        }
        cases.sort_by_key(|case| case.row.position);
        while !cases.is_empty() && self.trouble.is_none() {
            let mut busy = HashSet::new();
            let (round, later): (Vec<Case>, Vec<Case>) =
                cases.into_iter().partition(|case| busy.insert(case.moment.person.id.clone()));
            cases = later;
            let mut round = round.into_iter().peekable();
            while round.peek().is_some() && self.trouble.is_none() {
                self.call(campaign, round.by_ref().take(MOMENTS_MAX).collect());
            }
        }
    }

    fn call(&mut self, campaign: &dyn LoadedPlugin, cases: Vec<Case>) {
        let (rows, mut moments): (Vec<DecisionRow>, Vec<Moment>) =
            cases.into_iter().map(|case| (case.row, case.moment)).unzip();
        for moment in &mut moments {
            // The first time somebody comes it is what the installation kept then.
            if let Some(state) = self.states.get(&moment.person.id) {
                moment.state.clone_from(state);
            }
        }
        let mut answers = Vec::with_capacity(moments.len());
        self.ask(campaign, &moments, &mut answers);
        for ((row, moment), (answer, fuel)) in rows.into_iter().zip(moments).zip(answers) {
            let kept = match &answer {
                Ok(decision) => decision.state.clone(),
                Err(_) => moment.state,
            };
            self.keep(moment.person.id, kept);
            let at = (row.id, row.person, row.at);
            self.tally.count(at, (said_then(&row), row.fuel), (Said::of(answer), fuel));
        }
    }

    /// As in the pipeline: a call that crashes is halved until the moment it crashes on stands alone.
    fn ask(&mut self, campaign: &dyn LoadedPlugin, moments: &[Moment], answers: &mut Vec<(Answer, u64)>) {
        if moments.is_empty() || self.trouble.is_some() {
            return;
        }
        if self.usage.fuel >= self.fuel_left {
            self.trouble = Some(USED_UP.to_owned());
            return;
        }
        let decided = campaign.decide(&self.config, moments);
        self.usage += decided.usage();
        if decided.crashed && moments.len() > 1 {
            let (first, second) = moments.split_at(moments.len() / 2);
            self.ask(campaign, first, answers);
            self.ask(campaign, second, answers);
            return;
        }
        if decided.crashed {
            self.crashes += 1;
            let why = decided.answers.first().and_then(|answer| answer.as_ref().err()).cloned().unwrap_or_default();
            if self.crashes >= CRASHES_MAX {
                self.trouble = Some(format!("the plugin crashed {CRASHES_MAX} times, the last time so: {why}"));
            }
        }
        let fuel = decided.fuel / (moments.len().max(1) as u64);
        answers.extend(decided.answers.into_iter().map(|answer| (answer, fuel)));
    }

    fn keep(&mut self, person: String, state: Option<String>) {
        let bytes = |state: &Option<String>| state.as_ref().map_or(0, String::len);
        self.states_bytes += bytes(&state);
        if let Some(before) = self.states.get(&person) {
            self.states_bytes = self.states_bytes.saturating_sub(bytes(before));
        } else {
            self.states_bytes += person.len() + size_of::<(String, Option<String>)>();
        }
        self.states.insert(person, state);
        if self.states_bytes > STATES_BYTES_MAX {
            self.trouble = Some("the plugin keeps too much about too many people; choose a shorter time".to_owned());
        }
    }
}

/// What a receipt says was asked for.
fn said_then(row: &DecisionRow) -> Said {
    let operations: Vec<Value> = serde_json::from_str(&row.operations).unwrap_or_default();
    Said {
        operations: operations.into_iter().filter_map(|done| serde_json::from_value::<Operation>(done).ok()).collect(),
        reasons: serde_json::from_str(&row.reasons).unwrap_or_default(),
        failed: row.outcome == "failed",
    }
}
