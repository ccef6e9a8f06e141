//! A Telegram bot: texts, photos and buttons out; messages, taps on buttons, and who blocks the bot in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

/// How many messages Telegram takes, within how many seconds. From python-telegram-bot `constants.py` FloodLimit, looked up
/// 2026-11-21. Beyond them it answers 429 with `retry_after`.
pub const FLOOD_LIMITS: &[(&str, u32, u32)] = &[("chat", 1, 1), ("bot", 30, 1), ("group", 20, 60)];

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
