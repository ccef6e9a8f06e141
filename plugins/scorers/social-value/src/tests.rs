//! Rankings, sums and grades by example.

use guanxi_plugin::scorer::{Column, Scored};
use guanxi_plugin::testing::{self, NOW};
use guanxi_plugin::words::DAY;

use super::SocialValue;

/// revenue (minor), orders, events, days since the last order, followers
type Row = (i64, i64, i64, i64, i64);

fn score(config: &str, rows: &[Row]) -> Scored {
    let column = |pick: fn(&Row) -> i64| Column::Integers(rows.iter().map(pick).collect());
    let last_order = column(|row| if row.1 > 0 { NOW - row.3 * DAY } else { 0 });
    let seen = column(|_| NOW);
    let columns =
        vec![column(|r| r.0), column(|r| r.1), column(|r| r.2), seen.clone(), seen, last_order, column(|r| r.4)];
    testing::score::<SocialValue>(config, columns, true).unwrap()
}

fn values<'a>(scored: &'a Scored, name: &str) -> &'a [f64] {
    &scored.scores.iter().find(|score| score.name == name).unwrap().values
}

#[test]
fn a_heard_buyer_is_worth_more_than_a_rich_one() {
    let scored = score("{}", &[(1_000_000, 5, 20, 3, 300), (100_000, 1, 20, 3, 300_000)]);
    assert_eq!(values(&scored, "social-value"), [10_035.0, 16_020.0]);
    let scored = score(r#"{"follower_value": 0}"#, &[(1_000_000, 5, 20, 3, 300), (100_000, 1, 20, 3, 300_000)]);
    assert_eq!(values(&scored, "social-value"), [10_020.0, 1_020.0]);
}

#[test]
fn terms_add_up_to_their_score() {
    let rows = [(1_999, 1, 7, 3, 12), (0, 0, 0, 0, 0), (-500, 2, 3, 400, 1_000_000)];
    let scored = score("{}", &rows);
    for name in ["social-value", "rfm"] {
        for (row, value) in values(&scored, name).iter().enumerate() {
            let sum: f64 = scored.terms.iter().filter(|term| term.score == name).map(|term| term.values[row]).sum();
            assert!(value.is_nan() || (sum - value).abs() < 1e-9, "{name} of row {row}: {sum} against {value}");
        }
    }
}

#[test]
fn rfm_grades_from_3_to_15_and_spares_who_never_bought() {
    let scored =
        score("{}", &[(1_000_000, 11, 1, 14, 0), (9_999, 1, 1, 181, 0), (50_000, 4, 1, 30, 0), (0, 0, 9, 0, 0)]);
    let rfm = values(&scored, "rfm");
    assert_eq!(rfm[..3], [15.0, 3.0, 10.0]);
    assert!(rfm[3].is_nan());
}

#[test]
fn a_wrong_setting_names_itself() {
    let columns = vec![Column::Integers(vec![]); 7];
    let failure = testing::score::<SocialValue>(r#"{"monetary": [1, 2]}"#, columns, false).unwrap_err();
    assert!(failure.message().contains("`monetary`"), "{failure:?}");
}
