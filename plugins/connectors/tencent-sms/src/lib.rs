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
