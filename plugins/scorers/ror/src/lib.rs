//! ROR, return on relationship: how much a relation to the brand promises. Relevance (does the person care about what
//! the brand makes?) and proximity (how short is the path between them?) add up, and trust carries or breaks both.

use guanxi_plugin::Failure;
use guanxi_plugin::scorer::{People, Scored, Scorer};

struct Ror;

/// How the two addends are weighed.
#[derive(Debug, serde::Deserialize)]
#[serde(default)]
struct Weights {
    relevance_weight: f64,
    proximity_weight: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { relevance_weight: 1.0, proximity_weight: 1.0 }
    }
}

impl Scorer for Ror {
    type Config = Weights;
    const INPUTS: &'static [&'static str] = &["relevance", "proximity", "trust", "path-distance"];

    fn score(weights: &Weights, people: &People) -> Result<Scored, Failure> {
        let trust = people.numbers("trust")?;
        let term = |values: &[f64], weight: f64| {
            values.iter().zip(trust).map(|(value, trust)| unit(*value, 0.0) * weight * unit(*trust, 0.5)).collect()
        };
        let relevance = term(people.numbers("relevance")?, weights.relevance_weight);
        let known = people.numbers("proximity")?.iter().zip(people.numbers("path-distance")?);
        let near: Vec<f64> = known.map(|(said, steps)| proximity(*said, *steps)).collect();
        let proximity = term(&near, weights.proximity_weight);
        Ok(Scored::new().sum("ror", [("relevance", relevance), ("proximity", proximity)]))
    }
}

guanxi_plugin::scorer!(Ror);

/// How near a person is: as somebody said, else by the steps to the nearest opinion leader or employee, of which each
/// weighs less than the one before.
fn proximity(said: f64, steps: f64) -> f64 {
    if said.is_nan() { 1.0 / (1.0 + steps.max(0.0)) } else { said }
}

/// Into 0 to 1; what is unknown (NaN) counts as `unknown`.
fn unit(value: f64, unknown: f64) -> f64 {
    if value.is_nan() { unknown } else { value.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use guanxi_plugin::scorer::Column;
    use guanxi_plugin::testing;

    use super::Ror;

    #[test]
    fn trust_carries_relevance_and_proximity() {
        let rows = [
            ([0.8, 0.4, 0.5], 0.6),
            ([0.8, 0.4, 0.0], 0.0),
            ([1.0, 1.0, 1.0], 2.0),
            ([7.0, -3.0, 2.0], 1.0),
            ([f64::NAN, 0.6, f64::NAN], 0.3),
        ];
        let column = |input: usize| Column::Numbers(rows.iter().map(|(inputs, _)| inputs[input]).collect());
        let nowhere = Column::Numbers(vec![f64::NAN; rows.len()]);
        let scored = testing::score::<Ror>("{}", vec![column(0), column(1), column(2), nowhere], true).unwrap();
        for (row, (inputs, expected)) in rows.iter().enumerate() {
            let value = scored.scores[0].values[row];
            let terms: f64 = scored.terms.iter().map(|term| term.values[row]).sum();
            assert!((value - expected).abs() < 1e-12, "{inputs:?}: {value}");
            assert!((value - terms).abs() < 1e-12, "{inputs:?}: terms add up to {terms}");
        }
    }

    #[test]
    fn the_path_to_the_brand_says_how_near_somebody_is() {
        let rows =
            [(f64::NAN, 0.0, 1.0), (f64::NAN, 1.0, 0.5), (f64::NAN, 3.0, 0.25), (0.9, 3.0, 0.9), (0.9, f64::NAN, 0.9)];
        let column = |of: fn(&(f64, f64, f64)) -> f64| Column::Numbers(rows.iter().map(of).collect());
        let fixed = |value| Column::Numbers(vec![value; rows.len()]);
        let columns = vec![fixed(0.0), column(|row| row.0), fixed(1.0), column(|row| row.1)];
        let scored = testing::score::<Ror>("{}", columns, true).unwrap();
        assert_eq!(scored.scores[0].values, rows.map(|row| row.2));
    }

    #[test]
    fn weights_change_the_balance() {
        let columns = [0.5, 0.5, 1.0, 9.0].map(|value| Column::Numbers(vec![value])).to_vec();
        let scored = testing::score::<Ror>(r#"{"relevance_weight": 2}"#, columns, false).unwrap();
        assert_eq!(scored.scores[0].values, [1.5]);
    }
}
