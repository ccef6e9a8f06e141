//! Numbers over many scores, before and after.

use super::{BINS, Both, ScoreShift, Spread};

/// Greater ones count as this: what is computed of them must stay a number that JSON can hold.
const VALUE_MAX: f64 = 1e300;
/// Two scores that differ by less than this part are the same: the order of additions is no difference.
const TOLERANCE: f64 = 1e-9;
/// The percentiles between which the parts lie.
const RANGE: [usize; 2] = [1, 99];
/// Into how many bands people are ordered.
const FIFTHS: f64 = 5.0;

/// Whether two scores are the same, but for the last digits.
pub(super) fn is_same(a: f64, b: f64) -> bool {
    distance(a, b) <= TOLERANCE * clamped(a).abs().max(clamped(b).abs())
}

/// How far one is from the other.
pub(super) fn distance(a: f64, b: f64) -> f64 {
    (clamped(b) - clamped(a)).abs()
}

fn clamped(value: f64) -> f64 {
    value.clamp(-VALUE_MAX, VALUE_MAX)
}

/// Everything about scores before and after that does not name people. What is no number is missing.
pub(super) fn compared(pairs: &[[f64; 2]]) -> ScoreShift {
    let side = |side: fn(&[f64; 2]) -> f64| -> Vec<f64> {
        let mut values: Vec<f64> = pairs.iter().map(side).filter(|value| value.is_finite()).map(clamped).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (before, after) = (side(|pair| pair[0]), side(|pair| pair[1]));
    let (first, second): (Vec<f64>, Vec<f64>) = pairs
        .iter()
        .filter(|pair| pair.iter().all(|value| value.is_finite()))
        .map(|pair| (clamped(pair[0]), clamped(pair[1])))
        .unzip();
    let both = first.len() as u64;
    let moved = |(before, after): (&f64, &f64)| after - before;
    let mut moves: Vec<f64> = first.iter().zip(&second).map(moved).map(f64::abs).collect();
    moves.sort_unstable_by(f64::total_cmp);
    let ranks = [ranks(&first), ranks(&second)];
    let range = range(&before, &after);
    ScoreShift {
        both,
        changed: first.iter().zip(&second).filter(|(before, after)| !is_same(**before, **after)).count() as u64,
        gained: after.len() as u64 - both,
        lost: before.len() as u64 - both,
        range,
        bins: Both { before: bins(&before, range), after: bins(&after, range) },
        spread: Both { before: spread(&before), after: spread(&after) },
        moves: spread(&moves),
        mean_move: mean(first.iter().zip(&second).map(moved)),
        rank_correlation: correlation(&ranks),
        other_fifth: other_fifth(&ranks),
        ..ScoreShift::default()
    }
}

/// Of numbers in their order.
fn spread(sorted: &[f64]) -> Option<Spread> {
    Some(Spread {
        min: *sorted.first()?,
        mean: mean(sorted.iter().copied()),
        median: percentile(sorted, 50)?,
        p90: percentile(sorted, 90)?,
        max: *sorted.last()?,
    })
}

/// 0 of nothing.
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// By nearest rank: the least number that is not less than this part of all.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Between which numbers most of both sides lie.
fn range(before: &[f64], after: &[f64]) -> [f64; 2] {
    let mut all: Vec<f64> = before.iter().chain(after).copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    RANGE.map(|percent| percentile(&all, percent).unwrap_or_default())
}

/// How many numbers lie in each part; the outer ones hold what lies beyond.
fn bins(values: &[f64], [from, to]: [f64; 2]) -> Vec<u64> {
    let mut bins = vec![0; BINS];
    let width = (to - from) / BINS as f64;
    for value in values {
        // Of no width at all, it is no number and becomes 0; what is less than nothing does so as well.
        let place = ((value - from) / width) as usize;
        let place = if width > 0.0 { place.min(BINS - 1) } else { 0 };
        if let Some(bin) = bins.get_mut(place) {
            *bin += 1;
        }
    }
    bins
}

/// The place of each number among all, from 1; those that are equal share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        for (_, place) in equal {
            if let Some(slot) = ranks.get_mut(*place) {
                *slot = rank;
            }
        }
        before += equal.len();
    }
    ranks
}

/// Spearman's coefficient: Pearson's of the ranks.
fn correlation([first, second]: &[Vec<f64>; 2]) -> Option<f64> {
    let middle = (first.len() as f64 + 1.0) / 2.0;
    let (mut together, mut alone) = (0.0, [0.0, 0.0]);
    for (a, b) in first.iter().zip(second).map(|(a, b)| (a - middle, b - middle)) {
        together += a * b;
        alone = [alone[0] + a * a, alone[1] + b * b];
    }
    let both = (alone[0] * alone[1]).sqrt();
    (both > 0.0).then(|| (together / both).clamp(-1.0, 1.0))
}

