//! Text messages through a carrier or an aggregator that speaks SMPP: texts in parts out, receipts and replies in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Smpp;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    url: String,
    system_id: String,
    #[serde(default)]
    system_type: String,
    source: String,
    #[serde(default = "parts_max")]
    parts_max: usize,
}

fn parts_max() -> usize {
    8
}

impl Connector for Smpp {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        send::outcome(response).map(Step::Done)
    }
}

impl Receive for Smpp {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Smpp + Receive);
