//! Answers a shout with ten echoes and each echo with another; answers each wake-up with one that was due before.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit" });

use exports::guanxi::plugin::campaign::{Decision, Emission, Failure, Guest, Moment, Operation, Timer};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        moments.iter().map(|moment| Ok(answer(moment))).collect()
    }
}

fn answer(moment: &Moment) -> Decision {
    let timer = || Operation::StartTimer(Timer { key: "again".into(), at: moment.now - 1, payload: "{}".into() });
    let echo = || Operation::Emit(Emission { kind: "echo".into(), properties: "{}".into() });
    let operations = match moment.event.kind.as_str() {
        "wake" | "guanxi.timer" => vec![timer()],
        "shout" => (0..10).map(|_| echo()).collect(),
        "echo-chamber.echo" => vec![echo()],
        _ => Vec::new(),
    };
    Decision { operations, state: None, reasons: vec![moment.event.kind.clone()] }
}

export!(Plugin);