fn other_fifth([first, second]: &[Vec<f64>; 2]) -> u64 {
    let all = first.len() as f64;
    let fifth = |rank: f64| ((rank - 0.5) / all * FIFTHS) as u64;
    first.iter().zip(second).filter(|(a, b)| fifth(**a) != fifth(**b)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No number.
    const NO: f64 = f64::NAN;

    #[test]
    fn ca_5_scores_are_compared_as_worked_out_by_hand() {
        // Six people: three move by 1, 2 and -4, one does not, one gets a score and one loses it.
        let found = compared(&[[1.0, 2.0], [2.0, 4.0], [5.0, 1.0], [3.0, 3.0], [NO, 9.0], [7.0, NO]]);
        assert_eq!((found.both, found.changed, found.gained, found.lost), (4, 3, 1, 1));
        let moves = found.moves.unwrap();
        assert_eq!((moves.min, moves.mean, moves.median, moves.p90, moves.max), (0.0, 1.75, 1.0, 4.0, 4.0));
        assert_eq!(found.mean_move, -0.25);
        let (before, after) = (found.spread.before.unwrap(), found.spread.after.unwrap());
        assert_eq!((before.min, before.mean, before.median, before.max), (1.0, 3.6, 3.0, 7.0));
        assert_eq!((after.min, after.mean, after.median, after.max), (1.0, 3.8, 3.0, 9.0));
        // Ranks 1 2 4 3 and 2 4 1 3: the squares of the differences are 1 + 4 + 9 + 0, so 1 - 6 * 14 / (4 * 15).
        assert!((found.rank_correlation.unwrap() - -0.4).abs() < 1e-12);
        // Fifths of ranks 1 to 4 are 0, 1, 3, 4: three of four come into another.
        assert_eq!(found.other_fifth, 3);
        assert_eq!(found.range, [1.0, 9.0]);
        // Parts of 0.4: 1 is in part 0, 2 in 2, 3 in 5, 5 in 10, 7 in 15; 4 in 7, 9 at the end of the last.
        let places = |bins: &[u64]| {
            let filled = bins.iter().enumerate().filter(|(_, count)| **count > 0);
            filled.map(|(place, count)| (place, *count)).collect::<Vec<_>>()
        };
        assert_eq!(places(&found.bins.before), [(0, 1), (2, 1), (5, 1), (10, 1), (15, 1)]);
        assert_eq!(places(&found.bins.after), [(0, 1), (2, 1), (5, 1), (7, 1), (19, 1)]);
    }

    #[test]
    fn equal_scores_share_a_rank_and_what_has_no_order_has_no_correlation() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 0.0, 5.0]), [4.0, 2.0, 4.0, 1.0, 4.0]);
        let order = |pairs: &[[f64; 2]]| compared(pairs).rank_correlation;
        assert_eq!(order(&[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), Some(1.0));
        assert_eq!(order(&[[1.0, 30.0], [2.0, 20.0], [3.0, 10.0]]), Some(-1.0));
        assert_eq!(order(&[[1.0, 1.0], [1.0, 2.0]]), None);
        assert_eq!(order(&[]), None);
    }

    #[test]
    fn outliers_leave_the_parts_as_wide_as_most_are_spread() {
        let pairs: Vec<[f64; 2]> = (0..1_000).map(|n| [f64::from(n % 100), 0.0]).chain([[1e9, -1e9]]).collect();
        let found = compared(&pairs);
        assert_eq!(found.range, [0.0, 98.0]);
        assert_eq!((found.bins.before[19], found.bins.after[0]), (61, 1_001));
        assert_eq!(found.bins.before.iter().sum::<u64>(), 1_001);
    }

    #[test]
    fn scores_of_any_size_stay_numbers() {
        let ends = f64::MAX;
        let found = compared(&[[ends, -ends], [-ends, ends], [0.0, 5e-324]]);
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<ScoreShift>(&text).unwrap(), found);
        assert!(!text.contains("null"), "{text}");
        assert_eq!(found.changed, 3);
        let same = compared(&[[0.1 + 0.2, 0.3], [7.0, 7.0]]);
        assert_eq!(same.changed, 0, "the last digits are no difference");
        let constant = compared(&[[7.0, 7.0], [7.0, 7.0]]);
        assert_eq!((constant.bins.before[0], constant.range), (2, [7.0, 7.0]));
    }
}
