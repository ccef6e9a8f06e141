//! Decides through the contract's next track, `0.2.0-draft`: says why it asks for each operation, and of its state what becomes
//! of it.

wit_bindgen::generate!({ world: "campaign-plugin", path: "../../../wit/draft" });

use exports::guanxi::plugin::campaign::{Decision, Guest, Keeping, Moment, Wish};
use guanxi::plugin::host::{self, Level};
use guanxi::plugin::operations::{Content, Message, MessageClass, Operation};
use guanxi::plugin::types::{Failure, Tag};

struct Plugin;

impl Guest for Plugin {
    fn decide(_: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        host::log(Level::Info, &format!("{} moments", moments.len()));
        moments.iter().map(decide).collect()
    }
}

fn decide(moment: &Moment) -> Result<Decision, Failure> {
    let state = match moment.event.kind.as_str() {
        "refused" => return Err(Failure::BadInput(moment.event.id.clone())),
        "forget" => Keeping::Forgotten,
        "look" => Keeping::Unchanged,
        "garbage" => Keeping::Replaced("{".into()),
        _ => Keeping::Replaced(format!("\"{}\"", moment.event.kind)),
    };
    let tag = Tag { dimension: "seen".into(), name: moment.event.kind.clone(), weight: 1.0 };
    let message = Message {
        content: Content::Inline("{\"text\": \"Hello\"}".into()),
        variables: "{}".into(),
        class: MessageClass::Reply,
        purpose: "service".into(),
        channel: moment.person.reachable.first().cloned(),
        not_before: None,
        expires: None,
    };
    let wishes = vec![
        Wish { operation: Operation::AddTag(tag), because: Some("to tell them apart".into()) },
        Wish { operation: Operation::Send(message), because: None },
    ];
    let kept = moment.state.as_deref().unwrap_or("nothing");
    Ok(Decision { wishes, state, reasons: vec![format!("kept {kept}")] })
}

export!(Plugin);
