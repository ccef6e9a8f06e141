//! A QQ bot: messages to people and in groups out, mostly as replies; what they write and do in.

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

/// How many messages of its own accord a bot may send to one person or group in a month, how many replies to one message, and
/// within how many seconds, to a person and in a group. From QQ's documentation as quoted in tencent-connect/bot-docs issue
/// 216, looked up 2026-11-28.
pub const A_MONTH: u32 = 4;
pub const REPLIES: u32 = 5;
pub const REPLY_SECONDS: (u32, u32) = (3_600, 300);

struct Bot;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    app_id: String,
    #[serde(default)]
    markdown: bool,
}

impl Connector for Bot {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::resume(left, response, now)
    }
}

impl Session for Bot {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        let body = json!({ "appId": settings.app_id, "clientSecret": "{{secret:bot-secret}}" });
        Ok(Authorization {
            request: Request::post("https://bots.qq.com/app/getAppAccessToken").json(&body)?,
            token_pointer: "/access_token".to_owned(),
            // A number that is written as a text.
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for Bot {
    fn receive(_: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(request, now)
    }
}

guanxi_plugin::connector!(Bot + Session + Receive);
