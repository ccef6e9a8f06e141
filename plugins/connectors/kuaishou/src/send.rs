//! Subscribe messages, and what Kuaishou's answers mean.

use guanxi_channel_kit::answers::{self, Class};
use guanxi_channel_kit::template::{Marks, matching};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{API, FORM, Settings};

/// How Kuaishou writes the place of a value.
const MARKS: Marks = Marks { open: "{{", close: "}}" };
/// The most characters of a value, by the beginning of its name. From mp.kuaishou.com/docs/develop/server/sendMessage.html.
const VALUE_CHARACTERS_MAX: &[(&str, usize)] = &[
    ("thing", 20),
    ("number", 32),
    ("letter", 32),
    ("symbol", 5),
    ("string", 32),
    ("amount", 20),
    ("phone", 11),
    ("licensePlate", 8),
    ("status", 5),
];
/// What the platform answers when all went well.
const GOOD: i64 = 1;
/// What its codes mean; all others reject the message. From `KwaiOpenResultCode` of the platform's Java SDK, looked up 2026-11-28.
const CODES: &[(i64, Class)] = &[
    (100_200_102, Class::Refresh),
    (100_200_108, Class::Refresh),
    (100_200_107, Class::Gone),
    (100_200_109, Class::Gone),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    mini_program: Option<MiniProgram>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MiniProgram {
    page: String,
}

#[derive(Deserialize)]
struct Answer {
    result: i64,
    #[serde(default, alias = "errorMsg")]
    error_msg: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    let body = match body(settings, message) {
        Ok(body) => body,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let app_id: String = form_urlencoded::byte_serialize(settings.app_id.as_bytes()).collect();
    let url = format!("{API}/openapi/mp/developer/message/template/send?app_id={app_id}&access_token={{{{session}}}}");
    Ok(Step::perform(Request::post(&url).header("content-type", FORM).body(body)))
}

/// The form, or why nothing can be sent.
fn body(settings: &Settings, message: &Outbound) -> Result<String, String> {
    let to = message.address_value();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=128).contains(&to.len()) || !to.bytes().all(good) {
        return Err("the address is no open_id of Kuaishou".to_owned());
    }
    let Content { text, mini_program } = serde_json::from_str(&message.content)
        .map_err(|problem| format!("Kuaishou cannot carry this content: {problem}"))?;
    let Some((template, values)) = matching(MARKS, &settings.templates, &text) else {
        return Err("no template says this: Kuaishou carries subscribe messages only".to_owned());
    };
    for (name, value) in &values {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let most = VALUE_CHARACTERS_MAX.iter().find(|(known, _)| *known == kind).map_or(usize::MAX, |(_, most)| *most);
        let characters = value.chars().count();
        if characters > most {
            return Err(format!("`{name}` has {characters} characters, and Kuaishou takes {most}"));
        }
    }
    let data: Map<String, Value> = values.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect();
    let page = mini_program.map_or_else(|| settings.page.clone(), |program| program.page);
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("template_id", template)
        .append_pair("to_user", to)
        .append_pair("page", &page)
        .append_pair("data", &Value::Object(data).to_string())
        .finish();
    Ok(form)
}

/// What an answer means. What cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if let Some(outcome) = answers::by_status(response, "Kuaishou") {
        return Ok(outcome);
    }
    let Answer { result, error_msg } = response.json()?;
    Ok(match result {
        GOOD => Outcome::Sent(None),
        code => answers::outcome(CODES, code, format!("Kuaishou answered {code}: {error_msg}"), now),
    })
}
