//! Calls of a connector's facets: how to get a session, what a channel's own request says, what is new on a channel, and a
//! change of an audience.

use guanxi_domain::Millis;
use guanxi_domain::campaign::Failure;
use guanxi_domain::connector::{
    AudienceChange, Authorization, Incoming, Page, PollStep, Received, Reception, Refusal, Response, Step,
};
use guanxi_domain::limits::{CALLBACK_EVENTS_MAX, CallLimits, POLL_CURSOR_BYTES_MAX, POLL_EVENTS_MAX};
use guanxi_domain::manifest::Kind;

use crate::bindings::exports::guanxi::plugin::{
    connector_audience as audience_wire, connector_poll as poll_wire, connector_receive as receive_wire,
    connector_session as session_wire,
};
use crate::bindings::guanxi::plugin::{http, types};
use crate::connector::{header_params, outcome, request, step, within};
use crate::plugin::{Fault, Terms};
use crate::raise::{bad, cut, entries, object, optional_text, text, texts};
use crate::{Call, CallError, Plugin, Secrets};

/// Bytes of the body with which a channel's request is answered.
const REPLY_BYTES_MAX: usize = 64 * 1024;
/// As how many items a page counts for its fuel.
const PAGE_ITEMS: usize = 100;

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
            let headers = header_params(&incoming.headers);
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

    /// Whether it is a connector whose channel must be asked.
    pub fn polls(&self) -> bool {
        self.0.exports.poll.is_some()
    }

    /// Whether it is a connector whose channel keeps audiences.
    pub fn keeps_audiences(&self) -> bool {
        self.0.exports.audience.is_some()
    }

    /// Starts to ask for what is new since `cursor`.
    pub fn poll(
        &self,
        config: &str,
        cursor: Option<&str>,
        now: Millis,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<PollStep, Failure>> {
        let Some(poll) = &self.0.exports.poll else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("poll", 1, limits) };
        self.0.run(terms, |store, instance| {
            let guest = poll.load(&mut *store, instance)?;
            poll_step(guest.call_poll(&mut *store, config, cursor, now)?)
        })
    }

    /// Goes on with the response to the request that the last step of a poll asked for; it came at `now`.
    pub fn resume_poll(
        &self,
        config: &str,
        continuation: &[u8],
        response: &Response,
        now: Millis,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<PollStep, Failure>> {
        let Some(poll) = &self.0.exports.poll else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        // A page has many events.
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("resume-poll", PAGE_ITEMS, limits) };
        self.0.run(terms, |store, instance| {
            let guest = poll.load(&mut *store, instance)?;
            let headers = header_params(&response.headers);
            let response = http::ResponseParam { status: response.status, headers: &headers, body: &response.body };
            poll_step(guest.call_resume_poll(&mut *store, config, continuation, response, now)?)
        })
    }

    /// Starts to upload a change of an audience.
    pub fn upload(
        &self,
        config: &str,
        change: &AudienceChange,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<Step, Failure>> {
        let Some(audience) = &self.0.exports.audience else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let items = change.add.len() + change.remove.len();
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("upload", items, limits) };
        self.0.run(terms, |store, instance| {
            let guest = audience.load(&mut *store, instance)?;
            let add: Vec<&str> = change.add.iter().map(String::as_str).collect();
            let remove: Vec<&str> = change.remove.iter().map(String::as_str).collect();
            let change = audience_wire::AudienceChange { audience: &change.audience, add: &add, remove: &remove };
            step(guest.call_upload(&mut *store, config, change)?)
        })
    }

    /// Goes on with the response to the request that the last step of an upload asked for; it came at `now`.
    pub fn resume_upload(
        &self,
        config: &str,
        continuation: &[u8],
        response: &Response,
        now: Millis,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<Step, Failure>> {
        let Some(audience) = &self.0.exports.audience else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("resume-upload", 1, limits) };
        self.0.run(terms, |store, instance| {
            let guest = audience.load(&mut *store, instance)?;
            let headers = header_params(&response.headers);
            let response = http::ResponseParam { status: response.status, headers: &headers, body: &response.body };
            step(guest.call_resume_upload(&mut *store, config, continuation, response, now)?)
        })
    }
}

fn poll_step(step: Result<poll_wire::PollStep, types::Failure>) -> Result<Result<PollStep, Failure>, Fault> {
    let step = match step {
        Ok(poll_wire::PollStep::Done(done)) => page(done).map(PollStep::Done),
        Ok(poll_wire::PollStep::Failed(failed)) => outcome(failed).map(PollStep::Failed),
        Ok(poll_wire::PollStep::Perform(exchange)) => request(exchange.request).and_then(|request| {
            within("the continuation", exchange.continuation.len())?;
            Ok(PollStep::Perform { request, continuation: exchange.continuation })
        }),
        Err(failure) => return Ok(Err(failure.into())),
    };
    step.map(Ok).map_err(fault)
}

fn page(page: poll_wire::Page) -> Result<Page, Failure> {
    let events = match page.events.len() {
        0..=POLL_EVENTS_MAX => page.events,
        length => return Err(bad(format!("{length} events, more than {POLL_EVENTS_MAX}"))),
    };
    let cursor = match page.cursor {
        Some(cursor) if cursor.len() > POLL_CURSOR_BYTES_MAX || cursor.contains('\0') => {
            return Err(bad(format!("the cursor has more than {POLL_CURSOR_BYTES_MAX} bytes, or a zero byte")));
        }
        cursor => cursor,
    };
    Ok(Page { cursor, events: events.into_iter().map(received).collect::<Result<_, Failure>>()?, more: page.more })
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
