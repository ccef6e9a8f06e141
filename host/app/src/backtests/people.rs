//! One backtest of a scorer at work: page by page through people, while the next page is read. Both sides score the same
//! profiles as of the same moment, many people a call as the pipeline does.

use std::sync::Arc;

use guanxi_domain::Millis;
use guanxi_domain::backtest::shift::{Both, Looked, Shift, ShiftTally};
use guanxi_domain::backtest::{Backtest, Difference, ScoresSpec};
use guanxi_domain::grants::Grants;
use guanxi_domain::limits::SCORED_MAX;
use guanxi_domain::manifest::ScorerSpec;
use guanxi_domain::person::Person;
use guanxi_domain::profile::Subject;
use guanxi_domain::scoring::{Marks, Sight, columns};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::usage::{Usage, WorkKind};
use guanxi_store::Scope as Rows;

use crate::loaded::LoadedPlugin;
use crate::profiles::{ProfileRow, read_profiles};
use crate::usage::USED_UP;
use crate::{App, AppError};

/// People who are read at once: four calls of each side.
const PAGE: u64 = 4 * SCORED_MAX as u64;
/// Calls of what is compared that may come to nothing; each takes up to a second, and more of them tell nothing new.
const EMPTY_MAX: u32 = 20;

/// One backtest at work.
pub(super) struct Run {
    app: App,
    backtest: Backtest,
    sides: Arc<Both<Side>>,
    /// As of when everybody is scored.
    now: Millis,
    /// The number of the last person when it began.
    last: u64,
    /// How many numbers are looked at, and how many were.
    take: u64,
    at: u64,
    next: Option<Page>,
    desk: Desk,
}

/// One of the two that are compared.
struct Side {
    plugin: Arc<dyn LoadedPlugin>,
    /// As the engine hands it over.
    config: String,
}

/// What is carried from page to page; an empty one lies there while somebody works.
#[derive(Default)]
struct Desk {
    tally: ShiftTally,
    empty: u32,
    /// What calls cost since that was last counted.
    usage: Usage,
    /// What they may burn until then.
    fuel_left: u64,
    /// Why it cannot go on.
    trouble: Option<String>,
}

/// Some people, with what scorers may see of them now.
struct Page {
    people: Vec<ProfileRow>,
    grants: Grants,
    settings: Arc<TenantSettings>,
}

impl Run {
    /// Compares what `spec` describes with a plugin that is loaded.
    pub(super) async fn open(
        app: &App,
        backtest: Backtest,
        spec: ScoresSpec,
        after: Arc<dyn LoadedPlugin>,
    ) -> Result<Self, AppError> {
        let before = app.load_plugin(&spec.digest).await?;
        let declared = |plugin: &Arc<dyn LoadedPlugin>| plugin.manifest().scorer.clone().unwrap_or_default();
        let tally = ShiftTally::new(Both { before: declared(&before), after: declared(&after) });
        let last = app.store().read(Rows::Tenant(backtest.tenant)).await?.cursor(backtest.tenant).await?.people;
        let take = last.min(spec.people).min(tally.people_max());
        let before = Side { plugin: before, config: spec.config.to_string() };
        let after = Side { plugin: after, config: backtest.spec.config.to_string() };
        Ok(Self {
            now: app.ambient().now(),
            app: app.clone(),
            backtest,
            sides: Arc::new(Both { before, after }),
            last: u64::from(last),
            take: u64::from(take),
            at: 0,
            next: None,
            desk: Desk { tally, ..Desk::default() },
        })
    }

    /// How many of the people were looked at.
    pub(super) fn progress(&self) -> f64 {
        self.at as f64 / self.take.max(1) as f64
    }

    /// What was found so far.
    pub(super) async fn difference(&mut self) -> Result<Difference, AppError> {
        let desk = std::mem::take(&mut self.desk);
        let summed = tokio::task::spawn_blocking(move || (desk.tally.shift(), desk)).await;
        let (shift, desk) = summed.map_err(AppError::internal)?;
        self.desk = desk;
        let part = if self.last == 0 { 1.0 } else { self.take as f64 / self.last as f64 };
        let shift = Shift { part, ..shift };
        Ok(Difference { unseen: self.backtest.spec.unseen.clone(), shift: Some(shift), ..Difference::default() })
    }

