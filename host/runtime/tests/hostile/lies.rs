//! Lies about lengths and places, told at the level of the canonical ABI, and answers that break the contract.

use guanxi_domain::campaign::{Failure, Operation};
use guanxi_runtime::CallError;

use crate::guests::decide;

fn check(lie: &str, expected: &str) {
    let call = decide("lying-lengths", lie, &["visit", "visit"]);
    assert_eq!(call.result, Err(CallError::BadAnswer(format!("decide: {expected}"))), "{lie}");
}

#[test]
fn an_honest_answer_of_the_same_guest_is_taken() {
    let answers = decide("lying-lengths", "none", &["visit", "visit"]).result.expect("answers");
    assert!(answers.len() == 2 && answers.iter().all(Result::is_ok));
}

#[test]
fn fewer_or_more_decisions_than_moments_are_refused() {
    check("fewer", "1 decisions for 2 moments");
    check("more", "3 decisions for 2 moments");
}

#[test]
fn lists_and_texts_beyond_memory_are_refused() {
    check("beyond-memory", "list pointer/length out of bounds of memory");
    check("wrapping", "list pointer/length out of bounds of memory");
    check("inner-list", "list pointer/length out of bounds of memory");
    check("inner-text", "string pointer/length out of bounds of memory");
    check("no-place", "pointer out of bounds of memory");
}

#[test]
fn misplaced_and_impossible_values_are_refused() {
    check("unaligned", "list pointer is not aligned");
    check("discriminant", "invalid expected discriminant");
}

#[test]
fn a_thousand_names_for_one_text_do_not_become_a_thousand_texts() {
    assert_eq!(decide("lying-lengths", "aliasing", &["visit"]).result, Err(CallError::Output));
}

#[test]
fn garbage_in_one_answer_leaves_the_others_alone() {
    let answers = decide("garbage-json", "{}", &["fine", "garbage", "fine"]).result.expect("answers");
    let Err(Failure::BadAnswer(problem)) = &answers[1] else { panic!("{:?}", answers[1]) };
    assert!(problem.starts_with("an event's properties is not the JSON it must be"), "{problem}");
    for answer in [&answers[0], &answers[2]] {
        let operations = &answer.as_ref().expect("a decision").operations;
        assert!(matches!(operations.as_slice(), [Operation::Emit { kind, .. }] if kind == "echo"));
    }
}
