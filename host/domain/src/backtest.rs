//! What would have been, had another version or configuration decided: what was decided beside what it decides about the same
//! moments. Of scorers, how scores [would move](shift).

pub mod shift;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::Millis;
use crate::campaign::Operation;
use crate::ids::{BacktestId, DecisionId, InstallationId, PersonId};
use crate::message::MessageClass;
use crate::receipt::Answer;
use crate::tenant::TenantId;
use shift::Shift;

/// The most decisions of one backtest.
pub const DECISIONS_MAX: u64 = 5_000_000;
/// The most decisions that are shown side by side.
pub const SAMPLES_MAX: usize = 20;
/// The most bytes of one of them; of a longer one only its id is kept.
pub const SAMPLE_BYTES_MAX: usize = 16 * 1024;
/// The most units, templates, budgets and channels that are told apart; what comes after is counted as `…`.
const NAMES_MAX: usize = 100;
/// The most bytes of such a name: plugins choose them, and sums are kept.
const NAME_BYTES_MAX: usize = 128;

/// How far a backtest has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BacktestStatus {
    /// Nobody works on it yet.
    Waiting,
    /// Somebody does.
    Running,
    /// Everything was compared.
    Done,
    /// Somebody stopped it.
    Stopped,
    /// It cannot be done.
    Failed,
}

impl BacktestStatus {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Waiting, Self::Running, Self::Done, Self::Stopped, Self::Failed];
        all.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether something is still to come.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BacktestKind {
    /// What a campaign decided, with what is decided now.
    Campaign,
    /// The scores that an installation gives, with those that it would give.
    Scorer,
}

impl BacktestKind {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Scorer => "scorer",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Campaign, Self::Scorer].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What scores are compared with, and of whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoresSpec {
    /// The version that the installation ran.
    pub version: String,
    /// SHA-256 of its component, lower-case hex.
    pub digest: String,
    /// Its configuration.
    pub config: serde_json::Value,
    /// Of how many people at most.
    pub people: u32,
}

/// What decides, about what was decided when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestSpec {
    /// The name of the installation whose decisions are looked at.
    pub installation: String,
    /// The plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// The configuration, with its defaults.
    pub config: serde_json::Value,
    /// What it asks for and the installation was never granted.
    pub unseen: Vec<String>,
    /// Decisions about events that were received from then on,
    pub from: Millis,
    /// and before then. Of scorers both are when it was asked for.
    pub to: Millis,
    /// What a scorer is compared with; nothing of a campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<ScoresSpec>,
}

impl BacktestSpec {
    /// What is compared.
    pub fn kind(&self) -> BacktestKind {
        if self.scores.is_some() { BacktestKind::Scorer } else { BacktestKind::Campaign }
    }
}

/// One backtest.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    /// Whose.
    pub tenant: TenantId,
    /// `btt_…`.
    pub id: BacktestId,
    /// Whose decisions are looked at.
    pub installation: InstallationId,
    /// What decides.
    pub spec: BacktestSpec,
    /// How far it has come.
    pub status: BacktestStatus,
    /// The token that asked.
    pub requested_by: String,
    /// When.
    pub requested_at: Millis,
    /// When it was done, stopped or failed.
    pub ended_at: Option<Millis>,
    /// How much of the time was looked at, 0 to 1.
    pub progress: f64,
    /// What was found so far.
    pub difference: Difference,
    /// Why it failed.
    pub error: Option<String>,
}

/// What was asked for about one moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Said {
    /// What the plugin wants done. Whether the host would have done it is another question.
    pub operations: Vec<Operation>,
    /// Why, or why not.
    pub reasons: Vec<String>,
    /// Whether there was no decision; then the reason says why.
    pub failed: bool,
}

