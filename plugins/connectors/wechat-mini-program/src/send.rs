//! Messages to users: a subscribe message if a template says the text, else one of customer service.

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
        // What leads to a page is a subscribe message, as long as it has no picture.
        Err(why) if settings.templates.is_empty() && leads_to_a_page(message) => {
            Err(Failure::BadConfig(format!("templates: there are none, and {why}")))
        }
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

fn leads_to_a_page(message: &Outbound) -> bool {
    Content::read(&message.content)
        .is_ok_and(|content| content.mini_program.is_some_and(|page| page.thumb_media_id.is_none()))
}

/// Which messages go out, or why none.
fn request(settings: &Settings, message: &Outbound) -> Result<(&'static str, Vec<Value>), String> {
    let address = message.address_value();
    // A bare one may be a follower's of the service account, who is somebody else here.
    if !address.contains('/') {
        return Err(format!("an openid of this mini program is written `{}/openid`", settings.app_id));
    }
    let to = openid(&settings.app_id, address)?;
    let content = Content::read(&message.content)?;
    if content.is_plain()
        && let Some((id, data)) = template::matching(&settings.templates, &content.text)?
    {
        if content.url.is_some() {
            return Err("a subscribe message leads to a page of the mini program, and to no `url`".to_owned());
        }
        let mut body = json!({ "touser": to, "template_id": id, "miniprogram_state": settings.state, "lang": "zh_CN", "data": data });
        if let Some(program) = content.mini_program {
            set(&mut body, "page", json!(program.page));
        }
        return Ok(("subscribe/send", vec![body]));
    }
    let wrap = |(kind, part): (&str, Value)| json!({ "touser": to, "msgtype": kind, kind: part });
    Ok((CUSTOMER_SERVICE, content.forms(Sender::MiniProgram)?.into_iter().map(wrap).collect()))
}
