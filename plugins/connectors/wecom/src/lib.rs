//! A WeCom app: messages to members out; what members write, and which external contacts come and go, in.

mod send;
#[cfg(test)]
mod tests;

use guanxi_channel_kit::{several, wecom};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Authorization, Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Session, Step,
};
use guanxi_plugin::words::Instant;

struct Wecom;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    corp_id: String,
    agent_id: u64,
}

impl Connector for Wecom {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        several::go_on(&[], left, wecom::outcome(response, now)?)
    }
}

impl Session for Wecom {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        wecom::authorize(&settings.corp_id)
    }
}

impl Receive for Wecom {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        wecom::receive(&settings.corp_id, "wecom", request, now)
    }
}

guanxi_plugin::connector!(Wecom + Session + Receive);
