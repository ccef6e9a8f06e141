//! A Kuaishou mini program: subscribe messages out, what Kuaishou tells of its users in.

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

const CHANNEL: &str = "kuaishou";
const API: &str = "https://open.kuaishou.com";
const FORM: &str = "application/x-www-form-urlencoded";

/// Subscribe messages a second. From mp.kuaishou.com/docs/develop/server/sendMessage.html, looked up 2026-11-28.
pub const A_SECOND: u32 = 100;

struct Kuaishou;

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    app_id: String,
    /// Texts of templates to which users subscribe, by their ids.
    templates: BTreeMap<String, String>,
    #[serde(default = "home")]
    page: String,
}

fn home() -> String {
    "pages/index/index".to_owned()
}

impl Connector for Kuaishou {
    type Config = Settings;

    fn send(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
        send::begin(settings, message)
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
        send::outcome(response, now).map(Step::Done)
    }
}

impl Session for Kuaishou {
    fn authorize(settings: &Settings) -> Result<Authorization, Failure> {
        let app_id: String = form_urlencoded::byte_serialize(settings.app_id.as_bytes()).collect();
        let body = format!("app_id={app_id}&app_secret={{{{secret:app-secret}}}}&grant_type=client_credentials");
        Ok(Authorization {
            request: Request::post(&format!("{API}/oauth2/access_token")).header("content-type", FORM).body(body),
            token_pointer: "/access_token".to_owned(),
            lifetime_pointer: Some("/expires_in".to_owned()),
            lifetime_seconds: 86_400,
        })
    }
}

impl Receive for Kuaishou {
    fn receive(settings: &Settings, request: &Incoming, now: Instant) -> Result<Reception, Refusal> {
        receive::receive(settings, request, now)
    }
}

guanxi_plugin::connector!(Kuaishou + Session + Receive);
