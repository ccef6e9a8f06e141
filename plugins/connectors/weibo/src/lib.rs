//! A Weibo account: messages of the fans service out, what followers write and do in, and who mentions it or comments.

mod listen;
mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_channel_kit::answers::{Class, MENDED};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Connector, Incoming, Outbound, Poll, PollStep, Receive, Reception, Refusal, Response, Step,
};
use guanxi_plugin::words::Instant;

const CHANNEL: &str = "weibo";
const AUTHORIZATION: &str = "OAuth2 {{secret:access-token}}";
const BUSY: u32 = 30;

/// Seconds in which a follower's message can be answered; a mention once in that time. From open.weibo.com/wiki
/// Send_Customer_Service_Message, looked up 2026-11-21.
pub const REPLY_SECONDS: u32 = 48 * 3_600;

/// What Weibo's codes mean; all others reject. From open.weibo.com/wiki/Error_code. Calls are counted by the hour; where the token
/// is over or a permission lacks, somebody has to authorise again.
const CODES: &[(&[i64], Class)] = &[
    (&[10_001, 10_002, 10_003, 10_009, 10_010, 10_011], Class::Later(BUSY)),
    (&[10_022, 10_023, 10_024], Class::Hour),
    (&[10_006, 10_014, 21_301, 21_314, 21_315, 21_316, 21_317, 21_327, 21_332], Class::Later(MENDED)),
    (&[20_003], Class::Gone),
];

struct Weibo;

#[derive(Debug, serde::Deserialize)]
struct Settings {
    #[serde(default)]
    business: bool,
    #[serde(default = "yes")]
    listen: bool,
}

fn yes() -> bool {
    true
}

impl Connector for Weibo {
    type Config = Settings;

    fn send(_: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Weibo {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

impl Poll for Weibo {
    fn poll(settings: &Settings, cursor: Option<&str>, _: Instant) -> Result<PollStep, Failure> {
        listen::poll(settings, cursor)
    }

    fn resume_poll(_: &Settings, place: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
        listen::page(place, response, now)
    }
}

guanxi_plugin::connector!(Weibo + Receive + Poll);