/// Sums over many decisions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Decisions that ask for something.
    pub acted: u64,
    /// Decisions that ask for nothing.
    pub skipped: u64,
    /// Moments without a decision.
    pub failed: u64,
    /// People who would get at least one message.
    pub messaged: u64,
    /// Operations by name.
    pub operations: BTreeMap<String, u64>,
    /// Messages by channel; `any` where the host picks it.
    pub messages: BTreeMap<String, u64>,
    /// Messages that are advertising.
    pub marketing: u64,
    /// Points by unit.
    pub points: BTreeMap<String, u64>,
    /// Coupons by template.
    pub coupons: BTreeMap<String, u64>,
    /// Money by budget, in minor units.
    pub money: BTreeMap<String, i64>,
    /// Fuel.
    pub fuel: u64,
}

/// One decision that comes out differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The receipt.
    pub decision: DecisionId,
    /// About whom.
    pub person: PersonId,
    /// When.
    pub at: Millis,
    /// What was decided and what is decided now; nothing if that is too long.
    pub sides: Option<[Said; 2]>,
}

/// What a backtest has found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Difference {
    /// Decisions that were compared.
    pub decisions: u64,
    /// Those that ask for something else.
    pub differ: u64,
    /// Receipts that do not hold their input any more, which were passed over.
    pub missing: u64,
    /// As it was.
    pub before: Totals,
    /// As it would have been.
    pub after: Totals,
    /// People who got no message and would have got one.
    pub gained: u64,
    /// People who got one and would have got none.
    pub lost: u64,
    /// What the version asks for and the recorded moments do not have, such as `fields: email`.
    pub unseen: Vec<String>,
    /// Some that differ, picked by chance.
    pub samples: Vec<Sample>,
    /// How scores move; nothing of a campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
}

impl Difference {
    /// Everybody who is shown.
    pub fn shown(&self) -> Vec<PersonId> {
        let movers = self.shift.iter().flat_map(|shift| &shift.scores).flat_map(|score| &score.movers);
        self.samples.iter().map(|sample| sample.person).chain(movers.map(|mover| mover.person)).collect()
    }

    /// Keeps only those shown of whom `stays` says so.
    pub fn retain_shown(&mut self, stays: impl Fn(PersonId) -> bool) {
        self.samples.retain(|sample| stays(sample.person));
        for score in self.shift.iter_mut().flat_map(|shift| &mut shift.scores) {
            score.movers.retain(|mover| stays(mover.person));
        }
    }

    /// How many differ, of how many that were compared: decisions, or people whose scores are.
    pub fn differ_of(&self) -> [u64; 2] {
        self.shift.as_ref().map_or([self.differ, self.decisions], |shift| [shift.changed, shift.people])
    }
}

/// Counts decisions.
#[derive(Debug, Default)]
pub struct Tally {
    difference: Difference,
    /// Whoever is sent something: before, after.
    messaged: HashMap<PersonId, [bool; 2]>,
    /// By what is as good as chance.
    samples: BTreeMap<(u64, DecisionId), Sample>,
}

impl Said {
    /// An answer.
    pub fn of(answer: Answer) -> Self {
        match answer {
            Ok(decision) => Self { operations: decision.operations, reasons: decision.reasons, failed: false },
            Err(reason) => Self { operations: Vec::new(), reasons: vec![reason], failed: true },
        }
    }

    /// Whether it comes to the same: reasons are words.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.operations == other.operations && self.failed == other.failed
    }

    fn sends(&self) -> bool {
        self.operations.iter().any(|operation| matches!(operation, Operation::Send { .. }))
    }
}

impl Tally {
    /// A tally of a version that asks for what the recorded moments do not have.
    pub fn new(unseen: Vec<String>) -> Self {
        Self { difference: Difference { unseen, ..Difference::default() }, ..Self::default() }
    }

    /// Passes over a receipt that does not hold its input.
    pub fn pass(&mut self) {
        self.difference.missing += 1;
    }

    /// How many decisions were looked at.
    pub fn looked_at(&self) -> u64 {
        self.difference.decisions + self.difference.missing
    }

