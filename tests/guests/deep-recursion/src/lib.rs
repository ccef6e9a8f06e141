//! Recurses until its stack is full.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        let depth = dig(moments.len() as u64);
        vec![Err(Failure::Other(depth.to_string()))]
    }
}

#[inline(never)]
fn dig(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX { depth } else { std::hint::black_box(dig(depth + 1)) + 1 }
}

export!(Plugin);
