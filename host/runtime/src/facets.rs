//! Calls of a connector's facets: how to get a session, and what a channel's own request says.

use guanxi_domain::Millis;
use guanxi_domain::campaign::Failure;
use guanxi_domain::connector::{Authorization, Incoming, Received, Reception, Refusal, Response};
use guanxi_domain::limits::{CALLBACK_EVENTS_MAX, CallLimits};
use guanxi_domain::manifest::Kind;

use crate::bindings::exports::guanxi::plugin::{connector_receive as receive_wire, connector_session as session_wire};
use crate::bindings::guanxi::plugin::{http, types};
use crate::connector::request;
use crate::plugin::{Fault, Terms};
use crate::raise::{bad, cut, entries, object, optional_text, text, texts};
use crate::{Call, CallError, Plugin, Secrets};

/// Bytes of the body with which a channel's request is answered.
const REPLY_BYTES_MAX: usize = 64 * 1024;

impl Plugin {
    /// Whether it is a connector whose channel wants a session.
    pub fn has_session(&self) -> bool {
        self.0.exports.session.is_some()
    }

    /// Whether it is a connector whose channel calls back.
    pub fn receives(&self) -> bool {
        self.0.exports.receive.is_some()
    }

    /// How to get a session.
    pub fn authorize(
        &self,
        config: &str,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<Authorization, Failure>> {
        let Some(session) = &self.0.exports.session else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("authorize", 1, limits) };
        self.0.run(terms, |store, instance| {
            let guest = session.load(&mut *store, instance)?;
            match guest.call_authorize(&mut *store, config)? {
                Ok(answer) => authorization(answer).map(Ok).map_err(fault),
                Err(failure) => Ok(Err(failure.into())),
            }
        })
    }

    /// What a request of the channel, which came at `now`, says.
    pub fn receive(
        &self,
        config: &str,
        incoming: &Incoming,
        now: Millis,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<Reception, Refusal>> {
        let Some(receive) = &self.0.exports.receive else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("receive", 1, limits) };
        self.0.run(terms, |store, instance| {
            let guest = receive.load(&mut *store, instance)?;
            let headers: Vec<http::HeaderParam<'_>> =
                incoming.headers.iter().map(|(name, value)| http::HeaderParam { name, value }).collect();
            let incoming = receive_wire::Incoming {
                method: &incoming.method,
                query: &incoming.query,
                headers: &headers,
                body: &incoming.body,
            };
            match guest.call_receive(&mut *store, config, incoming, now)? {
                Ok(answer) => reception(answer).map(Ok).map_err(fault),
                Err(refused) => Ok(Err(refusal(refused))),
            }
        })
    }
}

fn authorization(answer: session_wire::Authorization) -> Result<Authorization, Failure> {
    Ok(Authorization {
        request: request(answer.request)?,
        token_pointer: text("the pointer to the token", answer.token_pointer)?,
        lifetime_pointer: optional_text("the pointer to the lifetime", answer.lifetime_pointer)?,
        lifetime_seconds: answer.lifetime_seconds,
    })
}

fn reception(answer: receive_wire::Reception) -> Result<Reception, Failure> {
    let events = match answer.events.len() {
        0..=CALLBACK_EVENTS_MAX => answer.events,
        length => return Err(bad(format!("{length} events, more than {CALLBACK_EVENTS_MAX}"))),
    };
    Ok(Reception {
        reply: reply(answer.reply)?,
        events: events.into_iter().map(received).collect::<Result<_, Failure>>()?,
    })
}

fn reply(reply: http::ResponseResult) -> Result<Response, Failure> {
    if reply.body.len() > REPLY_BYTES_MAX {
        return Err(bad(format!("the reply has {} bytes, more than {REPLY_BYTES_MAX}", reply.body.len())));
    }
    let headers = entries("the reply's headers", reply.headers)?.into_iter();
    Ok(Response {
        status: reply.status,
        headers: headers
            .map(|header| Ok((text("a header's name", header.name)?, text("a header's value", header.value)?)))
            .collect::<Result<_, Failure>>()?,
        body: reply.body,
    })
}

fn received(received: types::Received) -> Result<Received, Failure> {
    let event = received.event;
    Ok(Received {
        key: text("an event's key", received.key)?,
        identities: texts("an event's identities", received.identities)?,
        kind: text("an event's kind", event.kind)?,
        at: event.at,
        channel: optional_text("an event's channel", event.channel)?,
        touchpoint: optional_text("an event's touchpoint", event.touchpoint)?,
        properties: object("an event's properties", &event.properties)?,
    })
}

fn refusal(refusal: receive_wire::Refusal) -> Refusal {
    match refusal {
        receive_wire::Refusal::BadSignature => Refusal::BadSignature,
        receive_wire::Refusal::Stale => Refusal::Stale,
        receive_wire::Refusal::Malformed(why) => Refusal::Malformed(cut(why)),
        receive_wire::Refusal::BadConfig(why) => Refusal::BadConfig(cut(why)),
    }
}

fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::BadAnswer(problem) => Fault::Answer(problem),
        other => Fault::Answer(other.to_string()),
    }
}
