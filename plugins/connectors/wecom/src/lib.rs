//! A WeCom app: messages to members out; what members write, and which external contacts come and go, in.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Authorization, Connector, Incoming, Outbound, Receive, Reception, Refusal, Request, Response, Session, Step,
};
use guanxi_plugin::words::Instant;

const API: &str = "https://qyapi.weixin.qq.com/cgi-bin";

/// Seconds in which a new external contact can be welcomed with its `welcome-code`. Not confirmed either.
pub const WELCOME_SECONDS: u32 = 20;

struct Wecom;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    corp_id: String,
    agent_id: u64,
}

impl Connector for Wecom {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Session for Wecom {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if settings.corp_id.is_empty() || !settings.corp_id.chars().all(good) {
            return Err(Failure::BadConfig("`corp-id` has letters, digits, _ and - only".to_owned()));
        }
        let query = format!("corpid={}&corpsecret={{{{secret:corp-secret}}}}", settings.corp_id);
        Ok(Authorization {
            request: Request::get(&format!("{API}/gettoken?{query}")),
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for Wecom {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Wecom + Session + Receive);
