//! Calls the host a million times, with long lines.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        let line = "flood ".repeat(1_000);
        for _ in 0..1_000_000 {
            guanxi::plugin::host::log(guanxi::plugin::host::Level::Error, &line);
        }
        vec![Err(Failure::Other(moments.len().to_string()))]
    }
}

export!(Plugin);
