//! Mail through a server of the brand's own: signed messages out; bounces, and who does not want any more, in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_channel_kit::mail;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Incoming, Outbound, Receive, Reception, Refusal, Response, Step};
use guanxi_plugin::words::Instant;

struct Email;

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Settings {
    url: String,
    username: String,
    from_address: String,
    from_name: String,
    reply_to: String,
    return_path: String,
    dkim_selector: String,
    dkim_domain: String,
    callback_url: String,
    unsubscribe_purpose: String,
    plain: bool,
}

impl Settings {
    /// Says what is missing or no address.
    fn check(&self) -> Result<(), Failure> {
        if self.url.is_empty() {
            return Err(Failure::BadConfig("url: is missing".to_owned()));
        }
        let places =
            [("from-address", &self.from_address), ("reply-to", &self.reply_to), ("return-path", &self.return_path)];
        let set = |(name, address): &(&str, &String)| *name == "from-address" || !address.is_empty();
        let mut bad = places.into_iter().filter(set).filter(|(_, address)| !mail::is_address(address));
        match bad.next() {
            Some((name, _)) => Err(Failure::BadConfig(format!("{name}: is no address of mail in ASCII"))),
            None => Ok(()),
        }
    }
}

impl Connector for Email {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, continuation: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        send::outcome(response, continuation).map(Step::Done)
    }
}

impl Receive for Email {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Email + Receive);
