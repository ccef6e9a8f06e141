//! A WeChat service account: customer-service, template and subscribe messages out, what followers say and do in.
//!
//! A text that an approved template could have made goes out as that template, which reaches followers at any time, or those who
//! subscribed to it; all else is a customer-service message, which WeChat takes for a while after the follower's own only.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{
    Authorization, Connector, Incoming, Outbound, Receive, Reception, Refusal, Request, Response, Session, Step,
};
use guanxi_plugin::words::Instant;

const API: &str = "https://api.weixin.qq.com/cgi-bin";

struct Wechat;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    app_id: String,
    #[serde(default)]
    mode: Mode,
    /// Texts of approved templates by their ids.
    #[serde(default)]
    templates: BTreeMap<String, String>,
    /// Texts of templates to which followers subscribe, by their ids.
    #[serde(default)]
    subscribe_templates: BTreeMap<String, String>,
    /// In whose name customer-service messages come.
    kf_account: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Safe,
    Plain,
}

impl Connector for Wechat {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::resume(left, response, now)
    }
}

impl Session for Wechat {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if settings.app_id.is_empty() || !settings.app_id.chars().all(good) {
            return Err(Failure::BadConfig("`app-id` has letters, digits, _ and - only".to_owned()));
        }
        let query = format!("grant_type=client_credential&appid={}&secret={{{{secret:app-secret}}}}", settings.app_id);
        Ok(Authorization {
            request: Request::get(&format!("{API}/token?{query}")),
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for Wechat {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Wechat + Session + Receive);
