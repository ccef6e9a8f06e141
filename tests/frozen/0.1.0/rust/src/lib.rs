//! All of the first contract's campaign and scorer, in Rust: what goes in comes out again, through every operation and value.

wit_bindgen::generate!({
    inline: "
        package guest:frozen;

        world frozen {
            import guanxi:plugin/host@0.1.0;
            export guanxi:plugin/scorer@0.1.0;
            export guanxi:plugin/campaign@0.1.0;
        }
    ",
    path: "../../../../wit",
    world: "guest:frozen/frozen",
    generate_all,
});

use exports::guanxi::plugin::campaign::{
    self, Content, Coupon, Decision, Emission, Message, MessageClass, Moment, Operation, Payment, Points, TagName,
    Task, Timer,
};
use exports::guanxi::plugin::scorer;
use guanxi::plugin::host::{self, Level};
use guanxi::plugin::types::{Failure, Field, Role, Stage, Value};

struct Plugin;

impl campaign::Guest for Plugin {
    fn decide(config: String, moments: Vec<Moment>) -> Vec<Result<Decision, Failure>> {
        host::log(Level::Debug, &format!("{} moments", moments.len()));
        host::log(Level::Info, &config);
        host::log(Level::Warn, "警告");
        host::log(Level::Error, "");
        moments.into_iter().map(|moment| decide(&config, moment)).collect()
    }
}

fn decide(config: &str, moment: Moment) -> Result<Decision, Failure> {
    match moment.event.kind.as_str() {
        "misconfigured" => Err(Failure::BadConfig(config.to_owned())),
        "refused" => Err(Failure::BadInput(moment.event.id)),
        "broken" => Err(Failure::Other("as asked".into())),
        "quiet" => Ok(Decision { operations: Vec::new(), state: None, reasons: Vec::new() }),
        _ => Ok(everything(moment)),
    }
}

fn everything(moment: Moment) -> Decision {
    let Moment { event, person, history, state, now, seed } = moment;
    let mut reasons =
        vec![event.id, event.kind, event.at.to_string(), or_dash(event.channel), or_dash(event.touchpoint)];
    reasons.extend([person.id, stage(person.stage).into(), or_dash(person.locale.clone()), or_dash(state)]);
    reasons.extend(person.roles.into_iter().map(|known| role(known).to_owned()));
    reasons.extend(history.iter().map(|earlier| format!("{} {}", earlier.id, earlier.properties)));
    let message = |content, class, purpose: &str| Message {
        content,
        variables: r#"{"name": "friend"}"#.into(),
        class,
        purpose: purpose.into(),
        channel: None,
        not_before: None,
        expires: None,
    };
    let inline = || Content::Inline(r#"{"text": "Hello {{name}}"}"#.into());
    let mut operations = vec![
        Operation::Send(Message {
            channel: person.reachable.first().cloned(),
            not_before: Some(now + 1_000),
            expires: Some(now + 2_000),
            ..message(Content::Stored("welcome".into()), MessageClass::Reply, "service")
        }),
        Operation::Send(message(inline(), MessageClass::Transactional, "order")),
        Operation::Send(message(inline(), MessageClass::Marketing, "marketing")),
        Operation::EarnPoints(Points {
            unit: "points".into(),
            amount: seed,
            reason: "a visit".into(),
            pending_until: Some(now + 1_000),
        }),
        Operation::EarnPoints(Points { unit: "points".into(), amount: 1, reason: "again".into(), pending_until: None }),
        Operation::IssueCoupon(Coupon { template: "tea".into(), reason: "a visit".into() }),
        Operation::GrantMoney(Payment { budget: "spring".into(), amount: -1, reason: "taken back".into() }),
        Operation::RemoveTag(TagName { dimension: "interest".into(), name: "coffee".into() }),
        Operation::StartTimer(Timer { key: "again".into(), at: now + 60_000, payload: event.properties.clone() }),
        Operation::CancelTimer("before".into()),
        Operation::Emit(Emission { kind: "seen".into(), properties: event.properties }),
        Operation::AskStaff(Task { title: "Look".into(), body: person.reachable.join(" ") }),
    ];
    operations.extend(person.tags.into_iter().map(Operation::AddTag));
    operations.extend(person.fields.into_iter().map(Operation::SetField));
    let scores = person.scores.into_iter().map(|score| Field { name: score.name, value: Value::Number(score.value) });
    operations.extend(scores.map(Operation::SetField));
    Decision { operations, state: Some(format!("[{now}]")), reasons }
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".into())
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Prospect => "prospect",
        Stage::Fan => "fan",
        Stage::Customer => "customer",
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Consumer => "consumer",
        Role::OpinionLeader => "opinion-leader",
        Role::Employee => "employee",
        Role::Promoter => "promoter",
        Role::Partner => "partner",
    }
}

impl scorer::Guest for Plugin {
    fn score_all(
        _: String,
        inputs: Vec<scorer::Column>,
        rows: u32,
        _: i64,
        explain: bool,
    ) -> Result<scorer::Scored, Failure> {
        let [scorer::Column::Integers(revenue), scorer::Column::Numbers(followers), scorer::Column::Texts(cities)] =
            inputs.as_slice()
        else {
            return Err(Failure::BadInput(format!("{} columns for {rows} rows", inputs.len())));
        };
        let sums = revenue.iter().zip(followers).map(|(revenue, followers)| *revenue as f64 + followers);
        let values = sums.zip(cities).map(|(sum, city)| if city == "上海" { 2.0 * sum } else { sum }).collect();
        let term = || scorer::TermColumn { score: "worth".into(), name: "reach".into(), values: followers.clone() };
        Ok(scorer::Scored {
            scores: vec![scorer::ScoreColumn { name: "worth".into(), values }],
            terms: if explain { vec![term()] } else { Vec::new() },
        })
    }
}

export!(Plugin);
