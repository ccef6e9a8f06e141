//! Scorers: formulas over many people at once.
//!
//! Inputs and scores are columns, so that a million people are scored by loops over slices. A term explains a part of
//! a score; the host asks for terms only where somebody looks.
//!
//! ```
//! use guanxi_plugin::scorer::{People, Scored, Scorer};
//! use guanxi_plugin::{Failure, NoConfig, testing};
//!
//! struct BasketSize;
//!
//! impl Scorer for BasketSize {
//!     type Config = NoConfig;
//!     const INPUTS: &'static [&'static str] = &["revenue", "order-count"];
//!
//!     fn score(_: &NoConfig, people: &People) -> Result<Scored, Failure> {
//!         let orders = people.integers("order-count")?;
//!         let revenue = people.integers("revenue")?;
//!         let basket = revenue.iter().zip(orders).map(|(sum, n)| *sum as f64 / (*n).max(1) as f64);
//!         Ok(Scored::new().score("basket-size", basket))
//!     }
//! }
//!
//! guanxi_plugin::scorer!(BasketSize);
//!
//! # use guanxi_plugin::scorer::Column;
//! let columns = vec![Column::Integers(vec![3_000, 0]), Column::Integers(vec![2, 0])];
//! let scored = testing::score::<BasketSize>("{}", columns, false).unwrap();
//! assert_eq!(scored.scores[0].values, [1_500.0, 0.0]);
//! ```

use serde::de::DeserializeOwned;

pub use crate::bindings::scorer::{Column, ScoreColumn, Scored, TermColumn};
use crate::config;
use crate::words::{Failure, Instant};

/// Computes scores.
pub trait Scorer {
    /// The installation's configuration.
    type Config: DeserializeOwned;

    /// The names of the manifest's `inputs`, in its order; needed only to ask for a column by name.
    const INPUTS: &'static [&'static str] = &[];

    /// Scores all rows; every column of the answer is as long as `people.rows()`.
    fn score(config: &Self::Config, people: &People) -> Result<Scored, Failure>;
}

/// The inputs of one call: one column an input, one row a person.
#[derive(Debug, Clone)]
pub struct People {
    columns: Vec<Column>,
    names: &'static [&'static str],
    rows: usize,
    now: Instant,
    explain: bool,
}

impl People {
    /// How many people.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The time of the call.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Whether terms are asked for; without that, computing them is wasted.
    pub fn explain(&self) -> bool {
        self.explain
    }

    /// A column of measures, by its name or its position.
    pub fn numbers(&self, input: impl Input) -> Result<&[f64], Failure> {
        match self.column(&input)? {
            Column::Numbers(numbers) => Ok(numbers),
            _ => Err(input.is_not("number")),
        }
    }

    /// A column of counts, money or times, by its name or its position.
    pub fn integers(&self, input: impl Input) -> Result<&[i64], Failure> {
        match self.column(&input)? {
            Column::Integers(integers) => Ok(integers),
            _ => Err(input.is_not("integer")),
        }
    }

    /// A column of texts, by its name or its position.
    pub fn texts(&self, input: impl Input) -> Result<&[String], Failure> {
        match self.column(&input)? {
            Column::Texts(texts) => Ok(texts),
            _ => Err(input.is_not("text")),
        }
    }

    fn column(&self, input: &impl Input) -> Result<&Column, Failure> {
        input.position(self.names).and_then(|position| self.columns.get(position)).ok_or_else(|| input.is_not("known"))
    }
}

/// Names a column: its position in the manifest's `inputs`, or its name in [`Scorer::INPUTS`].
pub trait Input: std::fmt::Display {
    /// Where the column is.
    fn position(&self, names: &[&str]) -> Option<usize>;

    /// The failure of not finding what was expected.
    #[doc(hidden)]
    fn is_not(&self, expected: &str) -> Failure {
        Failure::BadInput(format!("input `{self}` is not {expected}: compare plugin.toml and Scorer::INPUTS"))
    }
}

impl Input for usize {
    fn position(&self, _: &[&str]) -> Option<usize> {
        Some(*self)
    }
}

impl Input for &str {
    fn position(&self, names: &[&str]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }
}

