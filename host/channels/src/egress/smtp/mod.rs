//! Mail on behalf of sandboxed connectors. A request is one message for one address; it passes the same locks as one for HTTP,
//! and its bytes leave as the connector wrote them.
//!
//! | Part of the request | Says |
//! |---|---|
//! | method | `SEND` |
//! | URL | `smtps://HOST` or `smtp://HOST`, perhaps with a port |
//! | `mail-from`, `rcpt-to` | return path (may be empty) and recipient |
//! | `username`, `password` | for AUTH PLAIN or LOGIN; both or none |
//! | `tls` | `optional` beside `smtp`: plain text where the server offers no STARTTLS, if the operator allows it |
//! | body | the message, RFC 5322 |
//!
//! The response has the code of the reply that decided as its status, the server's words as its body, and the headers `phase`
//! and `enhanced-status`.

mod greeting;
mod letter;
mod pool;
mod session;
mod wire;

use std::fmt;
use std::time::Duration;

use guanxi_domain::connector::{Request, Response};
use tokio::time::{Instant, timeout_at};

use super::EgressError;
use super::dial::Dialer;
use super::hop::Gate;
use letter::Letter;
use pool::Pool;
use session::Session;

/// Sends mail; keeps connections.
pub(super) struct Smtp {
    dialer: Dialer,
    pool: Pool,
    total_timeout: Duration,
}

/// Checks all that is checked before a connection is made.
pub(super) fn judge(request: &Request, gate: &Gate<'_>, body_max: usize) -> Result<(), EgressError> {
    Letter::read(request, gate, body_max).map(drop)
}

impl Smtp {
    pub(super) fn new(dialer: Dialer, total_timeout: Duration, idle_timeout: Duration) -> Self {
        Self { dialer, pool: Pool::new(idle_timeout), total_timeout }
    }

    /// Hands one message over; what the server refuses is a response as well.
    pub(super) async fn perform(
        &self,
        request: &Request,
        gate: &Gate<'_>,
        body_max: usize,
    ) -> Result<Response, EgressError> {
        let letter = Letter::read(request, gate, body_max)?;
        match self.deliver(&letter, Instant::now() + self.total_timeout).await {
            Ok(response) | Err(Halt::Reply(response)) => Ok(response),
            Err(Halt::Error(error)) => Err(error),
        }
    }

    async fn deliver(&self, letter: &Letter, end: Instant) -> Result<Response, Halt> {
        let late = || {
            let reason = format!("not within {} ms", self.total_timeout.as_millis());
            Halt::from(EgressError::Interrupted { host: letter.door.target.host.clone(), reason })
        };
        let mut session = timeout_at(end, self.session(letter)).await.map_err(|_| late())??;
        let sent = match timeout_at(end, session.send(letter)).await {
            Ok(sent) => sent,
            Err(_) if session.has_handed_over() => Err(EgressError::Timeout { after: self.total_timeout }.into()),
            Err(_) => Err(late()),
        };
        if !matches!(sent, Err(Halt::Error(_))) && session.is_reusable() {
            self.pool.put(&letter.door, session);
        }
        sent
    }

    async fn session(&self, letter: &Letter) -> Result<Session, Halt> {
        while let Some(mut waiting) = self.pool.take(&letter.door) {
            if waiting.is_ready().await {
                return Ok(waiting);
            }
        }
        Session::open(&letter.door, &self.dialer).await
    }
}

/// Shows no connections: their doors know passwords.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("total_timeout", &self.total_timeout).finish_non_exhaustive()
    }
}

/// What ends an exchange early.
enum Halt {
    /// The server says no.
    Reply(Response),
    /// There is no answer.
    Error(EgressError),
}

impl Halt {
    fn reply(phase: Phase, code: u16, words: &str) -> Self {
        Self::Reply(phase.answer(code, words))
    }
}

impl From<EgressError> for Halt {
    fn from(error: EgressError) -> Self {
        Self::Error(error)
    }
}

/// What the reply that decided was a reply to.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    Message,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::MailFrom => "mail-from",
            Self::RcptTo => "rcpt-to",
            Self::Data => "data",
            Self::Message => "message",
        }
    }

    fn answer(self, code: u16, words: &str) -> Response {
        let mut headers = vec![("phase".to_owned(), self.name().to_owned())];
        headers.extend(enhanced(words).map(|status| ("enhanced-status".to_owned(), status.to_owned())));
        Response { status: code, headers, body: words.as_bytes().to_vec() }
    }
}

/// The enhanced status code (RFC 3463) with which a server's words begin.
fn enhanced(words: &str) -> Option<&str> {
    let first = words.split_whitespace().next()?;
    let mut parts = first.split('.');
    let class = parts.next().filter(|class| matches!(*class, "2" | "4" | "5"));
    let number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let rest = [parts.next(), parts.next()].iter().all(|part| part.is_some_and(number));
    (class.is_some() && rest && parts.next().is_none()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_2_words_may_begin_with_an_enhanced_status() {
        for (words, expected) in [
            ("5.1.1 no such user", Some("5.1.1")),
            ("4.7.650 later", Some("4.7.650")),
            ("2.0.0", Some("2.0.0")),
            ("3.1.1 odd", None),
            ("5.1", None),
            ("5.1.1.1", None),
            ("5.x.1", None),
            ("", None),
        ] {
            assert_eq!(enhanced(words), expected, "{words}");
        }
    }
}
