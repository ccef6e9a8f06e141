//! A WeChat mini program: subscribe and customer-service messages out, what its users do in, and who they are.
//!
//! The exchange of a login's code for a session key is the brand's own backend's, for it answers the mini program at once. What
//! came of it, the backend tells here: signed by WeChat with that key or encrypted under it, so that nobody has to be believed.

mod login;
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
use serde_json::json;

const CHANNEL: &str = "wechat-mini-program";
const API: &str = "https://api.weixin.qq.com/cgi-bin";

struct MiniProgram;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    app_id: String,
    #[serde(default)]
    mode: Mode,
    /// Texts of templates to which users subscribe, by their ids.
    #[serde(default)]
    templates: BTreeMap<String, String>,
    #[serde(default)]
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Safe,
    Plain,
}

#[derive(Debug, Clone, Copy, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    #[default]
    Formal,
    Trial,
    Developer,
}

impl Connector for MiniProgram {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::resume(left, response, now)
    }
}

impl Session for MiniProgram {
    /// The stable token: asking for it does not end the one that the brand's backend uses.
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": settings.app_id,
            "secret": "{{secret:app-secret}}",
        });
        Ok(Authorization {
            request: Request::post(&format!("{API}/stable_token")).json(&body)?,
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 7_200,
        })
    }
}

impl Receive for MiniProgram {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(MiniProgram + Session + Receive);
