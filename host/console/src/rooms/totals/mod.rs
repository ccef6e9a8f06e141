//! What two ask for, in sums side by side: for every room that compares them.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use guanxi_domain::backtest::Totals;

use crate::format::{count, whole};
use crate::language::Language;

/// One sum of both.
pub struct Sum {
    /// Of what.
    pub title: String,
    /// As it is without the other version or configuration.
    pub was: String,
    /// With it.
    pub would_be: String,
    /// Whether they are told apart.
    pub differs: bool,
}

impl Sum {
    /// A sum as both have it.
    pub fn of(title: impl Into<String>, [was, would_be]: [String; 2]) -> Self {
        Self { title: title.into(), differs: was != would_be, was, would_be }
    }
}

/// All sums; with the people who get a message where those are counted.
pub fn sums(sides: [&Totals; 2], with_people: bool, language: Language) -> Vec<Sum> {
    let w = words::of(language);
    let number = |title: &str, of: fn(&Totals) -> u64| Sum::of(title, sides.map(|totals| whole(of(totals))));
    let mut sums = vec![
        number(w.acted, |totals| totals.acted),
        number(w.skipped, |totals| totals.skipped),
        number(w.failures, |totals| totals.failed),
    ];
    if with_people {
        sums.push(number(w.messaged, |totals| totals.messaged));
    }
    sums.push(number(w.marketing, |totals| totals.marketing));
    let operation = |name: &str| language.words().operation(name).to_owned();
    let channel = |name: &str| format!("{}: {}", w.messages, if name == "any" { w.any_channel } else { name });
    sums.extend(named(sides.map(|totals| &totals.operations), operation, whole));
    sums.extend(named(sides.map(|totals| &totals.messages), channel, whole));
    sums.extend(named(sides.map(|totals| &totals.points), |unit| format!("{}: {unit}", w.points), whole));
    sums.extend(named(sides.map(|totals| &totals.coupons), |name| format!("{}: {name}", w.coupons), whole));
    sums.extend(named(sides.map(|totals| &totals.money), |budget| format!("{}: {budget}", w.money), count));
    sums.push(number(w.fuel, |totals| totals.fuel));
    sums
}

/// One for each name that either of them has.
fn named<N: Copy + Default>(
    sides: [&BTreeMap<String, N>; 2],
    title: impl Fn(&str) -> String,
    told: impl Fn(N) -> String,
) -> Vec<Sum> {
    let names: BTreeSet<&String> = sides.into_iter().flat_map(|sums| sums.keys()).collect();
    let sum = |name: &String| Sum::of(title(name), sides.map(|sums| told(sums.get(name).copied().unwrap_or_default())));
    names.into_iter().map(sum).collect()
}
