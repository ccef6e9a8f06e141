//! Another version or configuration that stands beside what an installation runs until it is trusted.
//!
//! While it runs, both decide about every moment. Whose decision takes effect depends on the person: of a hundred people the
//! candidate decides for `percent`, always the same ones; with 0 for nobody (a shadow). What the other one said is kept as a
//! shadow's receipt and counted, so that the two are compared on everything that happens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Millis;
use crate::backtest::{Said, Totals};
use crate::grants::Grants;
use crate::ids::{CandidateId, DecisionId, InstallationId, PersonId};

/// The greatest factor of fuel that a guard may allow.
pub const FUEL_FACTOR_MAX: f64 = 1_000.0;
/// Decisions that differ of which the receipts are named.
const DIFFERING_MAX: usize = 20;
/// Crashes that may be bad luck.
const CRASHES_FORGIVEN: u32 = 2;
/// Decisions before fuel and differences are judged.
const JUDGED_AFTER: u32 = 100;
/// The latest decisions count in full; at twice as many each counts half.
const RECENT: u32 = 1_000;
/// Parts of a doubling of fuel that are told apart: 9 %.
const FUEL_STEPS: f64 = 8.0;

/// How far a candidate has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateStatus {
    /// It decides, with effect or without.
    Running,
    /// Somebody took it away.
    Stopped,
    /// It became what the installation runs.
    Promoted,
    /// The host took it away, for it did not keep within its guard.
    FellBack,
}

impl CandidateStatus {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Promoted => "promoted",
            Self::FellBack => "fell-back",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Running, Self::Stopped, Self::Promoted, Self::FellBack];
        all.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a candidate may not exceed; else the host takes it away at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guard {
    /// Of its latest decisions the part that crashes, 0 to 1; up to two crashes are forgiven.
    pub crashes: f64,
    /// Its fuel at the 99th percentile, as a multiple of the other's.
    pub fuel: f64,
    /// Of its latest decisions the part that asks for something else, 0 to 1.
    pub divergence: f64,
}

impl Default for Guard {
    fn default() -> Self {
        Self { crashes: 0.01, fuel: 4.0, divergence: 0.5 }
    }
}

impl Guard {
    /// What is wrong with it, and where.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let part = |value: f64| (0.0..=1.0).contains(&value);
        if !part(self.crashes) {
            return Some(("crashes", "is a part of all decisions, from 0 to 1".to_owned()));
        }
        if !part(self.divergence) {
            return Some(("divergence", "is a part of all decisions, from 0 to 1".to_owned()));
        }
        let fuel = (1.0..=FUEL_FACTOR_MAX).contains(&self.fuel);
        (!fuel).then(|| ("fuel", format!("is a multiple of the other's fuel, from 1 to {FUEL_FACTOR_MAX}")))
    }
}

/// What decides besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateSpec {
    /// Its version of the installation's plugin.
    pub version: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// The configuration, with its defaults.
    pub config: serde_json::Value,
    /// What it may do.
    pub grants: Grants,
}

/// One candidate of an installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// `cnd_…`.
    pub id: CandidateId,
    /// Beside what it stands.
    pub installation: InstallationId,
    /// What decides.
    pub spec: CandidateSpec,
    /// Of a hundred people, for how many it does so with effect.
    pub percent: u8,
    /// What it may not exceed.
    pub guard: Guard,
    /// How far it has come.
    pub status: CandidateStatus,
    /// The token that asked.
    pub started_by: String,
    /// When.
    pub started_at: Millis,
    /// When it was stopped, promoted or fell back.
    pub ended_at: Option<Millis>,
    /// Why it fell back.
    pub reason: Option<String>,
    /// What was seen so far.
    pub evidence: Evidence,
}

impl Candidate {
    /// Whether it decides for this person with effect.
    pub fn decides_for(&self, person: PersonId) -> bool {
        bucket(self.installation, person) < self.percent
    }

    /// Counts what both said about one moment; ends it if that is more than its guard allows.
    pub fn count(&mut self, seen: &Seen<'_>, now: Millis) {
        self.evidence.count(seen);
        if let Some(reason) = self.evidence.recent.judged(&self.guard) {
            (self.status, self.ended_at, self.reason) = (CandidateStatus::FellBack, Some(now), Some(reason));
        }
    }
}

