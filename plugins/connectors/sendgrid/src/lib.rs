//! Email through SendGrid; what became of it, and who unsubscribed, in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Sendgrid;

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    from: String,
    #[serde(default)]
    from_name: String,
    subject: String,
    #[serde(default)]
    unsubscribe: String,
    /// SubjectPublicKeyInfo in base 64.
    #[serde(default)]
    verification_key: String,
    #[serde(default = "marketing")]
    purpose: String,
}

fn marketing() -> String {
    "marketing".to_owned()
}

impl Connector for Sendgrid {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(send::outcome(response, now)))
    }
}

impl Receive for Sendgrid {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Sendgrid + Receive);