    /// Compares the next page; whether there is more. `Conflict` if it makes no sense to go on, or the tenant's fuel of today
    /// is used up.
    pub(super) async fn step(&mut self) -> Result<bool, AppError> {
        let page = match self.next.take() {
            Some(page) => page,
            None => self.read(self.at).await?,
        };
        let after = self.take.min(self.at + PAGE);
        let is_last = after >= self.take;
        let Backtest { tenant, installation, .. } = self.backtest;
        self.desk.fuel_left = self.app.fuel_left(tenant).await?;
        let (sides, now, mut desk) = (Arc::clone(&self.sides), self.now, std::mem::take(&mut self.desk));
        let worked = tokio::task::spawn_blocking(move || {
            for people in page.people.chunks(SCORED_MAX) {
                let given: Vec<_> = people.iter().map(|row| row.given(installation)).collect();
                let looked = people.iter().zip(&given).map(|(row, kept)| Looked { person: row.person.id, kept });
                let subjects: Vec<Subject<'_>> = people.iter().map(ProfileRow::subject).collect();
                let sight = Sight { grants: &page.grants, settings: &page.settings, now };
                desk.call(&sides, &sight, &looked.collect::<Vec<_>>(), &subjects);
            }
            desk
        });
        let read = async { if is_last { Ok(None) } else { self.read(after).await.map(Some) } };
        let (desk, next) = tokio::join!(worked, read);
        self.desk = desk.map_err(AppError::internal)?;
        let usage = std::mem::take(&mut self.desk.usage);
        self.app.count_trial(tenant, installation, WorkKind::Backtest, usage).await?;
        (self.next, self.at) = (next?, after);
        match self.desk.trouble.take() {
            Some(trouble) => Err(AppError::Conflict(trouble)),
            None => Ok(!is_last),
        }
    }

    /// The people behind the first so many, with what the tenant and the operator grant by now.
    async fn read(&self, first: u64) -> Result<Page, AppError> {
        let Backtest { tenant, installation, .. } = self.backtest;
        let settings = self.app.settings(tenant).await?;
        let mut read = self.app.store().read(Rows::Tenant(tenant)).await?;
        let gone = || AppError::Conflict("the installation is no longer there".to_owned());
        let installation = read.installation_by_id(tenant, installation).await?.ok_or_else(gone)?;
        let grants = installation.grants.under(read.allowances().await?.get(&installation.plugin));
        let numbers: Vec<u32> =
            (first..self.take.min(first + PAGE)).map(|place| number(place, self.last, self.take)).collect();
        let found = read.people_numbered(tenant, &numbers).await?;
        let mut people: Vec<Person> = found.into_values().filter(|person| person.root() == person.id).collect();
        people.sort_unstable_by_key(|person| person.number);
        let specs = self.specs();
        let people = read_profiles(&mut read, tenant, people, &settings, &specs).await?;
        Ok(Page { people, grants, settings })
    }

    fn specs(&self) -> Vec<&ScorerSpec> {
        let Both { before, after } = self.sides.as_ref();
        [before, after].into_iter().filter_map(|side| side.plugin.manifest().scorer.as_ref()).collect()
    }
}

/// Numbers that are spread evenly over all: the one in this place, of `take` from 1 to `last`.
fn number(place: u64, last: u64, take: u64) -> u32 {
    u32::try_from(place * last / take.max(1) + 1).unwrap_or(u32::MAX)
}

impl Desk {
    fn call(&mut self, sides: &Both<Side>, sight: &Sight<'_>, looked: &[Looked<'_>], subjects: &[Subject<'_>]) {
        if self.trouble.is_some() {
            return;
        }
        if self.usage.fuel >= self.fuel_left {
            self.trouble = Some(USED_UP.to_owned());
            return;
        }
        let specs = self.tally.specs();
        let marks = Both {
            before: sides.before.score(&specs.before, sight, subjects),
            after: sides.after.score(&specs.after, sight, subjects),
        };
        self.usage += marks.before.usage(subjects.len());
        self.usage += marks.after.usage(subjects.len());
        self.tally.count(looked, &marks);
        if let Err(why) = marks.after.answer {
            self.empty += 1;
            if self.empty >= EMPTY_MAX {
                self.trouble = Some(format!("{EMPTY_MAX} calls came to nothing, the last one so: {why}"));
            }
        }
    }
}

impl Side {
    fn score(&self, spec: &ScorerSpec, sight: &Sight<'_>, subjects: &[Subject<'_>]) -> Marks {
        self.plugin.score(&self.config, &columns(spec, sight, subjects), subjects.len(), sight.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ca_5_a_sample_is_spread_evenly_and_names_nobody_twice() {
        let numbers = |last: u64, take: u64| (0..take).map(|place| number(place, last, take)).collect::<Vec<_>>();
        assert_eq!(numbers(5, 5), [1, 2, 3, 4, 5]);
        assert_eq!(numbers(10, 4), [1, 3, 6, 8]);
        assert_eq!(numbers(0, 0), Vec::<u32>::new());
        let many = numbers(u64::from(u32::MAX), 100_000);
        assert!(many.is_sorted_by(|a, b| a < b) && many.last() < Some(&u32::MAX));
    }
}
