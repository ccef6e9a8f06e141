//! Answers with one state of 16 MB.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        let state = "9".repeat(16 << 20);
        let decision = || Decision { operations: Vec::new(), state: Some(state.clone()), reasons: Vec::new() };
        moments.iter().map(|_| Ok(decision())).collect()
    }
}

export!(Plugin);
