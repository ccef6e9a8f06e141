//! Text messages through Tencent Cloud, from templates that it approved; receipts and replies in.

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

/// How many messages one number gets, within how many seconds, unless the application says otherwise. From the names of
/// the API's errors `LimitExceeded.*` and the default frequency policy, looked up 2026-11-21.
pub const PER_NUMBER: &[(&str, u32, u32)] = &[("same text", 1, 30), ("any", 5, 3_600), ("any", 10, 86_400)];

/// How the cloud writes the place of a value.
const MARKS: Marks = Marks { open: "{", close: "}" };

struct Tencent;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    secret_id: String,
    sdk_app_id: String,
    #[serde(default = "guangzhou")]
    region: String,
    sign_name: String,
    /// Texts of approved templates by their ids.
    templates: BTreeMap<String, String>,
}

fn guangzhou() -> String {
    "ap-guangzhou".to_owned()
}

impl Connector for Tencent {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Tencent {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Tencent + Receive);