impl Scored {
    /// An answer without columns yet.
    #[expect(clippy::new_without_default, reason = "an empty answer is a starting point, not a default answer")]
    pub fn new() -> Self {
        Self { scores: Vec::new(), terms: Vec::new() }
    }

    /// Adds a score of the manifest, one value a row; NaN keeps a person without it.
    #[must_use]
    pub fn score(mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.scores.push(ScoreColumn { name: name.to_owned(), values: values.into_iter().collect() });
        self
    }

    /// Adds a score of the manifest that is the sum of its terms, and the terms.
    #[must_use]
    pub fn sum<const TERMS: usize>(mut self, score: &str, terms: [(&str, Vec<f64>); TERMS]) -> Self {
        let mut sums = vec![0.0; terms.first().map_or(0, |(_, values)| values.len())];
        for (_, values) in &terms {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        for (name, values) in terms {
            self = self.term(score, name, values);
        }
        self.score(score, sums)
    }

    /// Adds a term that explains a score, one value a row.
    #[must_use]
    pub fn term(mut self, score: &str, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().collect();
        self.terms.push(TermColumn { score: score.to_owned(), name: name.to_owned(), values });
        self
    }
}

/// One call: the configuration once, then all rows.
#[doc(hidden)]
pub fn call<S: Scorer>(
    config: &str,
    columns: Vec<Column>,
    rows: u32,
    now: Instant,
    explain: bool,
) -> Result<Scored, Failure> {
    let config = config::read::<S::Config>(config)?;
    let people = People { columns, names: S::INPUTS, rows: rows as usize, now, explain };
    let mut scored = S::score(&config, &people)?;
    if !explain {
        scored.terms.clear();
    }
    Ok(scored)
}

/// Exports a type that implements [`Scorer`].
#[macro_export]
macro_rules! scorer {
    ($plugin:ty) => {
        const _: () = {
            struct Exported;

            impl $crate::__private::scorer::Guest for Exported {
                fn score_all(
                    config: ::std::string::String,
                    inputs: ::std::vec::Vec<$crate::scorer::Column>,
                    rows: u32,
                    now: $crate::words::Instant,
                    explain: bool,
                ) -> ::std::result::Result<$crate::scorer::Scored, $crate::Failure> {
                    $crate::scorer::call::<$plugin>(&config, inputs, rows, now, explain)
                }
            }

    $crate::__private::scorer::export_scorer!(Exported with_types_in $crate::__private::scorer);
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoConfig, testing};

    struct Sum;

    impl Scorer for Sum {
        type Config = NoConfig;
        const INPUTS: &'static [&'static str] = &["left", "right"];

        fn score(_: &NoConfig, people: &People) -> Result<Scored, Failure> {
            let (left, right) = (people.numbers("left")?, people.numbers(1)?);
            let sum = left.iter().zip(right).map(|(l, r)| l + r);
            Ok(Scored::new().score("sum", sum).term("sum", "left", left.iter().copied()))
        }
    }

    #[test]
    fn columns_are_found_by_name_and_position() {
        let columns = vec![Column::Numbers(vec![1.0, 2.0]), Column::Numbers(vec![10.0, 20.0])];
        let scored = testing::score::<Sum>("{}", columns, true).unwrap();
        assert_eq!(scored.scores[0].values, [11.0, 22.0]);
        assert_eq!(scored.terms[0].values, [1.0, 2.0]);
    }

    #[test]
    fn a_sum_adds_its_terms_and_keeps_who_has_none_without() {
        let scored = Scored::new().sum("both", [("a", vec![1.0, 2.0]), ("b", vec![0.5, f64::NAN])]);
        assert_eq!((scored.scores[0].values[0], scored.scores[0].values[1].is_nan()), (1.5, true));
        assert_eq!(scored.terms.iter().map(|term| term.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn terms_are_dropped_unless_asked_for() {
        let columns = vec![Column::Numbers(vec![1.0]), Column::Numbers(vec![10.0])];
        assert!(testing::score::<Sum>("{}", columns, false).unwrap().terms.is_empty());
    }

    #[test]
    fn a_wrong_column_names_itself() {
        let columns = vec![Column::Integers(vec![1]), Column::Numbers(vec![10.0])];
        let failure = testing::score::<Sum>("{}", columns, false).unwrap_err();
        assert!(failure.message().starts_with("input `left` is not number"), "{failure:?}");
    }
}
