//! Messages to members, in the forms that WeCom has for them.

use guanxi_channel_kit::several::{self, Post};
use guanxi_channel_kit::wecom::{named, url};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Step};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;

/// Bytes of a text and characters of a card's parts; WeCom cuts what is beyond. From its documentation of app messages.
const TEXT_BYTES_MAX: usize = 2_048;
const TITLE_MAX: usize = 128;
const DESCRIPTION_MAX: usize = 512;

/// What of a neutral content WeCom carries to members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    media: Option<Media>,
    mini_program: Option<MiniProgram>,
}

/// What was uploaded to WeCom before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    kind: String,
    media_id: String,
}

/// A page of a mini program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MiniProgram {
    app_id: String,
    page: String,
}

pub fn begin(settings: &Settings, message: &Outbound) -> Result<Step, Failure> {
    match posts(settings, message) {
        Ok(posts) => several::start(&[], posts),
        Err(why) => Ok(Step::Done(Outcome::Rejected(why))),
    }
}

/// The messages, or why there are none.
fn posts(settings: &Settings, message: &Outbound) -> Result<Vec<Post>, String> {
    let to = named(&settings.corp_id, message.address_value())?;
    let content: Content = serde_json::from_str(&message.content)
        .map_err(|problem| format!("WeCom cannot carry this content: {problem}"))?;
    let wrap = |(kind, part): (String, Value)| {
        let mut body = json!({ "touser": to, "agentid": settings.agent_id, "msgtype": kind, "safe": 0 });
        if let Some(fields) = body.as_object_mut() {
            fields.insert(kind, part);
        }
        (url("message/send"), body)
    };
    Ok(forms(content)?.into_iter().map(wrap).collect())
}

/// The messages of a content: their kinds and what WeCom calls by the same names.
fn forms(content: Content) -> Result<Vec<(String, Value)>, String> {
    let Content { text, title, url, image, media, mini_program } = content;
    if let Some(MiniProgram { app_id, page }) = mini_program {
        let card = json!({ "appid": app_id, "page": page, "title": title.unwrap_or_default(), "description": text });
        return Ok(vec![("miniprogram_notice".to_owned(), card)]);
    }
    if let Some(Media { kind, media_id }) = media {
        return match kind.as_str() {
            "video" => {
                let video = json!({ "media_id": media_id, "title": title.unwrap_or_default(), "description": text });
                Ok(vec![(kind, video)])
            }
            "image" | "voice" | "file" => Ok(vec![(kind, json!({ "media_id": media_id })), said(text, url)?]),
            _ => Err(format!("WeCom knows no media `{kind}`")),
        };
    }
    let (Some(title), Some(url)) = (&title, &url) else {
        if title.is_some() || image.is_some() {
            return Err("WeCom shows a title and an image in an article, which has a `title` and a `url`".to_owned());
        }
        return Ok(vec![said(text, url)?]);
    };
    for (what, part, most) in [("title", title, TITLE_MAX), ("text", &text, DESCRIPTION_MAX)] {
        let characters = part.chars().count();
        if characters > most {
            return Err(format!("the {what} of an article has {characters} characters, and WeCom takes {most}"));
        }
    }
    let mut card = json!({ "title": title, "description": text, "url": url });
    Ok(match (image, card.as_object_mut()) {
        (Some(image), Some(fields)) => {
            fields.insert("picurl".to_owned(), Value::from(image));
            vec![("news".to_owned(), json!({ "articles": [card] }))]
        }
        _ => vec![("textcard".to_owned(), card)],
    })
}

/// A text, and below it where it leads.
fn said(text: String, url: Option<String>) -> Result<(String, Value), String> {
    let text = [Some(text), url].into_iter().flatten().collect::<Vec<_>>().join("\n");
    match text.len() {
        bytes if bytes > TEXT_BYTES_MAX => Err(format!("the text has {bytes} bytes, and WeCom takes {TEXT_BYTES_MAX}")),
        _ => Ok(("text".to_owned(), json!({ "content": text }))),
    }
}
