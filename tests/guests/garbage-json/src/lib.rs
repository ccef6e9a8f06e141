//! Answers to the event called `garbage` with JSON that is none, and well to every other.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Emission, Failure, Guest, Moment, Operation};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        moments.into_iter().map(|moment| Ok(decide_one(&moment.event.kind))).collect()
    }
}

fn decide_one(kind: &str) -> Decision {
    let properties = if kind == "garbage" { "{\"never\": " } else { "{\"fine\": true}" };
    let emission = Emission { kind: "echo".to_owned(), properties: properties.to_owned() };
    Decision { operations: vec![Operation::Emit(emission)], state: None, reasons: Vec::new() }
}

export!(Plugin);
