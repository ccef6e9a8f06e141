//! Text messages and calls through Twilio; receipts, replies and who opted out in.

mod receive;
mod send;
mod sign;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Twilio;

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    account_sid: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    messaging_service_sid: String,
    #[serde(default)]
    deliver_by: DeliverBy,
    #[serde(default = "english")]
    language: String,
    #[serde(default)]
    callback_url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DeliverBy {
    #[default]
    Sms,
    Call,
}

fn english() -> String {
    "en-US".to_owned()
}

impl Connector for Twilio {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Receive for Twilio {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Twilio + Receive);
