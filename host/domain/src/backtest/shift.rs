//! How scores move: what the version and configuration that an installation runs give everybody now, beside what others give
//! for the same profiles.
//!
//! Before and after are computed from the same profiles at the same moment, so that what moves comes of the change and not of
//! time. How many of the scores that are kept are older than that is told as well.

mod statistics;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;
use crate::manifest::ScorerSpec;
use crate::scoring::{Marks, ScoreColumn};
use statistics::{compared, is_same};

/// The most people of one backtest of a scorer.
pub const PEOPLE_MAX: u32 = 100_000;
/// The most scores that are held to be compared, before and after counted as one: 16 bytes each.
const PAIRS_MAX: usize = 2_000_000;
/// Into how many parts of the same width scores are counted.
pub const BINS: usize = 20;
/// The people of one score who are shown, if there are few scores and if there are many.
const MOVERS_MAX: [usize; 2] = [20, 5];
/// The scores that count as few.
const FEW: usize = 4;
/// The most terms of one of them: those that moved furthest.
const TERMS_MAX: usize = 16;

/// How the scores of people would move.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shift {
    /// Which part of everybody was looked at: 1, or less of a sample that is spread evenly over all.
    pub part: f64,
    /// People who were scored by both.
    pub people: u64,
    /// Those of whom at least one score is another.
    pub changed: u64,
    /// People of calls that came to nothing.
    pub failed: Both<u64>,
    /// Fuel.
    pub fuel: Both<u64>,
    /// Score by score.
    pub scores: Vec<ScoreShift>,
}

/// What the installation runs, and what is compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Both<T> {
    /// What the installation runs.
    pub before: T,
    /// What would be instead.
    pub after: T,
}

/// How one score moves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreShift {
    /// The score.
    pub name: String,
    /// People who have it both before and after.
    pub both: u64,
    /// Those of them to whom it gives another value.
    pub changed: u64,
    /// People who get one and have none now.
    pub gained: u64,
    /// People who have one and would get none.
    pub lost: u64,
    /// People of whom a score is kept that this installation has given before.
    pub kept: u64,
    /// Those of them to whom the installation gives another one by now.
    pub stale: u64,
    /// Where the first of the parts begins into which scores are counted, and where the last one ends: the first and the 99th
    /// percentile of all of both sides. The outer parts hold what lies beyond, too.
    pub range: [f64; 2],
    /// How many people are in each part.
    pub bins: Both<Vec<u64>>,
    /// How the scores are spread; nothing where nobody has one.
    pub spread: Both<Option<Spread>>,
    /// How far they move, up or down, over all who have both.
    pub moves: Option<Spread>,
    /// How far they move on the average: less than nothing where they fall.
    pub mean_move: f64,
    /// Spearman's coefficient of the order of people before and after, from -1 to 1; nothing if one side has no order.
    pub rank_correlation: Option<f64>,
    /// People who come into another fifth of everybody.
    pub other_fifth: u64,
    /// Who moves furthest, the furthest first.
    pub movers: Vec<Mover>,
}

/// How numbers are spread. Percentiles are by nearest rank: each is one of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The 50th percentile.
    pub median: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The greatest.
    pub max: f64,
}

/// Somebody whose score moves far, with what explains both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mover {
    /// Who.
    pub person: PersonId,
    /// What is kept, if this installation gave it.
    pub kept: Option<f64>,
    /// The score on both sides.
    pub value: Both<f64>,
    /// What it is made of; of many terms those that moved furthest.
    pub terms: Vec<TermShift>,
}

/// How one term of a score moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermShift {
    /// The term.
    pub name: String,
    /// Its value; nothing where a side has no such term.
    pub value: Both<Option<f64>>,
}

/// One of the people of a call.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'p> {
    /// Who.
    pub person: PersonId,
    /// The scores that the installation has given before.
    pub kept: &'p [(&'p str, f64)],
}

/// Counts scores.
#[derive(Debug, Default)]
pub struct ShiftTally {
    shift: Shift,
    specs: Both<ScorerSpec>,
    sheets: Vec<Sheet>,
    movers_max: usize,
}

/// What is held of one score.
#[derive(Debug, Default)]
struct Sheet {
    name: String,
    /// Before and after; no number where there is none.
    pairs: Vec<[f64; 2]>,
    kept: u64,
    stale: u64,
    /// By how far they moved, the least first.
    movers: BTreeMap<(u64, Reverse<PersonId>), Mover>,
}

impl ShiftTally {
    /// A tally of all scores that either side declares.
    pub fn new(specs: Both<ScorerSpec>) -> Self {
        let mut sheets: Vec<Sheet> = Vec::new();
        for score in specs.before.scores.iter().chain(&specs.after.scores) {
            if !sheets.iter().any(|sheet| sheet.name == score.name) {
                sheets.push(Sheet { name: score.name.clone(), ..Sheet::default() });
            }
        }
        let [few, many] = MOVERS_MAX;
        let movers_max = if sheets.len() <= FEW { few } else { many };
        Self { shift: Shift::default(), specs, sheets, movers_max }
    }

