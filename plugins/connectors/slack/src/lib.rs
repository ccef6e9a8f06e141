//! A Slack app: direct messages out; what people write and tap in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, NoConfig};

struct Slack;

impl Connector for Slack {
    type Config = NoConfig;

    fn send(_: &NoConfig, message: &Outbound) -> Result<Step, Failure> {
        send::begin(message)
    }

    fn resume(_: &NoConfig, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        send::outcome(response).map(Step::Done)
    }
}

impl Receive for Slack {
    fn receive(_: &NoConfig, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Slack + Receive);
