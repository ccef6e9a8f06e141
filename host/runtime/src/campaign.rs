//! Calls of campaigns: moments in, decisions out.

use bumpalo::Bump;
use guanxi_domain::campaign::{Content, Decision, Failure, Moment, Operation, Profile, SeenEvent, Value};
use guanxi_domain::limits::CallLimits;
use guanxi_domain::manifest::Kind;
use guanxi_domain::message::MessageClass;
use guanxi_domain::person::{Role, Stage};
use guanxi_domain::receipt::Answer;

use crate::bindings::exports::guanxi::plugin::campaign as wire;
use crate::bindings::guanxi::plugin::types;
use crate::plugin::{Fault, Terms};
use crate::raise::{entries, json, object, optional_text, tag, text, texts, value};
use crate::{Call, CallError, Plugin, draft};

impl Plugin {
    /// Decides every moment. The answers are as many as the moments and in their order; a bad answer to one moment
    /// is that moment's failure.
    pub fn decide(
        &self,
        config: &str,
        moments: &[Moment],
        limits: &CallLimits,
    ) -> Call<Vec<Result<Decision, Failure>>> {
        let terms = Terms::new("decide", moments.len(), limits);
        let Some(campaign) = &self.0.exports.campaign else {
            return match &self.0.draft.campaign {
                Some(draft) => {
                    self.0.run(terms, |store, instance| draft::decide(draft, (store, instance), config, moments))
                }
                None => Call::refused(CallError::WrongKind(Kind::Campaign)),
            };
        };
        self.0.run(terms, |store, instance| {
            let guest = campaign.load(&mut *store, instance)?;
            let arena = Bump::new();
            let lowered = arena.alloc_slice_fill_iter(moments.iter().map(|moment| lower(&arena, moment)));
            let answers = guest.call_decide(&mut *store, config, lowered)?;
            if answers.len() != moments.len() {
                return Err(Fault::Answer(format!("{} decisions for {} moments", answers.len(), moments.len())));
            }
            Ok(answers.into_iter().map(|answer| decision(answer?)).collect())
        })
    }
}

impl Call<Vec<Result<Decision, Failure>>> {
    /// What it came to for each of its moments; of a call that failed the reason, for each of them.
    pub fn answers(&mut self, moments: usize) -> Vec<Answer> {
        match &mut self.result {
            Ok(decisions) => {
                let decisions = std::mem::take(decisions);
                decisions.into_iter().map(|decision| decision.map_err(|failure| failure.to_string())).collect()
            }
            Err(error) => vec![Err(error.to_string()); moments],
        }
    }
}

fn lower<'a>(arena: &'a Bump, moment: &'a Moment) -> wire::Moment<'a> {
    wire::Moment {
        event: event(&moment.event),
        person: profile(arena, &moment.person),
        history: arena.alloc_slice_fill_iter(moment.history.iter().map(event)),
        state: moment.state.as_deref(),
        now: moment.now,
        seed: moment.seed,
    }
}

pub(crate) fn event(event: &SeenEvent) -> types::EventParam<'_> {
    types::EventParam {
        id: &event.id,
        kind: &event.kind,
        at: event.at,
        channel: event.channel.as_deref(),
        touchpoint: event.touchpoint.as_deref(),
        properties: &event.properties,
    }
}

pub(crate) fn profile<'a>(arena: &'a Bump, person: &'a Profile) -> types::Profile<'a> {
    let tags = person.tags.iter().map(|tag| types::TagParam {
        dimension: &tag.dimension,
        name: &tag.name,
        weight: tag.weight,
    });
    let scores = person.scores.iter().map(|(name, value)| types::Score { name, value: *value });
    let fields = person.fields.iter().map(|(name, value)| types::FieldParam { name, value: lower_value(arena, value) });
    types::Profile {
        id: &person.id,
        stage: stage(person.stage),
        roles: arena.alloc_slice_fill_iter(person.roles.iter().map(|known| role(*known))),
        locale: person.locale.as_deref(),
        tags: arena.alloc_slice_fill_iter(tags),
        scores: arena.alloc_slice_fill_iter(scores),
        fields: arena.alloc_slice_fill_iter(fields),
        reachable: strings(arena, &person.reachable),
    }
}

