//! Messages to followers: which of WeChat's ways a content takes.

use guanxi_channel_kit::several;
use guanxi_channel_kit::wechat::customer_service::{Content, Sender, set};
use guanxi_channel_kit::wechat::{openid, outcome, template};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Response, Step};
use guanxi_plugin::words::Instant;
use serde_json::{Value, json};

use crate::{API, Settings};

const CUSTOMER_SERVICE: &str = "custom/send";

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    match request(settings, message) {
        Ok((path, bodies)) => several::start(&[], bodies.into_iter().map(|body| (url(path), body)).collect()),
        Err(why) => Ok(Step::Done(Outcome::Rejected(why))),
    }
}

pub fn resume(left: &[u8], response: &Response, now: Instant) -> Result<Step, Failure> {
    several::go_on(&[], left, outcome(response, now)?)
}

fn url(path: &str) -> String {
    format!("{API}/message/{path}?access_token={{{{session}}}}")
}

/// Which messages go out, or why none.
fn request(settings: &Settings, message: &Outbound) -> Result<(&'static str, Vec<Value>), String> {
    let to = openid(&settings.app_id, message.address_value())?;
    let content = Content::read(&message.content)?;
    if content.is_plain() {
        for (path, templates, link) in [
            ("template/send", &settings.templates, "url"),
            ("subscribe/bizsend", &settings.subscribe_templates, "page"),
        ] {
            let Some((id, data)) = template::matching(templates, &content.text)? else { continue };
            let mut body = json!({ "touser": to, "template_id": id, "data": data });
            if let Some(url) = content.url {
                set(&mut body, link, json!(url));
            }
            if let Some(program) = content.mini_program {
                set(&mut body, "miniprogram", json!({ "appid": program.app_id, "pagepath": program.page }));
            }
            return Ok((path, vec![body]));
        }
    }
    let wrap = |(kind, part): (&str, Value)| {
        let mut body = json!({ "touser": to, "msgtype": kind, kind: part });
        if let Some(account) = &settings.kf_account {
            set(&mut body, "customservice", json!({ "kf_account": account }));
        }
        body
    };
    Ok((CUSTOMER_SERVICE, content.forms(Sender::ServiceAccount)?.into_iter().map(wrap).collect()))
}
