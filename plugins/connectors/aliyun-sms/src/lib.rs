//! Text messages through Alibaba Cloud, from templates that it approved; receipts and replies in.

mod receive;
mod send;
mod sign;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use guanxi_channel_kit::template::Marks;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

/// How many messages one number gets from one signature, within how many seconds, unless the account says otherwise. From
/// the help page of `isv.BUSINESS_LIMIT_CONTROL` (codes: 1 a minute, 5 an hour, 10 a day), looked up 2026-11-21.
pub const PER_NUMBER: &[(&str, u32, u32)] = &[("code", 1, 60), ("code", 5, 3_600), ("code", 10, 86_400)];

/// How the cloud writes the place of a value.
const MARKS: Marks = Marks { open: "${", close: "}" };

struct Aliyun;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    access_key_id: String,
    sign_name: String,
    /// Texts of approved templates by their codes.
    templates: BTreeMap<String, String>,
}

impl Connector for Aliyun {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Aliyun {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Aliyun + Receive);
