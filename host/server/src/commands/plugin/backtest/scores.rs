//! How scores would move, in words and numbers.

use guanxi_domain::backtest::shift::{BINS, Both, Mover, ScoreShift, Shift, Spread};

use crate::commands::print;

/// Characters of the longest bar.
const BAR: u64 = 20;
/// The people of each score who are told of.
const MOVERS: usize = 5;

/// One number of those that tell how scores are spread.
type Number = fn(&Spread) -> f64;

/// Prints what a backtest of a scorer found.
pub fn tell(shift: &Shift, unseen: &[String]) {
    let Shift { part, people, changed, failed, fuel, scores } = shift;
    print(format!("{people} people compared, of {changed} a score is another."));
    if *part < 1.0 {
        print(format!("A sample that is spread evenly over all: {:.1} % of them.", part * 100.0));
    }
    if *failed != Both::default() {
        print(format!("Calls about {} people came to nothing before, about {} after.", failed.before, failed.after));
    }
    if !unseen.is_empty() {
        print(format!("Not granted, so scored without: {}.", unseen.join(", ")));
    }
    print(format!("{:<40} {:>16} {:>16}", "", "what runs now", "instead"));
    print(format!("{:<40} {:>16} {:>16}", "fuel", fuel.before, fuel.after));
    scores.iter().for_each(tell_score);
}

fn tell_score(score: &ScoreShift) {
    let ScoreShift { name, both, changed, gained, lost, kept, stale, .. } = score;
    print(format!("\n{name}: of {both} people {changed} get another, {gained} get one and had none, {lost} lose it."));
    if *stale > 0 {
        print(format!("Of {kept} scores that are kept, {stale} are older than what runs now gives."));
    }
    if let Some(Spread { mean, median, p90, max, .. }) = score.moves {
        print(format!(
            "It moves by {mean:.4} on the average (median {median:.4}, 90th percentile {p90:.4}, most {max:.4})."
        ));
    }
    if let Some(correlation) = score.rank_correlation {
        print(format!("Rank correlation {correlation:.4}; {} come into another fifth.", score.other_fifth));
    }
    let line = |name: &str, was: String, would_be: String| print(format!("{name:<40} {was:>16} {would_be:>16}"));
    let numbers: [(&str, Number); 5] = [
        ("least", |spread| spread.min),
        ("mean", |spread| spread.mean),
        ("median", |spread| spread.median),
        ("90th percentile", |spread| spread.p90),
        ("most", |spread| spread.max),
    ];
    let side = |spread: &Option<Spread>, of: Number| {
        spread.as_ref().map_or_else(|| "-".to_owned(), |spread| format!("{:.4}", of(spread)))
    };
    for (name, of) in numbers {
        line(name, side(&score.spread.before, of), side(&score.spread.after, of));
    }
    tell_bins(score);
    for mover in score.movers.iter().take(MOVERS) {
        tell_mover(mover);
    }
}

fn tell_bins(score: &ScoreShift) {
    let Both { before, after } = &score.bins;
    let most = before.iter().chain(after).copied().max().unwrap_or_default().max(1);
    let [from, to] = score.range;
    let bar = |people: u64| "#".repeat(usize::try_from((people * BAR).div_ceil(most)).unwrap_or_default());
    for (part, (before, after)) in before.iter().zip(after).enumerate() {
        let begins = from + (to - from) * part as f64 / BINS as f64;
        print(format!("{begins:>16.4}  {before:>9} {:<20}  {after:>9} {}", bar(*before), bar(*after)));
    }
}

fn tell_mover(mover: &Mover) {
    let Mover { person, value, terms, .. } = mover;
    let told = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let terms: Vec<String> = terms
        .iter()
        .map(|term| format!("{} {} -> {}", term.name, told(term.value.before), told(term.value.after)))
        .collect();
    print(format!("{person}: {:.4} -> {:.4} ({})", value.before, value.after, terms.join(", ")));
}
