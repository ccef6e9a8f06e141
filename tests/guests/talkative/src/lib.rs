//! Logs whatever it is told: the properties of every event, the revenue of everybody whom it scores, every address that it
//! writes to. Panics at an event called `boom`, and when it delivers what an event called `mumble` led to.

wit_bindgen::generate!({
    inline: "
        package guest:talkative;

        world everything {
            import guanxi:plugin/host@0.1.0;
            export guanxi:plugin/scorer@0.1.0;
            export guanxi:plugin/campaign@0.1.0;
            export guanxi:plugin/connector@0.1.0;
        }
    ",
    path: "../../../wit",
    world: "guest:talkative/everything",
    generate_all,
});

use exports::guanxi::plugin::{campaign, connector, scorer};
use guanxi::plugin::types::Failure;
use guanxi::plugin::{host, http};

struct Plugin;

impl campaign::Guest for Plugin {
    fn decide(_: String, moments: Vec<campaign::Moment>) -> Vec<Result<campaign::Decision, Failure>> {
        host::log(host::Level::Debug, &format!("{} moments", moments.len()));
        moments.into_iter().map(|moment| Ok(decide(&moment))).collect()
    }
}

fn decide(moment: &campaign::Moment) -> campaign::Decision {
    let kind = moment.event.kind.as_str();
    host::log(host::Level::Info, &format!("{kind} {}", moment.event.properties));
    assert!(kind != "boom", "told to");
    let operations = match kind {
        "talk" | "mumble" => vec![campaign::Operation::Send(campaign::Message {
            content: campaign::Content::Inline(format!("{{\"text\": \"{kind}\"}}")),
            variables: "{}".into(),
            class: campaign::MessageClass::Transactional,
            purpose: "service".into(),
            channel: None,
            not_before: None,
            expires: None,
        })],
        _ => Vec::new(),
    };
    campaign::Decision { operations, state: None, reasons: vec![kind.to_owned()] }
}

impl scorer::Guest for Plugin {
    fn score_all(
        _: String,
        inputs: Vec<scorer::Column>,
        rows: u32,
        _: i64,
        explain: bool,
    ) -> Result<scorer::Scored, Failure> {
        host::log(host::Level::Debug, &format!("{rows} people: {inputs:?}"));
        let ones = || vec![1.0; rows as usize];
        let term = || scorer::TermColumn { score: "talk".into(), name: "one".into(), values: ones() };
        Ok(scorer::Scored {
            scores: vec![scorer::ScoreColumn { name: "talk".into(), values: ones() }],
            terms: if explain { vec![term()] } else { Vec::new() },
        })
    }
}

impl connector::Guest for Plugin {
    fn send(_: String, message: connector::Outbound) -> Result<http::Step, Failure> {
        host::log(host::Level::Warn, &format!("delivering to {}", message.address));
        assert!(!message.content.contains("mumble"), "told to");
        Ok(http::Step::Done(http::Outcome::Sent(None)))
    }

    fn resume(_: String, _: Vec<u8>, response: http::Response, _: i64) -> Result<http::Step, Failure> {
        Err(Failure::Other(format!("nothing was asked for, and {} came", response.status)))
    }
}

export!(Plugin);
