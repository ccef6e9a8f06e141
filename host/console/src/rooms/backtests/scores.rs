//! How scores would move: numbers, a picture of before and after, and who moves furthest.

use guanxi_domain::backtest::shift::{BINS, Both, Mover, ScoreShift, Shift, Spread, TermShift};
use guanxi_domain::backtest::{Backtest, ScoresSpec};

use super::words::Words;
use crate::format::{number, percent, whole};
use crate::rooms::catalogue::Catalogue;
use crate::rooms::insight::pictures::length;

/// The width of a column's place; the template draws columns a little narrower.
const PLACE: usize = 10;
/// Per cent of the height that anything has which is not nothing.
const SEEN: f64 = 2.0;

/// One number of those that tell how scores are spread.
type Number = fn(&Spread) -> f64;

/// What is shown of a backtest of a scorer.
pub struct Moved {
    /// With what it is compared.
    pub against: String,
    /// Over all scores.
    pub marks: Vec<(&'static str, String)>,
    /// Score by score.
    pub scores: Vec<Picture>,
    /// Units of the pictures' width.
    pub width: usize,
}

/// One score.
pub struct Picture {
    /// For the heading; unique within the page.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// How it moves.
    pub marks: Vec<(&'static str, String)>,
    /// Before and after.
    pub charts: [Chart; 2],
    /// A title with the number on both sides.
    pub spread: Vec<[String; 3]>,
    /// The same as the pictures: a part and how many people are in it on both sides.
    pub parts: Vec<[String; 3]>,
    /// Who moves furthest.
    pub movers: Vec<Row>,
}

/// How the scores of one side are spread.
pub struct Chart {
    /// Of which side.
    pub title: &'static str,
    /// Which colour it has.
    pub code: &'static str,
    /// One a part.
    pub columns: Vec<Column>,
}

/// How many people are in one part.
pub struct Column {
    /// From the left.
    pub x: usize,
    /// From the top, of 100.
    pub y: String,
    /// Of 100.
    pub height: String,
    /// What it stands for.
    pub told: String,
}

/// Somebody whose score moves far.
pub struct Row {
    /// Where the person is.
    pub href: String,
    /// The id.
    pub person: String,
    /// What is kept, where that is another than what runs now gives.
    pub kept: Option<String>,
    /// The value on both sides.
    pub value: [String; 2],
    /// What both are made of.
    pub terms: Vec<Term>,
}

/// One term of a score.
pub struct Term {
    /// What people call it.
    pub title: String,
    /// Its value before.
    pub now: String,
    /// And after.
    pub instead: String,
}

impl Moved {
    /// What a backtest found; nothing of a campaign's.
    pub fn of(backtest: &Backtest, here: &str, catalogue: &Catalogue, w: &'static Words) -> Option<Self> {
        let spec = backtest.spec.scores.as_ref()?;
        // Nothing is found before the first note.
        let none = Shift::default();
        let shift = backtest.difference.shift.as_ref().unwrap_or(&none);
        Some(Self {
            against: format!("{} {}", backtest.spec.plugin, spec.version),
            marks: marks(spec, shift, w),
            scores: shift.scores.iter().map(|score| picture(score, here, catalogue, w)).collect(),
            width: BINS * PLACE,
        })
    }
}

fn marks(spec: &ScoresSpec, shift: &Shift, w: &'static Words) -> Vec<(&'static str, String)> {
    let both = |both: Both<u64>| format!("{} → {}", whole(both.before), whole(both.after));
    let mut marks = vec![
        (w.people, whole(shift.people)),
        (w.changed, whole(shift.changed)),
        (w.part_of_all, percent(Some(shift.part))),
        (w.of_people, whole(spec.people)),
        (w.fuel, both(shift.fuel)),
    ];
    if shift.failed != Both::default() {
        marks.push((w.calls_failed, both(shift.failed)));
    }
    marks
}

fn picture(score: &ScoreShift, here: &str, catalogue: &Catalogue, w: &'static Words) -> Picture {
    let moves = score
        .moves
        .map_or_else(|| "–".to_owned(), |moves| [moves.median, moves.p90, moves.max].map(number).join(" · "));
    let marks = vec![
        (w.changed, format!("{} / {}", whole(score.changed), whole(score.both))),
        (w.mean_move, number(score.mean_move)),
        (w.moves, moves),
        (w.order, number(score.rank_correlation.unwrap_or(f64::NAN))),
        (w.other_fifth, whole(score.other_fifth)),
        (w.gets, whole(score.gained)),
        (w.loses, whole(score.lost)),
        (w.stale, format!("{} / {}", whole(score.stale), whole(score.kept))),
    ];
    let Both { before, after } = &score.bins;
    let most = before.iter().chain(after).copied().max().unwrap_or_default();
    let parts: Vec<String> = (0..BINS).map(|part| bounds(score.range, part)).collect();
    let column = |(place, (people, part)): (usize, (&u64, &String))| {
        let share = *people as f64 / most as f64 * 100.0;
        let height = if *people == 0 { 0.0 } else { share.clamp(SEEN, 100.0) };
        Column {
            x: place * PLACE,
            y: length(100.0 - height, 100.0),
            height: length(height, 100.0),
            told: format!("{part}: {}", whole(*people)),
        }
    };
    let chart = |title, code, bins: &[u64]| Chart {
        title,
        code,
        columns: bins.iter().zip(&parts).enumerate().map(column).collect(),
    };
    Picture {
        id: format!("score-{}", score.name),
        title: catalogue.score(&score.name).to_owned(),
        marks,
        charts: [chart(w.now, "calm", before), chart(w.instead, "plus", after)],
        spread: spread(&score.spread, w),
        parts: parts
            .iter()
            .zip(before.iter().zip(after))
            .map(|(part, (before, after))| [part.clone(), whole(*before), whole(*after)])
            .collect(),
        movers: score.movers.iter().map(|mover| row(mover, score, here, catalogue)).collect(),
    }
}

/// Where a part begins and ends.
fn bounds([from, to]: [f64; 2], part: usize) -> String {
    let at = |part: usize| from + (to - from) * part as f64 / BINS as f64;
    format!("{} – {}", number(at(part)), number(at(part + 1)))
}

fn spread(spread: &Both<Option<Spread>>, w: &'static Words) -> Vec<[String; 3]> {
    let numbers: [(&str, Number); 5] = [
        (w.least, |spread| spread.min),
        (w.mean, |spread| spread.mean),
        (w.median, |spread| spread.median),
        (w.p90, |spread| spread.p90),
        (w.most, |spread| spread.max),
    ];
    let told = |side: &Option<Spread>, of: Number| number(side.as_ref().map_or(f64::NAN, of));
    let line = |(title, of): (&str, Number)| [title.to_owned(), told(&spread.before, of), told(&spread.after, of)];
    numbers.into_iter().map(line).collect()
}

fn row(mover: &Mover, score: &ScoreShift, here: &str, catalogue: &Catalogue) -> Row {
    let of = |value: Option<f64>| number(value.unwrap_or(f64::NAN));
    let term = |TermShift { name, value }: &TermShift| Term {
        title: catalogue.term(&score.name, name).to_owned(),
        now: of(value.before),
        instead: of(value.after),
    };
    let now = number(mover.value.before);
    Row {
        href: format!("{here}/people/{}", mover.person),
        person: mover.person.to_string(),
        kept: mover.kept.map(number).filter(|kept| *kept != now),
        value: [now, number(mover.value.after)],
        terms: mover.terms.iter().map(term).collect(),
    }
}
