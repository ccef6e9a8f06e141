//! A number of the WhatsApp Cloud API: texts, pictures, buttons, lists and approved templates out; messages, taps, receipts and
//! who wants no more marketing in.
//!
//! A text that an approved template could have made goes out as that template, which reaches people at any time; all else WhatsApp
//! takes for a day after the person's own message only.

mod message;
mod receive;
mod send;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Whatsapp;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    phone_number_id: String,
    #[serde(default = "current")]
    api_version: String,
    /// Bodies of approved templates by `name/language`.
    #[serde(default)]
    templates: BTreeMap<String, String>,
}

fn current() -> String {
    "v26.0".to_owned()
}

impl Connector for Whatsapp {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Whatsapp {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Whatsapp + Receive);
