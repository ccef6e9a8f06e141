//! A Telegram bot: texts, photos and buttons out; messages, taps on buttons, and who blocks the bot in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Telegram;

#[derive(Debug, serde::Deserialize)]
struct Settings {
    #[serde(default)]
    silent: bool,
}

impl Connector for Telegram {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        send::outcome(response).map(Step::Done)
    }
}

impl Receive for Telegram {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Telegram + Receive);
