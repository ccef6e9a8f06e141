//! An account on X: direct messages out; who writes, follows and mentions it in.

mod receive;
mod send;
mod sign;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct X;

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    #[serde(default)]
    consumer_key: String,
    #[serde(default)]
    token: String,
}

impl Connector for X {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for X {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(X + Receive);