    /// Counts a decision as it was and as it is, each with its share of the fuel.
    pub fn count(&mut self, at: (DecisionId, PersonId, Millis), before: (Said, u64), after: (Said, u64)) {
        let (decision, person, time) = at;
        self.difference.decisions += 1;
        let sends = [before.0.sends(), after.0.sends()];
        if sends.contains(&true) {
            let known = self.messaged.entry(person).or_default();
            *known = [known[0] || sends[0], known[1] || sends[1]];
        }
        self.difference.before.add(&before.0, before.1);
        self.difference.after.add(&after.0, after.1);
        if !before.0.is_same(&after.0) {
            self.difference.differ += 1;
            self.keep(Sample { decision, person, at: time, sides: Some([before.0, after.0]) });
        }
    }

    /// Keeps it if chance wants it.
    fn keep(&mut self, mut sample: Sample) {
        // What is left of an id behind its time follows from a hash.
        let [.., a, b, c, d, e, f, g, h] = *sample.decision.as_bytes();
        let key = (u64::from_be_bytes([a, b, c, d, e, f, g, h]), sample.decision);
        let is_full = self.samples.len() >= SAMPLES_MAX;
        if is_full && self.samples.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        if serde_json::to_vec(&sample.sides).map_or(usize::MAX, |text| text.len()) > SAMPLE_BYTES_MAX {
            sample.sides = None;
        }
        self.samples.insert(key, sample);
        if is_full {
            self.samples.pop_last();
        }
    }

    /// What was found so far.
    pub fn difference(&self) -> Difference {
        let mut found = self.difference.clone();
        let people = |which: fn(&[bool; 2]) -> bool| self.messaged.values().filter(|sends| which(sends)).count() as u64;
        found.before.messaged = people(|sends| sends[0]);
        found.after.messaged = people(|sends| sends[1]);
        found.gained = people(|sends| !sends[0]);
        found.lost = people(|sends| !sends[1]);
        found.samples = self.samples.values().cloned().collect();
        found.samples.sort_by_key(|sample| (sample.at, sample.decision));
        found
    }
}

impl Totals {
    /// Counts one decision, with its share of the fuel.
    pub(crate) fn add(&mut self, said: &Said, fuel: u64) {
        self.fuel = self.fuel.saturating_add(fuel);
        match (said.failed, said.operations.is_empty()) {
            (true, _) => self.failed += 1,
            (false, true) => self.skipped += 1,
            (false, false) => self.acted += 1,
        }
        for operation in &said.operations {
            *entry(&mut self.operations, operation.name()) += 1;
            match operation {
                Operation::Send { channel, class, .. } => {
                    *entry(&mut self.messages, channel.as_deref().unwrap_or("any")) += 1;
                    self.marketing += u64::from(*class == MessageClass::Marketing);
                }
                Operation::EarnPoints { unit, amount, .. } => {
                    let sum = entry(&mut self.points, unit);
                    *sum = sum.saturating_add(*amount);
                }
                Operation::IssueCoupon { template, .. } => *entry(&mut self.coupons, template) += 1,
                Operation::GrantMoney { budget, amount, .. } => {
                    let sum = entry(&mut self.money, budget);
                    *sum = sum.saturating_add(*amount);
                }
                _ => {}
            }
        }
    }
}