/// Where somebody stands among a hundred: for each installation elsewhere, and always there.
fn bucket(installation: InstallationId, person: PersonId) -> u8 {
    let digest = Sha256::new().chain_update(installation.as_bytes()).chain_update(person.as_bytes()).finalize();
    let (first, _) = digest.as_chunks::<8>();
    let value = first.first().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    u8::try_from(value % 100).unwrap_or_default()
}

/// What one of the two said about a moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// What it asks for; nothing if it was not asked.
    pub said: Said,
    /// Its share of the fuel.
    pub fuel: u64,
    /// Whether its call came to nothing.
    pub crashed: bool,
    /// Whether it was asked.
    pub asked: bool,
}

/// What both said about one moment.
#[derive(Debug)]
pub struct Seen<'s> {
    /// The candidate's receipt, or that of the other where the candidate was not asked.
    pub decision: DecisionId,
    /// What the installation runs; nothing if it is off.
    pub before: Option<&'s Side>,
    /// The candidate.
    pub after: &'s Side,
    /// Whether the candidate's decision took effect.
    pub effective: bool,
}

/// What was seen of a candidate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Moments that either decided about.
    pub decisions: u64,
    /// Those about which the candidate decided with effect.
    pub effective: u64,
    /// Those about which the two ask for something else.
    pub differ: u64,
    /// Those on which the candidate crashed.
    pub crashed: u64,
    /// What the installation runs.
    pub before: Totals,
    /// The candidate.
    pub after: Totals,
    /// The latest moments.
    pub recent: Recent,
    /// Receipts of the latest decisions that differ, the newest first.
    pub differing: Vec<DecisionId>,
}

/// What was seen lately.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    decisions: u32,
    /// Those that both could decide about.
    compared: u32,
    differ: u32,
    crashed: u32,
    before: Fuel,
    after: Fuel,
}

/// How often so much fuel was burnt, in steps of 9 %.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Fuel(BTreeMap<u16, u32>);

impl Evidence {
    fn count(&mut self, seen: &Seen<'_>) {
        let Seen { decision, before, after, effective } = seen;
        self.decisions += 1;
        self.effective += u64::from(*effective);
        self.crashed += u64::from(after.crashed);
        self.recent.decisions += 1;
        self.recent.crashed += u32::from(after.crashed);
        if after.asked {
            self.after.add(&after.said, after.fuel);
        }
        if after.asked && !after.crashed {
            self.recent.after.add(after.fuel);
        }
        if let Some(before) = before {
            if before.asked {
                self.before.add(&before.said, before.fuel);
            }
            if before.asked && !before.crashed {
                self.recent.before.add(before.fuel);
            }
            self.recent.compared += 1;
            if !before.said.is_same(&after.said) {
                self.differ += 1;
                self.recent.differ += 1;
                self.differing.insert(0, *decision);
                self.differing.truncate(DIFFERING_MAX);
            }
        }
        self.recent.fade();
    }

    /// Fuel of a decision at the 99th percentile lately: of what the installation runs and of the candidate.
    pub fn fuel_p99(&self) -> [Option<u64>; 2] {
        [self.recent.before.p99(), self.recent.after.p99()]
    }
}

impl Recent {
    /// Lets what is old count less.
    fn fade(&mut self) {
        if self.decisions < 2 * RECENT {
            return;
        }
        for count in [&mut self.decisions, &mut self.compared, &mut self.differ, &mut self.crashed] {
            *count /= 2;
        }
        self.before.fade();
        self.after.fade();
    }

