//! A LINE official account: push messages out, what friends write and do in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;
use guanxi_plugin::{Failure, NoConfig};

struct Line;

impl Connector for Line {
    type Config = NoConfig;

    fn send(_: &NoConfig, message: &Outbound) -> Result<Step, Failure> {
        send::begin(message)
    }

    fn resume(_: &NoConfig, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Line {
    fn receive(_: &NoConfig, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Line + Receive);
