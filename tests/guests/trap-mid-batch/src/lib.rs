//! Panics in the middle of a batch, at an event called `boom`.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        moments.into_iter().map(decide_one).collect()
    }
}

fn decide_one(moment: Moment) -> Result<Decision, Failure> {
    assert!(moment.event.kind != "boom", "told to");
    Ok(Decision { operations: Vec::new(), state: None, reasons: vec![moment.event.kind] })
}

export!(Plugin);
