//! Calls of scorers: columns in, columns out.

use guanxi_domain::Millis;
use guanxi_domain::campaign::Failure;
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::{Kind, ScorerSpec};
use guanxi_domain::scoring::{Column, ResultColumn, Scored};

use crate::bindings::exports::guanxi::plugin::scorer as wire;
use crate::plugin::{Fault, Terms};
use crate::{Call, CallError, Plugin};

impl Plugin {
    /// Scores `rows` people. Every column of the answer is `rows` long and of a score or term that the manifest
    /// declares, each at most once.
    pub fn score(
        &self,
        config: &str,
        inputs: &[Column],
        rows: u32,
        now: Millis,
        explain: bool,
        limits: &CallLimits,
    ) -> Call<Result<Scored, Failure>> {
        let (Some(scorer), Some(spec)) = (&self.0.exports.scorer, &self.0.manifest.scorer) else {
            return Call::refused(CallError::WrongKind(Kind::Scorer));
        };
        let height = usize::try_from(rows).unwrap_or(usize::MAX);
        let mut terms = Terms::new("score-all", height, limits);
        terms.output_bytes = terms.output_bytes.saturating_add(answer_bytes(spec, height, explain));
        self.0.run(terms, |store, instance| {
            let guest = scorer.load(&mut *store, instance)?;
            let texts: Vec<Vec<&str>> = inputs.iter().map(borrowed_texts).collect();
            let columns: Vec<wire::Column<'_>> =
                inputs.iter().zip(&texts).map(|(input, texts)| lower(input, texts)).collect();
            match guest.call_score_all(&mut *store, config, &columns, rows, now, explain)? {
                Ok(scored) => Ok(Ok(raise(scored, spec, height).map_err(Fault::Answer)?)),
                Err(failure) => Ok(Err(failure.into())),
            }
        })
    }
}

/// The bytes of all columns that the manifest lets the answer have.
fn answer_bytes(spec: &ScorerSpec, height: usize, explain: bool) -> usize {
    let terms: usize = if explain { spec.scores.iter().map(|score| score.terms.len()).sum() } else { 0 };
    height.saturating_mul(size_of::<f64>()).saturating_mul(spec.scores.len().saturating_add(terms))
}

fn borrowed_texts(column: &Column) -> Vec<&str> {
    match column {
        Column::Texts(texts) => texts.iter().map(String::as_str).collect(),
        Column::Numbers(_) | Column::Integers(_) => Vec::new(),
    }
}

fn lower<'a>(column: &'a Column, texts: &'a [&'a str]) -> wire::Column<'a> {
    match column {
        Column::Numbers(numbers) => wire::Column::Numbers(numbers),
        Column::Integers(integers) => wire::Column::Integers(integers),
        Column::Texts(_) => wire::Column::Texts(texts),
    }
}

fn raise(answer: wire::Scored, spec: &ScorerSpec, height: usize) -> Result<Scored, String> {
    let mut scored = Scored::default();
    for column in answer.scores {
        let column = ResultColumn { score: column.name, term: String::new(), values: column.values };
        add(&mut scored.scores, column, spec, height)?;
    }
    for column in answer.terms {
        let column = ResultColumn { score: column.score, term: column.name, values: column.values };
        if column.term.is_empty() {
            return Err(format!("a term of score `{:.64}` has no name", column.score));
        }
        add(&mut scored.terms, column, spec, height)?;
    }
    Ok(scored)
}

fn add(columns: &mut Vec<ResultColumn>, new: ResultColumn, spec: &ScorerSpec, height: usize) -> Result<(), String> {
    let name = match new.term.as_str() {
        "" => format!("score `{:.64}`", new.score),
        term => format!("term `{term:.64}` of score `{:.64}`", new.score),
    };
    if !declared(spec, &new) {
        return Err(format!("{name} is not in the manifest"));
    }
    if new.values.len() != height {
        return Err(format!("{name} has {} values for {height} rows", new.values.len()));
    }
    if columns.iter().any(|column| column.score == new.score && column.term == new.term) {
        return Err(format!("{name} comes twice"));
    }
    columns.push(new);
    Ok(())
}

fn declared(spec: &ScorerSpec, column: &ResultColumn) -> bool {
    let score = spec.scores.iter().find(|score| score.name == column.score);
    score.is_some_and(|score| column.term.is_empty() || score.terms.iter().any(|term| term.name == column.term))
}

#[cfg(test)]
mod tests {
    use guanxi_domain::manifest::{Bilingual, ScoreSpec, TermSpec};

    use super::*;

    fn spec() -> ScorerSpec {
        let terms = vec![TermSpec { name: "reach".into(), title: Bilingual::default() }];
        let score =
            ScoreSpec { name: "value".into(), title: Bilingual::default(), formula: Bilingual::default(), terms };
        ScorerSpec { events: vec!["*".into()], inputs: Vec::new(), scores: vec![score] }
    }

    fn score(name: &str, values: &[f64]) -> wire::ScoreColumn {
        wire::ScoreColumn { name: name.into(), values: values.to_vec() }
    }

    fn term(score: &str, name: &str, values: &[f64]) -> wire::TermColumn {
        wire::TermColumn { score: score.into(), name: name.into(), values: values.to_vec() }
    }

    fn check(scores: Vec<wire::ScoreColumn>, terms: Vec<wire::TermColumn>, expected: &str) {
        assert_eq!(raise(wire::Scored { scores, terms }, &spec(), 2).expect_err("refused"), expected);
    }

    #[test]
    fn answers_are_held_to_the_manifest_and_the_rows() {
        let good = wire::Scored {
            scores: vec![score("value", &[1.0, 2.0])],
            terms: vec![term("value", "reach", &[1.0, 2.0])],
        };
        assert_eq!(raise(good, &spec(), 2).expect("good").terms.len(), 1);
        check(vec![score("other", &[1.0, 2.0])], vec![], "score `other` is not in the manifest");
        check(vec![score("value", &[1.0])], vec![], "score `value` has 1 values for 2 rows");
        check(vec![score("value", &[1.0, 2.0]), score("value", &[1.0, 2.0])], vec![], "score `value` comes twice");
        check(vec![], vec![term("value", "luck", &[1.0, 2.0])], "term `luck` of score `value` is not in the manifest");
        check(vec![], vec![term("value", "", &[1.0, 2.0])], "a term of score `value` has no name");
    }
}
