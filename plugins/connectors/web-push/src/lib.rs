//! Push messages to browsers (RFC 8030), encrypted for each (RFC 8291), in the name of the brand's website (RFC 8292).

mod seal;
mod send;
mod subscription;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Outbound, Response, Step};
use guanxi_plugin::words::Instant;

struct WebPush;

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    /// Uncompressed point in base64url.
    public_key: String,
    contact: String,
    title: String,
    site: String,
    #[serde(default = "a_day")]
    ttl_seconds: i64,
    #[serde(default)]
    urgency: Urgency,
    #[serde(default)]
    push_service: String,
}

#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Urgency {
    VeryLow,
    Low,
    #[default]
    Normal,
    High,
}

fn a_day() -> i64 {
    86_400
}

impl Urgency {
    /// As RFC 8030 writes it.
    fn name(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

impl Connector for WebPush {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(send::outcome(response)))
    }
}

guanxi_plugin::connector!(WebPush);
