//! Messages to external contacts: a welcome, customer service, or a message that a member is asked to pass on.

use guanxi_channel_kit::several::{self, Post};
use guanxi_channel_kit::wecom::{named, url};
use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Outbound, Outcome, Step};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;

/// Bytes of the text of a welcome or of a message that a member passes on, and of customer service.
const TEXT_BYTES_MAX: usize = 4_000;
const SERVICE_BYTES_MAX: usize = 2_048;
/// Characters of the title of a mini program's card.
const CARD_TITLE_MAX: usize = 20;

/// What of a neutral content WeCom carries to external contacts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    media: Option<Media>,
    mini_program: Option<MiniProgram>,
    /// As the welcome to which this code entitles,
    welcome_code: Option<String>,
    /// from this customer-service account,
    open_kfid: Option<String>,
    /// or from this member.
    sender: Option<String>,
}

/// What was uploaded to WeCom before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    kind: String,
    media_id: String,
}

/// A page of a mini program, and the picture of its card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MiniProgram {
    app_id: String,
    page: String,
    thumb_media_id: String,
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
    if let Some(open_kfid) = content.open_kfid.clone() {
        return customer_service(to, &open_kfid, content, &message.id);
    }
    let (welcome_code, sender) = (content.welcome_code.clone(), content.sender.clone());
    let (text, attachments) = parts(content)?;
    let text = json!({ "content": text });
    let (path, body) = match (welcome_code, sender) {
        (Some(_), Some(_)) => return Err("a welcome comes from whom the contact has added".to_owned()),
        (Some(code), None) => {
            ("send_welcome_msg", json!({ "welcome_code": code, "text": text, "attachments": attachments }))
        }
        (None, Some(sender)) => (
            "add_msg_template",
            json!({ "chat_type": "single", "external_userid": [to], "sender": sender, "text": text, "attachments": attachments }),
        ),
        (None, None) => (
            "add_msg_template",
            json!({ "chat_type": "single", "external_userid": [to], "text": text, "attachments": attachments }),
        ),
    };
    Ok(vec![(url(&format!("externalcontact/{path}")), body)])
}

/// The text and what is attached to it.
fn parts(content: Content) -> Result<(String, Vec<Value>), String> {
    let Content { text, title, url, image, media, mini_program, .. } = content;
    let mut attachments = Vec::new();
    let mut lines = vec![text];
    match (title, url) {
        (Some(title), Some(url)) => {
            let picture = image.unwrap_or_default();
            attachments.push(json!({ "msgtype": "link", "link": { "title": title, "picurl": picture, "url": url } }));
        }
        (None, url) if image.is_none() => lines.extend(url),
        _ => return Err("WeCom shows a title and an image in a link, which has a `title` and a `url`".to_owned()),
    }
    match media {
        Some(Media { kind, media_id }) if ["image", "video", "file"].contains(&kind.as_str()) => {
            attachments.push(json!({ "msgtype": kind, kind: { "media_id": media_id } }));
        }
        Some(Media { kind, .. }) => return Err(format!("external contacts get no media `{kind}`")),
        None => {}
    }
    if let Some(MiniProgram { app_id, page, thumb_media_id }) = mini_program {
        let title: String = lines.concat().chars().take(CARD_TITLE_MAX).collect();
        let card = json!({ "title": title, "pic_media_id": thumb_media_id, "appid": app_id, "page": page });
        attachments.push(json!({ "msgtype": "miniprogram", "miniprogram": card }));
    }
    Ok((bounded(lines.join("\n"), TEXT_BYTES_MAX)?, attachments))
}

fn bounded(text: String, most: usize) -> Result<String, String> {
    match text.len() {
        bytes if bytes > most => Err(format!("the text has {bytes} bytes, and WeCom takes {most}")),
        _ => Ok(text),
    }
}

/// Customer service knows repetitions by the ids of messages.
fn customer_service(to: &str, open_kfid: &str, content: Content, id: &str) -> Result<Vec<Post>, String> {
    let Content { text, title, url: link, image, media, mini_program, welcome_code, sender, .. } = content;
    if image.is_some() || mini_program.is_some() || welcome_code.is_some() || sender.is_some() {
        return Err("customer service sends a text, perhaps with `title`, `url` and `media`".to_owned());
    }
    let mut forms = Vec::new();
    if let Some(Media { kind, media_id }) = media {
        if !["image", "voice", "video", "file"].contains(&kind.as_str()) {
            return Err(format!("customer service sends no media `{kind}`"));
        }
        forms.push((kind, json!({ "media_id": media_id })));
    }
    let text = [title, Some(text), link].into_iter().flatten().collect::<Vec<_>>().join("\n");
    forms.push(("text".to_owned(), json!({ "content": bounded(text, SERVICE_BYTES_MAX)? })));
    let wrap = |(number, (kind, part)): (usize, (String, Value))| {
        let msgid = if number == 0 { id.to_owned() } else { format!("{id}-{number}") };
        (
            url("kf/send_msg"),
            json!({ "touser": to, "open_kfid": open_kfid, "msgid": msgid, "msgtype": kind, kind: part }),
        )
    };
    Ok(forms.into_iter().enumerate().map(wrap).collect())
}