fn strings<'a>(arena: &'a Bump, list: &'a [String]) -> &'a [&'a str] {
    arena.alloc_slice_fill_iter(list.iter().map(String::as_str))
}

fn lower_value<'a>(arena: &'a Bump, value: &'a Value) -> types::ValueParam<'a> {
    match value {
        Value::Text(text) => types::ValueParam::Text(text),
        Value::Number(number) => types::ValueParam::Number(*number),
        Value::Integer(integer) => types::ValueParam::Integer(*integer),
        Value::Flag(flag) => types::ValueParam::Flag(*flag),
        Value::Time(time) => types::ValueParam::Time(*time),
        Value::Texts(list) => types::ValueParam::Texts(strings(arena, list)),
    }
}

fn stage(stage: Stage) -> types::Stage {
    match stage {
        Stage::Prospect => types::Stage::Prospect,
        Stage::Fan => types::Stage::Fan,
        Stage::Customer => types::Stage::Customer,
    }
}

fn role(role: Role) -> types::Role {
    match role {
        Role::Consumer => types::Role::Consumer,
        Role::OpinionLeader => types::Role::OpinionLeader,
        Role::Employee => types::Role::Employee,
        Role::Promoter => types::Role::Promoter,
        Role::Partner => types::Role::Partner,
    }
}

fn decision(answer: wire::Decision) -> Result<Decision, Failure> {
    if let Some(state) = &answer.state {
        json::<serde::de::IgnoredAny>("the state", state)?;
    }
    Ok(Decision {
        operations: entries("operations", answer.operations)?.into_iter().map(operation).collect::<Result<_, _>>()?,
        state: answer.state,
        reasons: texts("a reason", answer.reasons)?,
    })
}

pub(crate) fn operation(operation: wire::Operation) -> Result<Operation, Failure> {
    Ok(match operation {
        wire::Operation::Send(message) => send(message)?,
        wire::Operation::EarnPoints(points) => Operation::EarnPoints {
            unit: text("a unit of points", points.unit)?,
            amount: points.amount,
            reason: text("a reason for points", points.reason)?,
            pending_until: points.pending_until,
        },
        wire::Operation::IssueCoupon(coupon) => Operation::IssueCoupon {
            template: text("a coupon template", coupon.template)?,
            reason: text("a reason for a coupon", coupon.reason)?,
        },
        wire::Operation::GrantMoney(payment) => Operation::GrantMoney {
            budget: text("a budget", payment.budget)?,
            amount: payment.amount,
            reason: text("a reason for a payment", payment.reason)?,
        },
        wire::Operation::AddTag(added) => Operation::AddTag(tag(added)?),
        wire::Operation::RemoveTag(removed) => Operation::RemoveTag {
            dimension: text("a tag's dimension", removed.dimension)?,
            name: text("a tag's name", removed.name)?,
        },
        wire::Operation::SetField(field) => {
            Operation::SetField { name: text("a field's name", field.name)?, value: value(field.value)? }
        }
        wire::Operation::StartTimer(timer) => Operation::StartTimer {
            key: text("a timer's key", timer.key)?,
            at: timer.at,
            payload: json("a timer's payload", &timer.payload)?,
        },
        wire::Operation::CancelTimer(key) => Operation::CancelTimer { key: text("a timer's key", key)? },
        wire::Operation::Emit(emission) => Operation::Emit {
            kind: text("an event's kind", emission.kind)?,
            properties: object("an event's properties", &emission.properties)?,
        },
        wire::Operation::AskStaff(task) => {
            Operation::AskStaff { title: text("a task's title", task.title)?, body: text("a task's body", task.body)? }
        }
    })
}

fn send(message: wire::Message) -> Result<Operation, Failure> {
    Ok(Operation::Send {
        content: match message.content {
            wire::Content::Stored(name) => Content::Stored(text("a content's name", name)?),
            wire::Content::Inline(document) => Content::Inline(object("an inline content", &document)?),
        },
        variables: object("a message's variables", &message.variables)?,
        class: match message.class {
            wire::MessageClass::Reply => MessageClass::Reply,
            wire::MessageClass::Transactional => MessageClass::Transactional,
            wire::MessageClass::Marketing => MessageClass::Marketing,
        },
        purpose: text("a purpose", message.purpose)?,
        channel: optional_text("a channel", message.channel)?,
        not_before: message.not_before,
        expires: message.expires,
    })
}
