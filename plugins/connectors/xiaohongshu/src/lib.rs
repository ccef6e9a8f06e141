//! A Xiaohongshu shop: its orders as they change in, notes on them for its staff out. There is no public way to write to people.

mod ark;
mod note;
mod orders;
mod receive;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Connector, Incoming, Outbound, Poll, PollStep, Receive, Reception, Refusal, Response, Step,
};
use guanxi_plugin::words::Instant;

const CHANNEL: &str = "xiaohongshu";

struct Xiaohongshu;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    app_id: String,
    access_token: String,
    #[serde(default = "yes")]
    orders: bool,
}

fn yes() -> bool {
    true
}

impl Connector for Xiaohongshu {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        note::begin(settings, message)
    }

    fn resume(settings: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        note::resume(settings, left, response, now)
    }
}

impl Receive for Xiaohongshu {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

impl Poll for Xiaohongshu {
    fn poll(settings: &Settings, cursor: Option<&str>, now: Instant) -> Result<PollStep, Failure> {
        orders::poll(settings, cursor, now)
    }

    fn resume_poll(_: &Settings, place: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
        orders::page(place, response, now)
    }
}

guanxi_plugin::connector!(Xiaohongshu + Receive + Poll);
