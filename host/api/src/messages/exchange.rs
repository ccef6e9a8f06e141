//! What went out to a channel and what came back, as it is shown.

use guanxi_domain::Millis;
use guanxi_domain::exchange::{Excerpt, Exchange, SeenRequest, SeenResponse};
use serde::Serialize;
use utoipa::ToSchema;

/// One request to a channel and what came of it. Secrets and sessions are not shown: placeholders stand where the host put
/// them in, and `[secret]` where the channel quoted one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exchange)]
pub struct ExchangeBody {
    /// When the request left, milliseconds since the epoch.
    pub at: Millis,
    /// How long it took until the end of the answer, milliseconds.
    pub took_ms: i64,
    /// As the connector described it.
    pub request: RequestBody,
    /// What the channel answered; `null` if it did not.
    pub response: Option<ResponseBody>,
    /// Why there is no answer.
    pub error: Option<String>,
}

/// A request, of which long parts are cut.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExchangeRequest)]
pub struct RequestBody {
    /// `GET`, `POST` …
    pub method: String,
    /// Absolute.
    pub url: String,
    /// The first 16 headers.
    pub headers: Vec<HeaderBody>,
    /// The body.
    pub body: ExcerptBody,
}

/// An answer, of which long parts are cut.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExchangeResponse)]
pub struct ResponseBody {
    /// Status code.
    pub status: u16,
    /// The first 16 headers.
    pub headers: Vec<HeaderBody>,
    /// The body.
    pub body: ExcerptBody,
}

/// A header.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExchangeHeader)]
pub struct HeaderBody {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The first 4 KiB of a body.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExchangeExcerpt)]
pub struct ExcerptBody {
    /// Text as it is; other bytes in base64.
    pub content: String,
    /// Whether `content` is base64.
    pub base64: bool,
    /// Bytes of the whole body.
    pub bytes: u64,
    /// Whether the body goes on behind `content`.
    pub cut: bool,
}

impl From<Exchange> for ExchangeBody {
    fn from(exchange: Exchange) -> Self {
        let SeenRequest { method, url, headers: sent, body } = exchange.request;
        Self {
            at: exchange.at,
            took_ms: exchange.took_ms,
            request: RequestBody { method, url, headers: headers(sent), body: body.into() },
            response: exchange.response.map(|SeenResponse { status, headers: came, body }| ResponseBody {
                status,
                headers: headers(came),
                body: body.into(),
            }),
            error: exchange.error,
        }
    }
}

impl From<Excerpt> for ExcerptBody {
    fn from(Excerpt { content, base64, bytes, cut }: Excerpt) -> Self {
        Self { content, base64, bytes, cut }
    }
}

fn headers(all: Vec<(String, String)>) -> Vec<HeaderBody> {
    all.into_iter().map(|(name, value)| HeaderBody { name, value }).collect()
}