    /// Of how many people all scores can be held.
    pub fn people_max(&self) -> u32 {
        let held = PAIRS_MAX / self.sheets.len().max(1);
        PEOPLE_MAX.min(u32::try_from(held).unwrap_or(PEOPLE_MAX))
    }

    /// What each side asks to be told.
    pub fn specs(&self) -> &Both<ScorerSpec> {
        &self.specs
    }

    /// Counts what both sides say of the same people, in this order. Where a call came to nothing nobody is compared.
    pub fn count(&mut self, people: &[Looked<'_>], marks: &Both<Marks>) {
        let (shift, height) = (&mut self.shift, people.len() as u64);
        shift.fuel.before = shift.fuel.before.saturating_add(marks.before.fuel);
        shift.fuel.after = shift.fuel.after.saturating_add(marks.after.fuel);
        shift.failed.before += if marks.before.answer.is_err() { height } else { 0 };
        shift.failed.after += if marks.after.answer.is_err() { height } else { 0 };
        let (Ok(before), Ok(after)) = (&marks.before.answer, &marks.after.answer) else { return };
        let before: Vec<ScoreColumn<'_>> = before.columns(&self.specs.before).collect();
        let after: Vec<ScoreColumn<'_>> = after.columns(&self.specs.after).collect();
        let mut changed = vec![false; people.len()];
        for sheet in &mut self.sheets {
            let columns = [named(&before, &sheet.name), named(&after, &sheet.name)];
            for ((row, looked), changed) in people.iter().enumerate().zip(&mut changed) {
                *changed |= sheet.count(row, looked, columns, self.movers_max);
            }
        }
        shift.people += height;
        shift.changed += changed.iter().filter(|changed| **changed).count() as u64;
    }

    /// What was found so far. It sorts everything that is held: not on a thread that serves others.
    pub fn shift(&self) -> Shift {
        Shift { scores: self.sheets.iter().map(Sheet::shift).collect(), ..self.shift.clone() }
    }
}

impl Sheet {
    /// Counts one person; whether the score is another.
    fn count(
        &mut self,
        row: usize,
        looked: &Looked<'_>,
        columns: [Option<&ScoreColumn<'_>>; 2],
        movers_max: usize,
    ) -> bool {
        let [before, after] = columns.map(|column| column.and_then(|column| column.value(row)));
        let kept = looked.kept.iter().find(|(name, _)| *name == self.name).map(|(_, value)| *value);
        if let Some(kept) = kept {
            self.kept += 1;
            self.stale += u64::from(before.is_none_or(|before| !is_same(kept, before)));
        }
        if before.is_some() || after.is_some() {
            self.pairs.push([before.unwrap_or(f64::NAN), after.unwrap_or(f64::NAN)]);
        }
        let (Some(before), Some(after)) = (before, after) else { return before.is_some() != after.is_some() };
        if is_same(before, after) {
            return false;
        }
        let value = Both { before, after };
        // Numbers that are not less than nothing are in the order of their bits.
        let key = (statistics::distance(before, after).to_bits(), Reverse(looked.person));
        let is_full = self.movers.len() >= movers_max;
        if !is_full || self.movers.first_key_value().is_some_and(|(least, _)| *least < key) {
            let terms = terms(columns.map(|column| column.map(|column| column.terms(row)).unwrap_or_default()));
            self.movers.insert(key, Mover { person: looked.person, kept, value, terms });
            if is_full {
                self.movers.pop_first();
            }
        }
        true
    }

    fn shift(&self) -> ScoreShift {
        ScoreShift {
            name: self.name.clone(),
            kept: self.kept,
            stale: self.stale,
            movers: self.movers.values().rev().cloned().collect(),
            ..compared(&self.pairs)
        }
    }
}

fn named<'c, 's>(columns: &'c [ScoreColumn<'s>], name: &str) -> Option<&'c ScoreColumn<'s>> {
    columns.iter().find(|column| column.name == name)
}

/// The terms of both sides by name, in the order of the side before.
fn terms([before, after]: [Vec<(String, f64)>; 2]) -> Vec<TermShift> {
    let mut terms: Vec<TermShift> = before
        .into_iter()
        .map(|(name, value)| TermShift { name, value: Both { before: Some(value), after: None } })
        .collect();
    for (name, value) in after {
        match terms.iter_mut().find(|term| term.name == name) {
            Some(term) => term.value.after = Some(value),
            None => terms.push(TermShift { name, value: Both { before: None, after: Some(value) } }),
        }
    }
    if terms.len() > TERMS_MAX {
        let moved = |term: &TermShift| {
            let Both { before, after } = term.value;
            statistics::distance(before.unwrap_or_default(), after.unwrap_or_default())
        };
        terms.sort_by(|a, b| moved(b).total_cmp(&moved(a)));
        terms.truncate(TERMS_MAX);
    }
    terms
}

#[cfg(test)]
mod tests;