/// The sum of a name, or of all that are too long or come after too many.
fn entry<'m, T: Default>(sums: &'m mut BTreeMap<String, T>, name: &str) -> &'m mut T {
    let fits = name.len() <= NAME_BYTES_MAX && (sums.len() < NAMES_MAX || sums.contains_key(name));
    let name = if fits { name } else { "…" };
    sums.entry(name.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn said(operations: serde_json::Value) -> Said {
        serde_json::from_value(json!({"operations": operations, "reasons": [], "failed": false})).expect("operations")
    }

    fn send(channel: Option<&str>) -> serde_json::Value {
        json!({"do": "send", "content": {"stored": "hi"}, "variables": {}, "class": "marketing", "purpose": "news",
               "channel": channel, "not-before": null, "expires": null})
    }

    fn time(n: u128) -> Millis {
        Millis::try_from(n & 0xFFFF).expect("a small number")
    }

    fn at(n: u128, person: u128) -> (DecisionId, PersonId, Millis) {
        (DecisionId::from_uuid(Uuid::from_u128(n)), PersonId::from_uuid(Uuid::from_u128(person)), time(n))
    }

    #[test]
    fn what_is_asked_for_is_summed_up_before_and_after() {
        let mut tally = Tally::new(vec!["fields: email".to_owned()]);
        let points = |amount: u64| json!({"do": "earn-points", "unit": "stars", "amount": amount, "reason": "r", "pending-until": null});
        let money = json!({"do": "grant-money", "budget": "spring", "amount": 250, "reason": "r"});
        let coupon = json!({"do": "issue-coupon", "template": "tea", "reason": "r"});
        let failed = Said { reasons: vec!["crashed".to_owned()], failed: true, ..Said::default() };
        tally.count(at(1, 1), (said(json!([send(Some("email")), points(3)])), 10), (said(json!([points(5)])), 20));
        tally.count(at(2, 2), (said(json!([])), 1), (said(json!([send(None), money, coupon])), 2));
        tally.count(at(3, 2), (said(json!([send(None)])), 1), (said(json!([send(None)])), 2));
        tally.count(at(4, 3), (said(json!([])), 1), (failed, 2));
        tally.pass();
        let found = tally.difference();
        assert_eq!((found.decisions, found.differ, found.missing, found.gained, found.lost), (4, 3, 1, 0, 1));
        assert_eq!((tally.looked_at(), found.unseen.len()), (5, 1));
        let numbers = |totals: &Totals| (totals.acted, totals.skipped, totals.failed, totals.messaged, totals.fuel);
        assert_eq!(numbers(&found.before), (2, 2, 0, 2, 13));
        assert_eq!(numbers(&found.after), (3, 0, 1, 1, 26));
        assert_eq!((found.before.points["stars"], found.after.points["stars"]), (3, 5));
        assert_eq!((found.after.money["spring"], found.after.coupons["tea"]), (250, 1));
        assert_eq!((found.before.messages["email"], found.after.messages["any"], found.after.marketing), (1, 2, 2));
        let samples: Vec<i64> = found.samples.iter().map(|sample| sample.at).collect();
        assert_eq!(samples, [1, 2, 4]);
        let again: Difference = serde_json::from_value(serde_json::to_value(&found).unwrap()).unwrap();
        assert_eq!(again, found);
    }

    #[test]
    fn samples_are_few_and_do_not_depend_on_the_order() {
        let differ = |tally: &mut Tally, n: u128| {
            // Behind its time an id is a hash; this one scatters as well.
            let id = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) & u128::from(u64::MAX);
            tally.count(at(id, 1), (said(json!([])), 1), (said(json!([send(None)])), 1));
        };
        let (mut up, mut down) = (Tally::default(), Tally::default());
        (1..=500).for_each(|n| differ(&mut up, n));
        (1..=500).rev().for_each(|n| differ(&mut down, n));
        let (up, down) = (up.difference(), down.difference());
        assert_eq!((up.samples.len(), up.differ), (SAMPLES_MAX, 500));
        assert_eq!(up.samples, down.samples);
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let mut tally = Tally::default();
        for n in 0..150_u128 {
            let coupon = json!({"do": "issue-coupon", "template": format!("t-{n}"), "reason": "r"});
            tally.count(at(n, 1), (Said::default(), 0), (said(json!([coupon])), 0));
        }
        let coupons = tally.difference().after.coupons;
        assert_eq!((coupons.len(), coupons["…"]), (NAMES_MAX + 1, 50));
        let long = json!({"do": "issue-coupon", "template": "t".repeat(NAME_BYTES_MAX + 1), "reason": "r"});
        tally = Tally::default();
        tally.count(at(1, 1), (Said::default(), 0), (said(json!([long])), 0));
        assert_eq!(tally.difference().after.coupons, BTreeMap::from([("…".to_owned(), 1)]));
        let long = "x".repeat(SAMPLE_BYTES_MAX);
        tally = Tally::default();
        tally.count(at(1, 1), (Said { failed: true, reasons: vec![long], ..Said::default() }, 0), (Said::default(), 0));
        assert_eq!(tally.difference().samples[0].sides, None);
    }
}
