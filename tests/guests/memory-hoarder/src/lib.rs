//! Takes memory a megabyte at a time and keeps all of it.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Failure, Guest, Moment};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        let mut hoard = Vec::new();
        loop {
            let mut room = Vec::with_capacity(1 << 20);
            room.push(moments.len());
            hoard.push(room);
            std::hint::black_box(&hoard);
        }
    }
}

export!(Plugin);
