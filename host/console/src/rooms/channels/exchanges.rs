//! What was exchanged with a channel, as people read it.

use guanxi_domain::exchange::{Excerpt, Exchange, SeenRequest, SeenResponse};

use crate::format::{Time, count, pretty, whole};

/// One request with its answer.
pub struct Exchanged {
    pub at: Time,
    pub took: String,
    pub method: String,
    pub url: String,
    pub sent: Part,
    pub status: Option<u16>,
    pub came: Option<Part>,
    pub error: Option<String>,
}

/// Headers and body of one side.
pub struct Part {
    pub headers: String,
    pub body: String,
    pub base64: bool,
    /// The whole length of what is cut.
    pub cut: Option<String>,
}

impl Exchanged {
    /// All of them, in order.
    pub fn all(exchanges: Vec<Exchange>) -> Vec<Self> {
        exchanges.into_iter().map(Self::of).collect()
    }

    fn of(exchange: Exchange) -> Self {
        let SeenRequest { method, url, headers, body } = exchange.request;
        let (status, came) = match exchange.response {
            Some(SeenResponse { status, headers, body }) => (Some(status), Some(Part::of(&headers, body))),
            None => (None, None),
        };
        Self {
            at: Time(exchange.at),
            took: format!("{} ms", count(exchange.took_ms)),
            method,
            url,
            sent: Part::of(&headers, body),
            status,
            came,
            error: exchange.error,
        }
    }
}

impl Part {
    fn of(headers: &[(String, String)], body: Excerpt) -> Self {
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let Excerpt { content, base64, bytes, cut } = body;
        let body = if base64 || cut { content } else { pretty(&content) };
        Self { headers: lines.join("\n"), body, base64, cut: cut.then(|| whole(bytes)) }
    }
}
