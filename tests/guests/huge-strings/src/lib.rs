//! Answers with a list of a quarter of a million empty texts: few bytes for the guest, many for a careless host.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        let decision = || Decision { operations: Vec::new(), state: None, reasons: vec![String::new(); 250_000] };
        moments.iter().map(|_| Ok(decision())).collect()
    }
}

export!(Plugin);