    /// What is more than the guard allows.
    fn judged(&self, guard: &Guard) -> Option<String> {
        let part = |count: u32, of: u32| f64::from(count) / f64::from(of.max(1));
        let Self { decisions, compared, differ, crashed, .. } = *self;
        if crashed > CRASHES_FORGIVEN && part(crashed, decisions) > guard.crashes {
            return Some(format!("crashed on {crashed} of the latest {decisions} moments"));
        }
        if compared >= JUDGED_AFTER && part(differ, compared) > guard.divergence {
            return Some(format!("asks for something else in {differ} of the latest {compared} decisions"));
        }
        let enough = |fuel: &Fuel| fuel.0.values().sum::<u32>() >= JUDGED_AFTER;
        if !enough(&self.before) || !enough(&self.after) {
            return None;
        }
        let (before, after) = (self.before.p99()?, self.after.p99()?);
        (after as f64 > before as f64 * guard.fuel)
            .then(|| format!("burns {after} fuel a decision at the 99th percentile, where {before} are burnt now"))
    }
}

impl Fuel {
    fn add(&mut self, fuel: u64) {
        // At most 64 doublings of eight steps each.
        let step = ((fuel as f64 + 1.0).log2() * FUEL_STEPS) as u16;
        *self.0.entry(step).or_default() += 1;
    }

    fn fade(&mut self) {
        self.0.retain(|_, count| {
            *count /= 2;
            *count > 0
        });
    }

