//! Counting values of which nobody knows how many different ones there are.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::{DISTINCT_MAX, SHOWN};

/// How people spread over values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Values with how many have them. Fixed ones in their order, even if nobody has them; others most first, at most 20.
    pub values: Vec<Share>,
    /// How many have other values.
    pub others: u64,
    /// Of how many it is not known.
    pub unknown: u64,
}

/// One value of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Share {
    /// The value.
    pub value: String,
    /// How many have it.
    pub people: u64,
}

/// Something that is added up under a key.
pub(super) trait Amount: Copy + Default {
    /// Adds what somebody else has.
    fn add(&mut self, other: Self);
    /// By what keys are ordered and the rarest found.
    fn rank(&self) -> f64;
    /// How many people it stands for.
    fn people(&self) -> u64;
}

impl Amount for u64 {
    fn add(&mut self, other: Self) {
        *self += other;
    }

    fn rank(&self) -> f64 {
        *self as f64
    }

    fn people(&self) -> u64 {
        *self
    }
}

/// Sums by key in bounded memory. Up to [`DISTINCT_MAX`] different keys every sum is exact. Whenever there are twice as
/// many, the lower half is put among the others: a frequent key stays, whenever it came first.
#[derive(Debug, Clone)]
pub(super) struct Tally<K, A = u64> {
    sums: HashMap<K, A>,
    others: u64,
}

impl<K, A> Default for Tally<K, A> {
    fn default() -> Self {
        Self { sums: HashMap::new(), others: 0 }
    }
}

impl<K: Eq + Hash + Ord + Clone, A: Amount> Tally<K, A> {
    pub(super) fn add(&mut self, key: K, amount: A) {
        self.sums.entry(key).or_default().add(amount);
        if self.sums.len() > 2 * DISTINCT_MAX {
            for (key, amount) in self.ranked().split_off(DISTINCT_MAX) {
                self.sums.remove(&key);
                self.others += amount.people();
            }
        }
    }

    /// By rank, then by key.
    fn ranked(&self) -> Vec<(K, A)> {
        let mut all: Vec<(K, A)> = self.sums.iter().map(|(key, amount)| (key.clone(), *amount)).collect();
        all.sort_by(|(a, one), (b, other)| other.rank().total_cmp(&one.rank()).then_with(|| a.cmp(b)));
        all
    }

    /// The first, and for how many people the others stand.
    pub(super) fn shown(&self, count: usize) -> (Vec<(K, A)>, u64) {
        let mut all = self.ranked();
        let rest = all.split_off(count.min(all.len()));
        (all, self.others + rest.iter().map(|(_, amount)| amount.people()).sum::<u64>())
    }
}

impl Tally<String> {
    pub(super) fn distribution(&self, unknown: u64) -> Distribution {
        let (shown, others) = self.shown(SHOWN);
        let values = shown.into_iter().map(|(value, people)| Share { value, people }).collect();
        Distribution { values, others, unknown }
    }
}

/// A distribution over a fixed list of values.
pub(super) fn fixed<T: Copy + Eq + Hash>(
    all: &[T],
    name: fn(T) -> &'static str,
    counts: &HashMap<T, u64>,
    unknown: u64,
) -> Distribution {
    let share =
        |value: &T| Share { value: name(*value).to_owned(), people: counts.get(value).copied().unwrap_or_default() };
    Distribution { values: all.iter().map(share).collect(), others: 0, unknown }
}
