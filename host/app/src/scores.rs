//! Why somebody has a score: what is kept of it, beside what its scorer gives now and what it sees for that.
//!
//! A score keeps its terms, its time and its installation, and no receipt of what was seen: everybody is scored again with each
//! event, and only the last of these scores counts. Executed again it may be another, for the person is another by then.

use std::sync::Arc;

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::campaign::Value;
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::PersonId;
use guanxi_domain::installation::Installation;
use guanxi_domain::manifest::{Input, ScorerSpec};
use guanxi_domain::person::Score;
use guanxi_domain::profile::Subject;
use guanxi_domain::scoring::{Marks, Sight, columns};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::usage::{Usage, WorkKind};
use guanxi_store::Scope as Rows;

use crate::insight::whole;
use crate::profiles::{ProfileRow, read_profiles};
use crate::usage::USED_UP;
use crate::{App, AppError};

/// What one scorer says of a person, then and now.
#[derive(Debug, Clone)]
pub struct ScoresAgain {
    /// The installation, with the version and configuration that score now.
    pub installation: Installation,
    /// What it sees, input by input.
    pub inputs: Vec<InputSeen>,
    /// Score by score.
    pub scores: Vec<ScoreAgain>,
    /// Fuel of the call.
    pub fuel: u64,
    /// Why there are no scores now.
    pub failure: Option<String>,
}

/// One score, then and now.
#[derive(Debug, Clone)]
pub struct ScoreAgain {
    /// Its name.
    pub name: String,
    /// As it is kept.
    pub kept: Option<Score>,
    /// As it would be now: the value and its terms.
    pub now: Option<(f64, Vec<(String, f64)>)>,
}

/// One input of a scorer.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSeen {
    /// Its name.
    pub name: String,
    /// Why it is wanted.
    pub purpose: String,
    /// What is seen, or why nothing is.
    pub value: Result<Value, Unseen>,
}

/// Why a scorer does not see something; it counts with the manifest's default then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It was not granted.
    NotGranted,
    /// The person does not allow it for this purpose.
    NotAllowed,
    /// Nobody knows it.
    Unknown,
}

impl Unseen {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotGranted => "not-granted",
            Self::NotAllowed => "not-allowed",
            Self::Unknown => "unknown",
        }
    }
}

impl App {
    /// Scores a person again, by everything that scores people, live or not; no score is kept. Of whoever was joined with
    /// others it is the whole person.
    pub async fn score_again(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<Vec<ScoresAgain>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let settings = self.settings(tenant).await?;
        let mut scorers = Vec::new();
        for view in self.installations(caller, slug).await? {
            let Some(spec) = view.plugin.manifest.scorer else { continue };
            scorers.push((view.installation, spec));
        }
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let (person, _) = whole(&mut read, tenant, id).await?;
        let specs: Vec<&ScorerSpec> = scorers.iter().map(|(_, spec)| spec).collect();
        let rows = read_profiles(&mut read, tenant, vec![person], &settings, &specs).await?;
        let allowances = read.allowances().await?;
        drop(read);
        if self.fuel_left(tenant).await? == 0 {
            return Err(AppError::Conflict(USED_UP.to_owned()));
        }
        let row = Arc::new(rows.into_iter().next().ok_or(AppError::NotFound("person"))?);
        // Whoever asks many times does not take the processor from those who decide.
        let _turn = self.inner.previews.acquire().await.map_err(AppError::internal)?;
        let mut all = Vec::with_capacity(scorers.len());
        for (installation, spec) in scorers {
            let grants = installation.grants.under(allowances.get(&installation.plugin));
            let asked =
                Asked { installation, spec, grants, settings: Arc::clone(&settings), now: self.ambient().now() };
            let id = asked.installation.id;
            let (again, usage) = self.scored_again(Arc::clone(&row), asked).await?;
            self.count_trial(tenant, id, WorkKind::Replay, usage).await?;
            all.push(again);
        }
        Ok(all)
    }

    async fn scored_again(&self, row: Arc<ProfileRow>, asked: Asked) -> Result<(ScoresAgain, Usage), AppError> {
        let plugin = match self.load_plugin(&asked.installation.digest).await {
            Ok(plugin) => plugin,
            Err(AppError::Conflict(why)) => return Ok((asked.answer(&row, Marks::none(why)), Usage::default())),
            Err(error) => return Err(error),
        };
        let called = tokio::task::spawn_blocking(move || {
            let columns = columns(&asked.spec, &asked.sight(), &[row.subject()]);
            let marks = plugin.score(&asked.installation.config.to_string(), &columns, 1, asked.now);
            let usage = marks.usage(1);
            (asked.answer(&row, marks), usage)
        });
        called.await.map_err(AppError::internal)
    }
}

/// One scorer that is asked about somebody.
struct Asked {
    installation: Installation,
    spec: ScorerSpec,
    grants: Grants,
    settings: Arc<TenantSettings>,
    now: Millis,
}

impl Asked {
    fn sight(&self) -> Sight<'_> {
        Sight { grants: &self.grants, settings: &self.settings, now: self.now }
    }

    fn answer(self, row: &ProfileRow, marks: Marks) -> ScoresAgain {
        let (subject, sight) = (row.subject(), self.sight());
        let (scored, failure) = match marks.answer {
            Ok(scored) => (scored, None),
            Err(why) => (guanxi_domain::scoring::Scored::default(), Some(why)),
        };
        let again = |name: &String| {
            let column = scored.columns(&self.spec).find(|column| column.name == name);
            let own = |score: &&Score| score.name == *name && score.installation == self.installation.id;
            ScoreAgain {
                name: name.clone(),
                kept: row.scores.iter().find(own).cloned(),
                now: column.and_then(|column| Some((column.value(0)?, column.terms(0)))),
            }
        };
        ScoresAgain {
            inputs: self.spec.inputs.iter().map(|input| seen(input, &subject, &sight)).collect(),
            scores: self.spec.scores.iter().map(|score| again(&score.name)).collect(),
            installation: self.installation,
            fuel: marks.fuel,
            failure,
        }
    }
}

fn seen(input: &Input, subject: &Subject<'_>, sight: &Sight<'_>) -> InputSeen {
    let value = if !sight.grants.allows_field(&input.name) {
        Err(Unseen::NotGranted)
    } else if !subject.may_see(&input.name, &input.purpose, sight.settings, sight.now) {
        Err(Unseen::NotAllowed)
    } else {
        subject.field(&input.name, sight.now).ok_or(Unseen::Unknown)
    };
    InputSeen { name: input.name.clone(), purpose: input.purpose.clone(), value }
}
