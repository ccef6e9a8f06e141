//! A professional account on Instagram: messages out within the window; what people write, tap and come by in.

mod send;
#[cfg(test)]
mod tests;

use guanxi_channel_kit::meta;
use guanxi_channel_kit::meta::messaging::{self, Place};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Instagram;

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    #[serde(default)]
    account_id: String,
    #[serde(default = "current")]
    api_version: String,
    /// Whether the token is a page's, and not the account's own.
    #[serde(default)]
    facebook_login: bool,
    /// Under which Meta takes messages outside the window.
    tag: Option<String>,
}

fn current() -> String {
    "v26.0".to_owned()
}

impl Connector for Instagram {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Instagram {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        if let Some(shaken) = meta::handshake(request) {
            return shaken;
        }
        let account = settings.account_id.as_str();
        let place = Place { channel: "instagram", identity: "instagram_id", object: "instagram", account };
        messaging::read(place, &meta::signed(request)?, now)
    }
}

guanxi_plugin::connector!(Instagram + Receive);
