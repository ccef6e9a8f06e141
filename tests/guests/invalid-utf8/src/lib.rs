//! Answers with bytes that are no UTF-8 where the contract wants a string.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        moments.into_iter().map(|_| Ok(garbled())).collect()
    }
}

fn garbled() -> Decision {
    // Breaking the promise of `String` is the point: the host must not rely on it.
    let reason = unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0x80]) };
    Decision { operations: Vec::new(), state: None, reasons: vec![reason] }
}

export!(Plugin);
