//! A million profiles through `social-value`, beside the same formula in native Rust over the same columns.

use anyhow::{Result, ensure};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::scoring::{Column, ResultColumn, Scored};
use guanxi_runtime::{Runtime, RuntimeOptions};

use crate::measure::{Rounds, rate, timed};
use crate::report::Row;
use crate::surroundings::Surroundings;

/// People of one call.
const PIECE: usize = 2_500;
const NOW: i64 = 1_763_719_200_000;
const DAY: i64 = 86_400_000;
/// What the plugin's configuration says; handed over explicitly so that both sides read the same numbers.
const CONFIG: &str = r#"{"revenue_weight":1.0,"event_value":1.0,"follower_value":0.05,"recency_days":[14,30,90,180],"frequency_orders":[2,4,7,11],"monetary":[100.0,500.0,2000.0,10000.0]}"#;
const RECENCY_DAYS: [i64; 4] = [14, 30, 90, 180];
const FREQUENCY_ORDERS: [i64; 4] = [2, 4, 7, 11];
const MONETARY_MINOR: [i64; 4] = [10_000, 50_000, 200_000, 1_000_000];

/// One piece of people: the plugin's inputs in its order.
struct Piece {
    revenue: Vec<i64>,
    orders: Vec<i64>,
    events: Vec<i64>,
    first_seen: Vec<i64>,
    last_seen: Vec<i64>,
    last_order: Vec<i64>,
    followers: Vec<i64>,
}

/// Rounds of both, one after the other; both explain every score.
pub fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let (rounds, pieces) = (surroundings.size(5, 2), surroundings.size(400, 40));
    let runtime = Runtime::new(RuntimeOptions::default())?;
    let plugin = surroundings.loaded(&runtime, "social-value")?;
    let limits = CallLimits::default();
    let pieces: Vec<Piece> = (0..pieces).map(|seed| Piece::random(seed as u64)).collect();
    let columns: Vec<[Column; 7]> = pieces.iter().map(Piece::columns).collect();
    let people = pieces.len() * PIECE;

    let through_plugin = |columns: &[Column; 7]| -> Result<Scored> {
        Ok(plugin.score(CONFIG, columns, PIECE as u32, NOW, true, &limits).result??)
    };
    for (piece, columns) in pieces.iter().zip(&columns).take(2) {
        ensure_same(through_plugin(columns)?, &piece.native())?;
    }
    let [mut ours, mut native] = [(); 2].map(|()| Rounds::default());
    for _ in 0..rounds {
        let (time, scored) =
            timed(|| columns.iter().map(through_plugin).try_fold(0, |n, s| s.map(|s| n + s.scores.len())));
        ensure!(scored? == 2 * pieces.len(), "the plugin gave two scores each");
        ours.push(rate(people, time));
        let (time, scored) =
            timed(|| pieces.iter().map(|piece| std::hint::black_box(piece.native()).scores.len()).sum::<usize>());
        ensure!(scored == 2 * pieces.len(), "the native formula gave two scores each");
        native.push(rate(people, time));
    }
    Ok(vec![
        Row::new("scoring", ours.median() / 1e6, "million people/s")
            .against("native Rust", native.median() / 1e6)
            .ratio_at_least(0.5)
            .note(format!(
                "{people} people in calls of {PIECE}: 7 inputs, 2 scores and 6 terms each, fresh instance a call"
            )),
    ])
}

impl Piece {
    fn random(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut column = |low: i64, high: i64| -> Vec<i64> { (0..PIECE).map(|_| random.i64(low..high)).collect() };
        Self {
            revenue: column(0, 2_000_000),
            orders: column(0, 15),
            events: column(0, 500),
            first_seen: column(NOW - 900 * DAY, NOW - 400 * DAY),
            last_seen: column(NOW - 400 * DAY, NOW),
            last_order: column(NOW - 400 * DAY, NOW),
            followers: column(0, 100_000),
        }
    }

    fn columns(&self) -> [Column; 7] {
        [
            &self.revenue,
            &self.orders,
            &self.events,
            &self.first_seen,
            &self.last_seen,
            &self.last_order,
            &self.followers,
        ]
        .map(|column| Column::Integers(column.clone()))
    }

    /// The formula of `plugins/scorers/social-value`.
    fn native(&self) -> Scored {
        let revenue = |minor: &i64| *minor as f64 * 0.01;
        let influence = |followers: &i64| *followers as f64 * 0.05;
        let recency = |last: &i64| grade_down(NOW.saturating_sub(*last), RECENCY_DAYS.map(|days| days * DAY));
        let frequency = |orders: &i64| grade_up(*orders, FREQUENCY_ORDERS);
        let money = |minor: &i64| grade_up(*minor, MONETARY_MINOR);

        let value = self.revenue.iter().zip(&self.events).zip(&self.followers);
        let rfm = self.last_order.iter().zip(&self.orders).zip(&self.revenue);
        let recency_of = |(last, orders): (&i64, &i64)| if *orders > 0 { recency(last) } else { f64::NAN };
        let rfm_of = |((last, orders), spent): ((&i64, &i64), &i64)| {
            recency_of((last, orders)) + frequency(orders) + money(spent)
        };
        Scored {
            scores: vec![
                column("rfm", "", rfm.map(rfm_of)),
                column("social-value", "", value.map(|((r, e), f)| revenue(r) + *e as f64 + influence(f))),
            ],
            terms: vec![
                column("rfm", "recency", self.last_order.iter().zip(&self.orders).map(recency_of)),
                column("rfm", "frequency", self.orders.iter().map(frequency)),
                column("rfm", "monetary", self.revenue.iter().map(money)),
                column("social-value", "revenue", self.revenue.iter().map(revenue)),
                column("social-value", "participation", self.events.iter().map(|events| *events as f64)),
                column("social-value", "influence", self.followers.iter().map(influence)),
            ],
        }
    }
}

fn column(score: &str, term: &str, values: impl Iterator<Item = f64>) -> ResultColumn {
    ResultColumn { score: score.to_owned(), term: term.to_owned(), values: values.collect() }
}

fn grade_up(value: i64, thresholds: [i64; 4]) -> f64 {
    f64::from(1 + thresholds.iter().map(|threshold| u8::from(value >= *threshold)).sum::<u8>())
}

fn grade_down(value: i64, limits: [i64; 4]) -> f64 {
    f64::from(1 + limits.iter().map(|limit| u8::from(value <= *limit)).sum::<u8>())
}

/// The plugin must compute what it is measured against, bit for bit but for one NaN like another.
fn ensure_same(scored: Scored, expected: &Scored) -> Result<()> {
    for (found, expected) in [(&scored.scores, &expected.scores), (&scored.terms, &expected.terms)] {
        ensure!(found.len() == expected.len(), "{} columns instead of {}", found.len(), expected.len());
        for column in expected {
            let same = found.iter().find(|c| c.score == column.score && c.term == column.term);
            let same = same.is_some_and(|c| {
                c.values.iter().zip(&column.values).all(|(a, b)| (a - b).abs() < 1e-9 || (a.is_nan() && b.is_nan()))
            });
            ensure!(same, "{} {} differs from the native formula", column.score, column.term);
        }
    }
    Ok(())
}
