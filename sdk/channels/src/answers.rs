//! What codes in answers of channels mean: tables that connectors keep as data, and the outcomes that follow.

use guanxi_plugin::connector::{Outcome, Response};
use guanxi_plugin::log;
use guanxi_plugin::words::{HOUR, Instant};

use crate::civil;

/// Seconds to wait where somebody has to mend something.
pub const MENDED: u32 = 300;

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The session is over.
    Refresh,
    /// Again after so many seconds.
    Later(u32),
    /// The quota is used up until midnight in Beijing.
    Day,
    /// The quota is used up, and the channel does not say until when.
    Hour,
    /// The reply window is over.
    Window,
    /// The recipient is gone.
    Gone,
}

impl Class {
    /// The outcome of an answer that says `told`.
    pub fn outcome(self, told: String, now: Instant) -> Outcome {
        match self {
            Self::Refresh => Outcome::RefreshSession,
            Self::Later(seconds) => {
                log!(warn, "{told}");
                Outcome::RetryAfter(seconds)
            }
            Self::Day => Outcome::QuotaExhausted(civil::next_day(now)),
            Self::Hour => Outcome::QuotaExhausted(now + HOUR),
            Self::Window => Outcome::WindowClosed,
            Self::Gone => Outcome::RecipientGone(told),
        }
    }
}

/// The outcome of an answer with this code; a code that the table does not know rejects the message.
pub fn outcome(codes: &[(i64, Class)], code: i64, told: String, now: Instant) -> Outcome {
    let class = codes.iter().find(|(known, _)| *known == code).map(|(_, class)| *class);
    class.map_or_else(|| Outcome::Rejected(told.clone()), |class| class.outcome(told.clone(), now))
}

/// What the status alone says of a channel that answers 200 to everything it understood; nothing if the body has to be read.
pub fn by_status(response: &Response, channel: &str) -> Option<Outcome> {
    match response.status {
        200..=299 => None,
        429 | 500..=599 => Some(Outcome::RetryAfter(response.retry_after())),
        status => {
            log!(warn, "{channel} answered {status}: is something between it and this host?");
            Some(Outcome::RetryAfter(MENDED))
        }
    }
}

#[cfg(test)]
mod tests {
    use guanxi_plugin::testing::{self, NOW};

    use super::*;

    #[test]
    fn codes_and_statuses_are_outcomes() {
        let codes = [(1, Class::Refresh), (2, Class::Later(7)), (3, Class::Hour), (4, Class::Gone), (5, Class::Window)];
        let check = |code, expected| assert_eq!(outcome(&codes, code, "no".to_owned(), NOW), expected);
        check(1, Outcome::RefreshSession);
        check(2, Outcome::RetryAfter(7));
        check(3, Outcome::QuotaExhausted(NOW + HOUR));
        check(4, Outcome::RecipientGone("no".to_owned()));
        check(5, Outcome::WindowClosed);
        check(6, Outcome::Rejected("no".to_owned()));
        let by = |status| by_status(&testing::response(status, &[("retry-after", "9")], b""), "It");
        assert_eq!([by(200), by(429), by(502)], [None, Some(Outcome::RetryAfter(9)), Some(Outcome::RetryAfter(9))]);
        assert_eq!(by(404), Some(Outcome::RetryAfter(MENDED)));
    }
}
