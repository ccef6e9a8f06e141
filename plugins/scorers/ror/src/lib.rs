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
    const INPUTS: &'static [&'static str] = &["relevance", "proximity", "trust"];

    fn score(weights: &Weights, people: &People) -> Result<Scored, Failure> {
        let trust = people.numbers("trust")?;
        let term = |values: &[f64], weight: f64| {
            values.iter().zip(trust).map(|(value, trust)| unit(*value, 0.0) * weight * unit(*trust, 0.5)).collect()
        };
        let relevance = term(people.numbers("relevance")?, weights.relevance_weight);
        let proximity = term(people.numbers("proximity")?, weights.proximity_weight);
        Ok(Scored::new().sum("ror", [("relevance", relevance), ("proximity", proximity)]))
    }
}

guanxi_plugin::scorer!(Ror);

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
        let scored = testing::score::<Ror>("{}", vec![column(0), column(1), column(2)], true).unwrap();
        for (row, (inputs, expected)) in rows.iter().enumerate() {
            let value = scored.scores[0].values[row];
            let terms: f64 = scored.terms.iter().map(|term| term.values[row]).sum();
            assert!((value - expected).abs() < 1e-12, "{inputs:?}: {value}");
            assert!((value - terms).abs() < 1e-12, "{inputs:?}: terms add up to {terms}");
        }
    }

    #[test]
    fn weights_change_the_balance() {
        let columns = vec![Column::Numbers(vec![0.5]), Column::Numbers(vec![0.5]), Column::Numbers(vec![1.0])];
        let scored = testing::score::<Ror>(r#"{"relevance_weight": 2}"#, columns, false).unwrap();
        assert_eq!(scored.scores[0].values, [1.5]);
    }
}
