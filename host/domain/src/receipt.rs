//! What makes a decision one that can be executed again: which call of the plugin it came of, and what the answer was.

use sha2::{Digest, Sha256};

use crate::campaign::{Decision, Moment};
use crate::ids::DecisionId;

/// What a plugin decided about one moment, or why it did not.
pub type Answer = Result<Decision, String>;

/// The call that a decision came of. A plugin is asked about many moments at once, and what a call costs depends on all of
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReceipt {
    /// The first decision of the call.
    pub first: DecisionId,
    /// All others in their order; kept with the first one only.
    pub others: Vec<DecisionId>,
    /// Fuel that the whole call burnt.
    pub fuel: u64,
    /// Of the answer about this moment, see [`answer_hash`].
    pub answer: [u8; 32],
}

impl CallReceipt {
    /// What each of the decisions of a call keeps of it, in their order.
    pub fn of_each(decisions: &[DecisionId], answers: &[[u8; 32]], fuel: u64) -> Vec<Self> {
        let Some((first, others)) = decisions.split_first() else { return Vec::new() };
        let mut receipts: Vec<Self> =
            answers.iter().map(|answer| Self { first: *first, others: Vec::new(), fuel, answer: *answer }).collect();
        if let Some(receipt) = receipts.first_mut() {
            receipt.others = others.to_vec();
        }
        receipts
    }
}

/// SHA-256 of an answer's JSON: two that have the same are the same to the byte.
pub fn answer_hash(answer: &Answer) -> [u8; 32] {
    // Everything in an answer has a JSON form; nothing that has none hashes like an answer.
    Sha256::digest(serde_json::to_vec(answer).unwrap_or_default()).into()
}

/// Why a receipt does not hold what its plugin saw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// It was longer than receipts may be.
    #[error("its input of {0} bytes was longer than receipts are kept; raise `receipt_bytes_max` for the next ones")]
    LeftOut(usize),
    /// The person was forgotten.
    #[error("its input was erased with the person")]
    Erased,
    /// A defect, or another version's form.
    #[error("its input cannot be read: {0}")]
    Unreadable(String),
}

/// What a receipt keeps of a moment: the JSON of all of it, or if that has more bytes than `bytes_max`, how many.
pub fn keep_input(moment: &Moment, bytes_max: usize) -> String {
    match serde_json::to_string(moment) {
        Ok(text) if text.len() <= bytes_max => text,
        Ok(text) => serde_json::json!({ LEFT_OUT: text.len() }).to_string(),
        // Everything in a moment has a JSON form.
        Err(_) => "null".to_owned(),
    }
}

/// The moment that [`keep_input`] kept, the same to the byte.
pub fn read_input(text: &str) -> Result<Moment, Missing> {
    if text == ERASED {
        return Err(Missing::Erased);
    }
    serde_json::from_str(text).map_err(|error| {
        let left_out = serde_json::from_str(text).ok().and_then(|short: crate::JsonMap| short.get(LEFT_OUT)?.as_u64());
        let bytes = left_out.and_then(|bytes| usize::try_from(bytes).ok());
        bytes.map_or_else(|| Missing::Unreadable(error.to_string()), Missing::LeftOut)
    })
}

/// The input of a receipt about somebody who was forgotten.
const ERASED: &str = "{}";
/// Says how many bytes an input had.
const LEFT_OUT: &str = "left_out";

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_first_decision_of_a_call_names_the_others() {
        let ids: Vec<DecisionId> = (1..=3).map(|n| DecisionId::from_uuid(Uuid::from_u128(n))).collect();
        let receipts = CallReceipt::of_each(&ids, &[[1; 32], [2; 32], [3; 32]], 9);
        assert!(receipts.iter().all(|receipt| receipt.first == ids[0] && receipt.fuel == 9));
        assert_eq!(receipts.iter().map(|receipt| receipt.others.as_slice()).collect::<Vec<_>>(), [&ids[1..], &[], &[]]);
        assert_eq!(receipts.iter().map(|receipt| receipt.answer[0]).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(CallReceipt::of_each(&[], &[], 9), []);
    }

    #[test]
    fn a_moment_is_read_as_it_was_kept_to_the_last_digit() {
        let scores = [0.1 + 0.2, 5e-324, 1.797_693_134_862_315_7e308, 123_456_789.123_456_78, -0.0];
        let scores: Vec<_> =
            scores.iter().enumerate().map(|(index, score)| json!([index.to_string(), score])).collect();
        let moment: Moment = serde_json::from_value(json!({
            "event": {"id": "evt_1", "kind": "page", "at": 1, "properties": r#"{ "a" : 0.30000000000000004 }"#},
            "person": {"id": "per_1", "stage": "fan", "roles": ["consumer"], "scores": scores,
                       "fields": [["height", {"number": 1.700_000_000_000_000_2}], ["born", {"time": -1}]]},
            "state": "{\"a\": 1}", "now": 2, "seed": u64::MAX,
        }))
        .unwrap();
        let kept = keep_input(&moment, 10_000);
        let again = read_input(&kept).unwrap();
        assert_eq!(again, moment);
        assert_eq!(keep_input(&again, 10_000), kept);
        for ((_, before), (_, after)) in moment.person.scores.iter().zip(&again.person.scores) {
            assert_eq!(before.to_bits(), after.to_bits());
        }
    }

    #[test]
    fn what_a_receipt_does_not_hold_is_told() {
        let moment = json!({"event": {"id": "e", "kind": "k", "at": 1, "properties": "{}"},
                            "person": {"id": "p", "stage": "fan", "roles": []}, "now": 2, "seed": 3});
        let moment: Moment = serde_json::from_value(moment).unwrap();
        let length = keep_input(&moment, usize::MAX).len();
        assert!(read_input(&keep_input(&moment, length)).is_ok());
        assert_eq!(read_input(&keep_input(&moment, length - 1)), Err(Missing::LeftOut(length)));
        assert_eq!(read_input("{}"), Err(Missing::Erased));
        assert!(matches!(read_input("{\"now\":1}"), Err(Missing::Unreadable(_))));
    }

    #[test]
    fn another_answer_has_another_hash() {
        let said = |reason: &str| Ok(Decision { reasons: vec![reason.to_owned()], ..Decision::default() });
        let kept = |state: &str| Ok(Decision { state: Some(state.to_owned()), ..Decision::default() });
        let answers = [said("a"), said("b"), kept("1"), Ok(Decision::default()), Err("a".to_owned())];
        let hashes: std::collections::BTreeSet<_> = answers.iter().map(answer_hash).collect();
        assert_eq!(hashes.len(), answers.len());
        assert_eq!(answer_hash(&said("a")), answer_hash(&said("a")));
    }
}
