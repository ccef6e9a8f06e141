//! Scores are counted score by score and person by person.

use uuid::Uuid;

use super::*;
use crate::manifest::{Bilingual, ScoreSpec, TermSpec};
use crate::scoring::{ResultColumn, Scored};

/// A scorer of these scores, each with the terms `a` and `b`.
fn spec(scores: &[&str]) -> ScorerSpec {
    let term = |name: &str| TermSpec { name: name.to_owned(), title: Bilingual::default() };
    let score = |name: &&str| ScoreSpec {
        name: (*name).to_owned(),
        title: Bilingual::default(),
        formula: Bilingual::default(),
        terms: vec![term("a"), term("b")],
    };
    ScorerSpec { events: vec!["*".to_owned()], inputs: Vec::new(), scores: scores.iter().map(score).collect() }
}

/// What a call gives: each score is the sum of both terms, one pair a person.
fn marks(scores: &[(&str, &[[f64; 2]])], fuel: u64) -> Marks {
    let column = |score: &str, term: &str, values: Vec<f64>| ResultColumn {
        score: score.to_owned(),
        term: term.to_owned(),
        values,
    };
    let mut scored = Scored::default();
    for (score, rows) in scores {
        scored.scores.push(column(score, "", rows.iter().map(|[a, b]| a + b).collect()));
        scored.terms.push(column(score, "b", rows.iter().map(|[_, b]| *b).collect()));
        scored.terms.push(column(score, "a", rows.iter().map(|[a, _]| *a).collect()));
    }
    Marks { answer: Ok(scored), crashed: false, fuel, micros: 0 }
}

fn person(number: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(number))
}

fn looked(people: u128) -> Vec<Looked<'static>> {
    (1..=people).map(|number| Looked { person: person(number), kept: &[] }).collect()
}

#[test]
fn ca_5_who_moves_furthest_stands_first_with_the_terms_of_both_sides() {
    let mut tally = ShiftTally::new(Both { before: spec(&["value"]), after: spec(&["value"]) });
    let kept = [[("value", 3.0)], [("value", 0.0)], [("other", 7.0)]];
    let people: Vec<Looked<'_>> =
        (1..).zip(&kept).map(|(number, kept)| Looked { person: person(number), kept }).collect();
    let before = marks(&[("value", &[[1.0, 2.0], [1.0, 1.0], [f64::NAN, 0.0]])], 10);
    let after = marks(&[("value", &[[1.0, 2.5], [5.0, 1.0], [1.0, 1.0]])], 30);
    tally.count(&people, &Both { before, after });
    let found = tally.shift();
    assert_eq!((found.people, found.changed, found.failed), (3, 3, Both { before: 0, after: 0 }));
    assert_eq!(found.fuel, Both { before: 10, after: 30 });
    let value = &found.scores[0];
    assert_eq!((value.both, value.changed, value.gained, value.lost), (2, 2, 1, 0));
    assert_eq!((value.kept, value.stale), (2, 1));
    let movers: Vec<_> = value.movers.iter().map(|mover| (mover.person, mover.kept, mover.value)).collect();
    let both = |before, after| Both { before, after };
    assert_eq!(movers, [(person(2), Some(0.0), both(2.0, 6.0)), (person(1), Some(3.0), both(3.0, 3.5))]);
    let term = |name: &str, before, after| TermShift {
        name: name.to_owned(),
        value: Both { before: Some(before), after: Some(after) },
    };
    assert_eq!(value.movers[0].terms, [term("a", 1.0, 5.0), term("b", 1.0, 1.0)]);
    let again: Shift = serde_json::from_value(serde_json::to_value(&found).unwrap()).unwrap();
    assert_eq!(again, found);
}

#[test]
fn ca_5_scores_of_one_side_alone_are_gained_or_lost() {
    let mut tally = ShiftTally::new(Both { before: spec(&["old", "both"]), after: spec(&["both", "new"]) });
    let rows: &[[f64; 2]] = &[[1.0, 1.0], [2.0, 2.0]];
    let (before, after) = (marks(&[("old", rows), ("both", rows)], 1), marks(&[("both", rows), ("new", rows)], 1));
    tally.count(&looked(2), &Both { before, after });
    let found = tally.shift();
    let told: Vec<_> = found.scores.iter().map(|score| (&*score.name, score.gained, score.lost, score.both)).collect();
    assert_eq!(told, [("old", 0, 2, 0), ("both", 0, 0, 2), ("new", 2, 0, 0)]);
    assert_eq!((found.changed, found.scores[1].changed), (2, 0));
    assert_eq!(found.scores[0].spread.after, None);
}

#[test]
fn ca_5_a_call_that_came_to_nothing_compares_nobody() {
    let mut tally = ShiftTally::new(Both { before: spec(&["value"]), after: spec(&["value"]) });
    let good = || marks(&[("value", &[[1.0, 1.0], [2.0, 2.0]])], 5);
    let bad = || Marks { answer: Err("trap".to_owned()), crashed: true, fuel: 7, micros: 0 };
    tally.count(&looked(2), &Both { before: good(), after: bad() });
    tally.count(&looked(2), &Both { before: bad(), after: bad() });
    let found = tally.shift();
    assert_eq!((found.people, found.changed), (0, 0));
    assert_eq!((found.failed, found.fuel), (Both { before: 2, after: 4 }, Both { before: 12, after: 14 }));
    assert_eq!((found.scores[0].both, found.scores[0].moves), (0, None));
}

#[test]
fn ca_5_what_is_held_has_a_bound() {
    let names: Vec<String> = (0..64).map(|number| format!("s-{number}")).collect();
    let many: Vec<&str> = names.iter().map(String::as_str).collect();
    let tally = ShiftTally::new(Both { before: spec(&many), after: spec(&many) });
    assert_eq!(tally.people_max(), 31_250);
    let mut tally = ShiftTally::new(Both { before: spec(&["value"]), after: spec(&["value"]) });
    assert_eq!(tally.people_max(), PEOPLE_MAX);
    let rows: Vec<[f64; 2]> = (0..100).map(|number| [f64::from(number), 0.0]).collect();
    let zero = vec![[0.0, 0.0]; 100];
    tally.count(&looked(100), &Both { before: marks(&[("value", &zero)], 1), after: marks(&[("value", &rows)], 1) });
    let movers = &tally.shift().scores[0].movers;
    let furthest: Vec<f64> = movers.iter().map(|mover| mover.value.after).collect();
    assert_eq!(furthest, (80..100).rev().map(f64::from).collect::<Vec<_>>());
    let term = |from: usize, n: usize| (format!("t-{n}"), ((from + n) * n) as f64);
    let many_terms = |from: usize| (0..40).map(|n| term(from, n)).collect::<Vec<(String, f64)>>();
    let terms = terms([many_terms(0), many_terms(1)]);
    assert_eq!((terms.len(), &*terms[0].name), (TERMS_MAX, "t-39"));
}
