//! Messages to followers, and what Weibo's answers mean.

use guanxi_channel_kit::answers;
use guanxi_channel_kit::content::Content;
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Request, Response, Step};
use guanxi_plugin::words::Instant;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{AUTHORIZATION, CODES};

const REPLY: &str = "https://m.api.weibo.com/2/messages/reply.json";
/// Characters of a text are fewer than this.
const TEXT_END: usize = 300;

#[derive(Deserialize)]
struct Answer {
    result: bool,
}

#[derive(Deserialize)]
struct Refused {
    error_code: i64,
    #[serde(default)]
    error: String,
}

pub fn begin(message: &Outbound) -> Result<Step, Failure> {
    let to = message.address_value();
    let (kind, data) = match form(to, &message.content) {
        Ok(form) => form,
        Err(why) => return Ok(Step::Done(Outcome::Rejected(why))),
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("type", kind)
        .append_pair("data", &data.to_string())
        .append_pair("receiver_id", to)
        .append_pair("save_sender_box", "1")
        .finish();
    let request = Request::post(REPLY)
        .header("authorization", AUTHORIZATION)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    Ok(Step::perform(request))
}

/// The kind of the message and what it says, or why there is none.
fn form(to: &str, content: &str) -> Result<(&'static str, Value), String> {
    if !(1..=20).contains(&to.len()) || !to.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the address is no uid of Weibo".to_owned());
    }
    let content: Content =
        serde_json::from_str(content).map_err(|problem| format!("Weibo cannot carry this content: {problem}"))?;
    match content {
        Content { buttons, .. } if !buttons.is_empty() => Err("Weibo knows no buttons".to_owned()),
        Content { text, title: Some(title), url: Some(url), image: Some(image), .. } => {
            let article = json!({ "display_name": title, "summary": text, "image": image, "url": url });
            Ok(("articles", json!({ "articles": [article] })))
        }
        Content { text, title: None, url, image: None, .. } => {
            let text = [Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n");
            match text.chars().count() {
                characters if characters >= TEXT_END => {
                    Err(format!("the text has {characters} characters, and Weibo takes fewer than {TEXT_END}"))
                }
                _ => Ok(("text", json!({ "text": text }))),
            }
        }
        _ => Err("Weibo shows a title and an image in an article, which has both and a `url`".to_owned()),
    }
}

/// What an answer means. A good one that cannot be read may hide that the message arrived.
pub fn outcome(response: &Response, now: Instant) -> Result<Outcome, Failure> {
    if let Some(outcome) = refused(response, now) {
        return Ok(outcome);
    }
    match response.json::<Answer>()?.result {
        true => Ok(Outcome::Sent(None)),
        false => Ok(Outcome::Rejected("Weibo says that it did not take the message, and not why".to_owned())),
    }
}

/// What an answer that is no good one means; errors come with statuses good and bad.
pub fn refused(response: &Response, now: Instant) -> Option<Outcome> {
    match response.json::<Refused>() {
        Ok(Refused { error_code, error }) if response.status != 429 && response.status < 500 => {
            let told = format!("Weibo answered {error_code}: {error}");
            let class = CODES.iter().find(|(codes, _)| codes.contains(&error_code)).map(|(_, class)| class);
            Some(class.map_or(Outcome::Rejected(told.clone()), |class| class.outcome(told, now)))
        }
        _ => answers::by_status(response, "Weibo"),
    }
}
