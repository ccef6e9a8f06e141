//! Writing requests and reading responses.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Exchange, Header, Outcome, Request, Response, Step};
use crate::config;
use crate::words::Failure;

/// Seconds to wait where the channel does not say.
const WAIT_DEFAULT: u32 = 30;
/// The longest wait taken from a channel: a day.
const WAIT_MAX: u32 = 86_400;

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    /// A `GET` request.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// A `POST` request.
    pub fn post(url: &str) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header; the host replaces `{{secret:NAME}}` and `{{session}}` in its value.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sets a JSON body and its content type.
    pub fn json(self, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(body).map_err(|problem| Failure::Other(format!("the body: {problem}")))?;
        Ok(self.header("content-type", "application/json").body(body))
    }
}

impl Response {
    /// The first header of this name; case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; what does not fit is a [`Failure::BadInput`] with its path.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let bad = |problem: String| Failure::BadInput(format!("the channel's answer: {problem}"));
        let text = std::str::from_utf8(&self.body).map_err(|problem| bad(problem.to_string()))?;
        config::parse(text).map_err(bad)
    }

    /// Seconds to wait by its `Retry-After` header, at most a day; half a minute if it says nothing usable.
    pub fn retry_after(&self) -> u32 {
        let seconds = self.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok());
        seconds.map_or(WAIT_DEFAULT, |seconds| u32::try_from(seconds).unwrap_or(WAIT_MAX).min(WAIT_MAX))
    }

    /// What the status alone says, for channels that follow HTTP: 2xx sent, 410 gone, 408, 425, 429 and 5xx again
    /// later, everything else rejected.
    pub fn outcome(&self) -> Outcome {
        match self.status {
            200..=299 => Outcome::Sent(None),
            410 => Outcome::RecipientGone("the channel answered 410 Gone".to_owned()),
            408 | 425 | 429 | 500..=599 => Outcome::RetryAfter(self.retry_after()),
            status => Outcome::Rejected(format!("the channel answered {status}")),
        }
    }
}

impl Step {
    /// Performs a request; `resume` gets an empty continuation.
    pub fn perform(request: Request) -> Self {
        Self::perform_then(request, Vec::new())
    }

    /// Performs a request; `resume` gets `continuation` back.
    pub fn perform_then(request: Request, continuation: impl Into<Vec<u8>>) -> Self {
        Self::Perform(Exchange { request, continuation: continuation.into() })
    }

    /// The message is delivered; `id` is the channel's own for it.
    pub fn sent(id: Option<String>) -> Self {
        Self::Done(Outcome::Sent(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_status_is_an_outcome() {
        let gone = Outcome::RecipientGone("the channel answered 410 Gone".to_owned());
        let rejected = |status| Outcome::Rejected(format!("the channel answered {status}"));
        for (status, retry_after, expected) in [
            (204, None, Outcome::Sent(None)),
            (301, None, rejected(301)),
            (400, None, rejected(400)),
            (410, None, gone),
            (408, None, Outcome::RetryAfter(30)),
            (429, Some("7"), Outcome::RetryAfter(7)),
            (503, Some("Fri, 31 Dec 1999 23:59:59 GMT"), Outcome::RetryAfter(30)),
            (503, Some("99999999999"), Outcome::RetryAfter(86_400)),
        ] {
            let headers: Vec<(&str, &str)> = retry_after.map(|value| ("Retry-After", value)).into_iter().collect();
            assert_eq!(testing::response(status, &headers, b"").outcome(), expected, "{status} {retry_after:?}");
        }
    }
}
