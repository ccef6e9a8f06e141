//! What goes into a scorer and what comes out, as columns.

/// One input of every person, in the order of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// NaN where unknown.
    Numbers(Vec<f64>),
    /// 0 where unknown.
    Integers(Vec<i64>),
    /// Empty where unknown.
    Texts(Vec<String>),
}

/// A score column, or one term of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultColumn {
    /// The score.
    pub score: String,
    /// The term; empty for the score itself.
    pub term: String,
    /// One value a row.
    pub values: Vec<f64>,
}

/// A scorer's answer; every column was checked to be as long as the rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scored {
    /// One a score.
    pub scores: Vec<ResultColumn>,
    /// One a term, if explanations were asked for.
    pub terms: Vec<ResultColumn>,
}
