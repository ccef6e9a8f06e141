//! Calls of connectors: a message or a response in, the next step out.

use guanxi_domain::Millis;
use guanxi_domain::campaign::Failure;
use guanxi_domain::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_domain::limits::{CallLimits, GUEST_JSON_BYTES_MAX};
use guanxi_domain::manifest::Kind;

use crate::bindings::exports::guanxi::plugin::connector as wire;
use crate::bindings::guanxi::plugin::{http, types};
use crate::plugin::{Fault, Terms};
use crate::raise::{bad, cut, entries, optional_text, text};
use crate::{Call, CallError, Plugin, Secrets};

impl Plugin {
    /// Starts to deliver one message.
    pub fn send(
        &self,
        config: &str,
        message: &Outbound,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<Step, Failure>> {
        let Some(connector) = &self.0.exports.connector else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("send", 1, limits) };
        self.0.run(terms, |store, instance| {
            let guest = connector.load(&mut *store, instance)?;
            let message = wire::Outbound {
                id: &message.id,
                address: &message.address,
                content: &message.content,
                created: message.created,
                now: message.now,
                attempt: message.attempt,
            };
            step(guest.call_send(&mut *store, config, message)?)
        })
    }

    /// Goes on with the response to the request that the last step asked for; it came at `now`.
    pub fn resume(
        &self,
        config: &str,
        continuation: &[u8],
        response: &Response,
        now: Millis,
        secrets: &Secrets,
        limits: &CallLimits,
    ) -> Call<Result<Step, Failure>> {
        let Some(connector) = &self.0.exports.connector else {
            return Call::refused(CallError::WrongKind(Kind::Connector));
        };
        let terms = Terms { secrets: secrets.clone(), ..Terms::new("resume", 1, limits) };
        self.0.run(terms, |store, instance| {
            let guest = connector.load(&mut *store, instance)?;
            let headers = header_params(&response.headers);
            let response = http::ResponseParam { status: response.status, headers: &headers, body: &response.body };
            step(guest.call_resume(&mut *store, config, continuation, response, now)?)
        })
    }
}

/// Headers as a guest is shown them.
pub(crate) fn header_params(headers: &[(String, String)]) -> Vec<http::HeaderParam<'_>> {
    headers.iter().map(|(name, value)| http::HeaderParam { name, value }).collect()
}

pub(crate) fn step(step: Result<http::Step, types::Failure>) -> Result<Result<Step, Failure>, Fault> {
    let step = match step {
        Ok(step) => step,
        Err(failure) => return Ok(Err(failure.into())),
    };
    let step = match step {
        http::Step::Done(done) => outcome(done).map(Step::Done),
        http::Step::Perform(exchange) => request(exchange.request).and_then(|request| {
            let continuation =
                within("the continuation", exchange.continuation.len()).map(|()| exchange.continuation)?;
            Ok(Step::Perform { request, continuation })
        }),
    };
    step.map(Ok).map_err(|failure| match failure {
        Failure::BadAnswer(problem) => Fault::Answer(problem),
        other => Fault::Answer(other.to_string()),
    })
}

/// The body alone may be as large as the limits of the call let an answer be.
pub(crate) fn request(request: http::Request) -> Result<Request, Failure> {
    within("the URL", request.url.len())?;
    for header in &request.headers {
        within("a header's value", header.value.len())?;
    }
    let headers = entries("headers", request.headers)?.into_iter();
    Ok(Request {
        method: text("the method", request.method)?,
        url: request.url,
        headers: headers
            .map(|header| Ok((text("a header's name", header.name)?, header.value)))
            .collect::<Result<_, Failure>>()?,
        body: request.body,
    })
}

pub(crate) fn within(what: &str, length: usize) -> Result<(), Failure> {
    match length {
        0..=GUEST_JSON_BYTES_MAX => Ok(()),
        _ => Err(bad(format!("{what} has {length} bytes, more than {GUEST_JSON_BYTES_MAX}"))),
    }
}

pub(crate) fn outcome(outcome: http::Outcome) -> Result<Outcome, Failure> {
    Ok(match outcome {
        http::Outcome::Sent(id) => Outcome::Sent(optional_text("the channel's id", id)?),
        http::Outcome::RefreshSession => Outcome::RefreshSession,
        http::Outcome::RetryAfter(seconds) => Outcome::RetryAfter(seconds),
        http::Outcome::QuotaExhausted(until) => Outcome::QuotaExhausted(until),
        http::Outcome::WindowClosed => Outcome::WindowClosed,
        http::Outcome::RecipientGone(why) => Outcome::RecipientGone(cut(why)),
        http::Outcome::Rejected(why) => Outcome::Rejected(cut(why)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: http::Request, continuation: usize, expected: &str) {
        let exchange = http::Exchange { request, continuation: vec![0; continuation] };
        let Err(Fault::Answer(problem)) = step(Ok(http::Step::Perform(exchange))) else { panic!("taken") };
        assert_eq!(problem, expected);
    }

    fn request(url: usize, headers: usize) -> http::Request {
        let header = http::HeaderResult { name: "x".into(), value: String::new() };
        http::Request { method: "GET".into(), url: "u".repeat(url), headers: vec![header; headers], body: Vec::new() }
    }

    #[test]
    fn what_the_host_must_keep_or_send_is_bounded() {
        check(request(40_000, 0), 0, "the URL has 40000 bytes, more than 32768");
        check(request(10, 200), 0, "headers has 200 entries, more than 128");
        check(request(10, 1), 40_000, "the continuation has 40000 bytes, more than 32768");
    }
}