    fn p99(&self) -> Option<u64> {
        let all: u64 = self.0.values().map(|count| u64::from(*count)).sum();
        let mut left = (all * 99).div_ceil(100);
        let step = self.0.iter().find(|(_, count)| {
            left = left.saturating_sub(u64::from(**count));
            left == 0
        })?;
        Some((f64::from(*step.0 + 1) / FUEL_STEPS).exp2() as u64)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn candidate(percent: u8) -> Candidate {
        Candidate {
            id: CandidateId::from_uuid(Uuid::from_u128(1)),
            installation: InstallationId::from_uuid(Uuid::from_u128(2)),
            spec: CandidateSpec {
                version: "0.2.0".to_owned(),
                digest: "d".to_owned(),
                config: json!({}),
                grants: Grants::default(),
            },
            percent,
            guard: Guard::default(),
            status: CandidateStatus::Running,
            started_by: "tok".to_owned(),
            started_at: 0,
            ended_at: None,
            reason: None,
            evidence: Evidence::default(),
        }
    }

    fn person(number: u128) -> PersonId {
        PersonId::from_uuid(Uuid::from_u128(number))
    }

    fn side(fuel: u64, tag: Option<&str>) -> Side {
        let operations: Vec<_> =
            tag.iter().map(|name| json!({"do": "remove-tag", "dimension": "d", "name": name})).collect();
        let said = json!({"operations": operations, "reasons": [], "failed": false});
        Side { said: serde_json::from_value(said).unwrap(), fuel, crashed: false, asked: true }
    }

    fn crash() -> Side {
        Side { said: Said::of(Err("trap".to_owned())), fuel: 0, crashed: true, asked: true }
    }

    /// After how many moments it falls back, and why.
    fn falls_back(
        candidate: &mut Candidate,
        moments: impl Iterator<Item = (Option<Side>, Side)>,
    ) -> Option<(usize, String)> {
        for (index, (before, after)) in moments.enumerate() {
            let decision = DecisionId::from_uuid(Uuid::from_u128(index as u128));
            candidate.count(&Seen { decision, before: before.as_ref(), after: &after, effective: false }, 7);
            if candidate.status == CandidateStatus::FellBack {
                assert_eq!(candidate.ended_at, Some(7));
                return Some((index + 1, candidate.reason.clone()?));
            }
        }
        None
    }

    #[test]
    fn the_same_people_are_chosen_and_more_of_them_with_a_higher_percentage() {
        let chosen = |percent| (0..10_000).map(person).filter(move |person| candidate(percent).decides_for(*person));
        assert_eq!((chosen(0).count(), chosen(100).count()), (0, 10_000));
        let (ten, twenty): (Vec<_>, Vec<_>) = (chosen(10).collect(), chosen(20).collect());
        assert!((900..1_100).contains(&ten.len()) && (1_850..2_150).contains(&twenty.len()));
        assert!(ten.iter().all(|person| twenty.contains(person)));
        let elsewhere = Candidate { installation: InstallationId::from_uuid(Uuid::from_u128(3)), ..candidate(10) };
        let both = ten.iter().filter(|person| elsewhere.decides_for(**person)).count();
        assert!((50..200).contains(&both), "{both} of ten thousand are chosen twice");
    }

    #[test]
    fn crashes_are_forgiven_twice_and_then_as_far_as_the_guard_says() {
        let every = |n: usize| {
            (1..=10_000).map(move |i| (Some(side(9, None)), if i % n == 0 { crash() } else { side(9, None) }))
        };
        assert_eq!(falls_back(&mut candidate(0), every(101)), None);
        let (after, why) = falls_back(&mut candidate(0), every(50)).unwrap();
        assert_eq!((after, why.as_str()), (150, "crashed on 3 of the latest 150 moments"));
        // What begins after a long good time is noticed as soon.
        let late = (0..100_000).map(|_| (None, side(9, None))).chain((0..100).map(|_| (None, crash())));
        let (after, _) = falls_back(&mut candidate(0), late).unwrap();
        assert!(after < 100_030, "{after}");
    }

    #[test]
    fn differences_and_fuel_are_judged_once_there_are_enough() {
        let differing = |n| (0..10_000).map(move |i| (Some(side(9, None)), side(9, (i % 10 < n).then_some("x"))));
        assert_eq!(falls_back(&mut candidate(0), differing(4)), None);
        let (after, why) = falls_back(&mut candidate(0), differing(6)).unwrap();
        assert_eq!((after, why.as_str()), (100, "asks for something else in 60 of the latest 100 decisions"));

        let burning = |fuel| {
            (0..10_000).map(move |i| (Some(side(1_000, None)), side(if i % 50 == 0 { fuel } else { 1_000 }, None)))
        };
        assert_eq!(falls_back(&mut candidate(0), burning(3_500)), None);
        let (after, why) = falls_back(&mut candidate(0), burning(5_000)).unwrap();
        assert!(after == 100 && why.contains("99th percentile"), "{after}: {why}");
        // Beside nothing, there is nothing to compare with.
        let alone = (0..10_000).map(|_| (None, side(1_000_000, Some("x"))));
        let mut candidate = candidate(0);
        assert_eq!(falls_back(&mut candidate, alone), None);
        assert_eq!((candidate.evidence.decisions, candidate.evidence.differ), (10_000, 0));
    }

    #[test]
    fn evidence_adds_up_and_names_the_latest_that_differ() {
        let mut candidate = Candidate { guard: Guard { divergence: 1.0, ..Guard::default() }, ..candidate(0) };
        let moments = (0..50).map(|i| (Some(side(10, None)), side(30, (i % 2 == 1).then_some("x"))));
        assert_eq!(falls_back(&mut candidate, moments), None);
        let not_asked = [(Some(side(10, Some("x"))), Side::default()), (Some(side(10, None)), Side::default())];
        assert_eq!(falls_back(&mut candidate, not_asked.into_iter()), None);
        let found = &candidate.evidence;
        assert_eq!((found.decisions, found.differ, found.effective, found.crashed), (52, 26, 0, 0));
        assert_eq!((found.before.acted, found.before.skipped, found.before.fuel), (1, 51, 520));
        assert_eq!((found.after.acted, found.after.skipped, found.after.fuel), (25, 25, 1_500));
        assert_eq!(found.differing.len(), DIFFERING_MAX);
        assert_eq!(found.differing[1], DecisionId::from_uuid(Uuid::from_u128(49)));
        let [before, after] = found.fuel_p99().map(Option::unwrap);
        assert!((10..=12).contains(&before) && (30..=33).contains(&after), "{before} {after}");
        let again: Evidence = serde_json::from_value(serde_json::to_value(found).unwrap()).unwrap();
        assert_eq!(again, *found);
    }

    #[test]
    fn a_guard_says_what_is_wrong_with_it() {
        assert_eq!(Guard::default().problem(), None);
        for (guard, at) in [
            (Guard { crashes: -0.1, ..Guard::default() }, "crashes"),
            (Guard { divergence: f64::NAN, ..Guard::default() }, "divergence"),
            (Guard { fuel: 0.5, ..Guard::default() }, "fuel"),
        ] {
            assert_eq!(guard.problem().map(|(at, _)| at), Some(at));
        }
    }
}
