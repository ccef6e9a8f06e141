//! A Douyin account: replies to people who write to it out; what they write and do in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Authorization, Connector, Incoming, Outbound, Receive, Reception, Refusal, Request, Response, Session, Step,
};
use guanxi_plugin::words::Instant;
use serde_json::json;

const CHANNEL: &str = "douyin";
const API: &str = "https://open.douyin.com";

/// Seconds in which a message can be answered, and somebody who opened the chat can be greeted. As public adapters of
/// `im/send/msg` have them, looked up 2026-11-28.
pub const REPLY_SECONDS: u32 = 24 * 3_600;
pub const GREETING_SECONDS: u32 = 30;

struct Douyin;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    client_key: String,
    open_id: String,
}

impl Connector for Douyin {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::resume(left, response, now)
    }
}

impl Session for Douyin {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        let body = json!({
            "grant_type": "client_credential",
            "client_key": settings.client_key,
            "client_secret": "{{secret:client-secret}}",
        });
        Ok(Authorization {
            request: Request::post(&format!("{API}/oauth/client_token/")).json(&body)?,
            token_pointer: "/data/access_token".to_owned(),
            lifetime_pointer: Some("/data/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for Douyin {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Douyin + Session + Receive);
