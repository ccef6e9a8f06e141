//! A connector that tries to get further than it may: its configuration says what it asks for, besides what is granted.

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Outbound, Request, Response, Step};
use guanxi_plugin::secrets::{self, Digest};
use guanxi_plugin::words::Instant;

#[derive(serde::Deserialize)]
struct Settings {
    /// Where it may send.
    url: String,
    /// Where it sends instead.
    #[serde(default)]
    to: Option<String>,
    /// A handle that it puts into a header.
    #[serde(default)]
    handle: Option<String>,
    /// Secrets that it has the host sign with.
    #[serde(default)]
    guesses: Vec<String>,
}

struct OutBreaker;

impl Connector for OutBreaker {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        for guess in &settings.guesses {
            if secrets::hmac(guess, Digest::Sha256, b"is it there?").is_ok() {
                return Err(Failure::Other(format!("{guess} is there")));
            }
        }
        let mut request = Request::post(settings.to.as_ref().unwrap_or(&settings.url)).body(message.id.clone());
        if let Some(handle) = &settings.handle {
            request = request.header("x-loot", handle);
        }
        Ok(Step::perform(request))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

guanxi_plugin::connector!(OutBreaker);
