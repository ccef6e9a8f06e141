//! The file of relations: circles of friends who mostly know each other, a few whom everybody follows, and chance.

use std::io::{self, Write};
use std::ops::Range;

use crate::Crowd;
use crate::calendar;
use crate::dice::{Dice, Stream, floor, heavy_tailed, whole};

/// Relations that a person has on the average, and how heavy the tail is.
const MEAN: f64 = 1.05;
const SIGMA: f64 = 1.4;
/// Nobody has more.
const RELATIONS_MAX: u32 = 200;
/// People of one circle.
const CIRCLE: u32 = 120;
/// How much more those are followed whom many follow.
const FAME: f64 = 12.0;
const INSIDE: &[(&str, u32)] = &[("friend", 60), ("family", 10), ("colleague", 12), ("referred", 18)];
const OUTSIDE: &[(&str, u32)] = &[("follows", 70), ("friend", 20), ("referred", 10)];
const HEADER: [&str; 5] = ["from", "to", "relation", "strength", "since"];

/// One relation of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// Who has it.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// `friend`, `follows`, `referred` …
    pub kind: &'static str,
    /// In percent.
    pub strength: u32,
    /// The day since when.
    since: i64,
}

impl Crowd {
    /// The relations that a person has; nobody twice.
    pub fn relations(&self, n: u32) -> Vec<Relation> {
        let mut dice = self.dice(Stream::Relations, n);
        let z = 0.5 * self.zeal(n) + 0.866 * dice.normal();
        let count = dice.poisson(heavy_tailed(MEAN, SIGMA, z)).min(RELATIONS_MAX);
        let mut relations: Vec<Relation> = Vec::new();
        for _ in 0..count {
            let (to, kind) = match dice.unit() {
                near if near < 0.66 => (self.neighbour(n, &mut dice), dice.weighted(INSIDE)),
                famous if famous < 0.9 => (self.famous(&mut dice), "follows"),
                _ => (dice.below(self.size()), dice.weighted(OUTSIDE)),
            };
            let known = relations.iter().any(|relation| relation.to == to);
            let strength = 5 + whole(95.0 * dice.unit().powi(2));
            let since = dice.between(self.joined(n), self.until);
            if to != n && !known {
                relations.push(Relation { from: n, to, kind, strength, since });
            }
        }
        relations
    }

    /// Writes the relations that these people have as CSV with a header; returns how many there were.
    pub fn write_relations(&self, numbers: Range<u32>, out: impl Write) -> io::Result<u64> {
        let mut sheet = csv::Writer::from_writer(out);
        sheet.write_record(HEADER)?;
        let mut rows = 0;
        for relation in numbers.flat_map(|n| self.relations(n)) {
            let Relation { from, to, kind, strength, since } = relation;
            let strength = format!("{}.{:02}", strength / 100, strength % 100);
            let since = calendar::date(since).to_string();
            sheet.write_record([&Self::account(from), &Self::account(to), kind, &strength, &since])?;
            rows += 1;
        }
        sheet.flush()?;
        Ok(rows)
    }

    fn neighbour(&self, n: u32, dice: &mut Dice) -> u32 {
        let first = n / CIRCLE * CIRCLE;
        first + dice.below(CIRCLE.min(self.size() - first))
    }

    /// One of few, scattered over everybody: the row of fame is walked in strides that share no factor with its length.
    fn famous(&self, dice: &mut Dice) -> u32 {
        let size = u64::from(self.size().max(1));
        let place = floor(dice.unit().powf(FAME) * size as f64).unsigned_abs();
        let stride = (size * 618 / 1_000..).find(|stride| gcd(*stride, size) == 1).unwrap_or(1);
        u32::try_from(place * stride % size).unwrap_or_default()
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
