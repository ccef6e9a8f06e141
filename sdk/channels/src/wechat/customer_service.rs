//! Customer-service messages, as service accounts and mini programs send them: from a neutral content to WeChat's own forms.

use serde::Deserialize;
use serde_json::{Value, json};

/// Bytes of a text; beyond it WeChat answers 45002.
const TEXT_BYTES_MAX: usize = 2_048;
/// Choices of a menu, and characters of one.
const CHOICES_MAX: usize = 10;
const CHOICE_CHARACTERS_MAX: usize = 40;

/// What of a neutral content WeChat carries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The text.
    pub text: String,
    /// What stands above it.
    pub title: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// The URL of a picture.
    pub image: Option<String>,
    /// Choices.
    #[serde(default)]
    pub buttons: Vec<Button>,
    /// What was uploaded to WeChat before.
    pub media: Option<Media>,
    /// The mini program to which it leads.
    pub mini_program: Option<MiniProgram>,
}

/// A choice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    text: String,
    value: String,
}

/// What was uploaded to WeChat before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    kind: Kind,
    media_id: String,
    thumb_media_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Image,
    Voice,
    Video,
    Mpnews,
    Mpnewsarticle,
    Wxcard,
}

/// A page of a mini program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MiniProgram {
    /// Its AppID; a mini program's own may be left out.
    pub app_id: Option<String>,
    /// Which page.
    pub page: String,
    /// The picture of its card.
    pub thumb_media_id: Option<String>,
}

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A service account.
    ServiceAccount,
    /// A mini program, which has fewer forms.
    MiniProgram,
}

/// A message: its kind and what WeChat calls by the same name.
pub type Form = (&'static str, Value);

impl Content {
    /// Reads a content, or says why WeChat cannot carry it.
    pub fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|problem| format!("WeChat cannot carry this content: {problem}"))
    }

    /// Whether it is no more than a text that perhaps leads somewhere, as a template is.
    pub fn is_plain(&self) -> bool {
        self.title.is_none() && self.image.is_none() && self.buttons.is_empty() && self.media.is_none()
    }

    /// The messages of which it is made, in order: what has no place for a text comes before a message with the text.
    pub fn forms(self, sender: Sender) -> Result<Vec<Form>, String> {
        let Self { text, title, url, image, buttons, media, mini_program } = self;
        let text = match (&title, url.as_deref()) {
            (None, Some(url)) => format!("{text}\n{url}"),
            _ => text,
        };
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!("the text has {} bytes, and WeChat takes {TEXT_BYTES_MAX}", text.len()));
        }
        let alone = image.is_none() && buttons.is_empty();
        match (media, mini_program) {
            (None, None) if sender == Sender::MiniProgram => Ok(vec![link(text, title, url, image, &buttons)?]),
            (None, None) => Ok(vec![worded(text, title, url, image, &buttons)?]),
            (Some(media), None) if alone => uploaded(sender, media, text, title),
            (None, Some(program)) if alone => page(sender, program, text, title),
            _ => {
                Err("WeChat shows media and mini programs alone: without an image, buttons and one another".to_owned())
            }
        }
    }
}

fn page(sender: Sender, program: MiniProgram, text: String, title: Option<String>) -> Result<Vec<Form>, String> {
    let MiniProgram { app_id, page, thumb_media_id } = program;
    let thumb = thumb_media_id.ok_or("the card of a mini program has a `thumb_media_id`")?;
    let mut card = json!({ "title": title.unwrap_or_else(|| text.clone()), "pagepath": page, "thumb_media_id": thumb });
    match (sender, app_id) {
        (Sender::ServiceAccount, Some(app_id)) => set(&mut card, "appid", json!(app_id)),
        (Sender::ServiceAccount, None) => return Err("the card of a mini program has an `app_id`".to_owned()),
        (Sender::MiniProgram, _) => {}
    }
    Ok(vec![("miniprogrampage", card), said(text)])
}

fn said(text: String) -> Form {
    ("text", json!({ "content": text }))
}

fn uploaded(sender: Sender, media: Media, text: String, title: Option<String>) -> Result<Vec<Form>, String> {
    let Media { kind, media_id, thumb_media_id } = media;
    let by_id = json!({ "media_id": media_id });
    Ok(match kind {
        Kind::Image => vec![("image", by_id), said(text)],
        _ if sender == Sender::MiniProgram => return Err("a mini program sends no media but images".to_owned()),
        Kind::Video => {
            let thumb = thumb_media_id.ok_or("a video has a `thumb_media_id`")?;
            let title = title.unwrap_or_default();
            let video = json!({ "media_id": media_id, "thumb_media_id": thumb, "title": title, "description": text });
            vec![("video", video)]
        }
        Kind::Voice => vec![("voice", by_id), said(text)],
        Kind::Mpnews => vec![("mpnews", by_id), said(text)],
        Kind::Mpnewsarticle => vec![("mpnewsarticle", json!({ "article_id": media_id })), said(text)],
        Kind::Wxcard => vec![("wxcard", json!({ "card_id": media_id })), said(text)],
    })
}

fn worded(
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    buttons: &[Button],
) -> Result<Form, String> {
    match (title, url, buttons.is_empty()) {
        (Some(title), Some(url), true) => {
            let article =
                json!({ "title": title, "description": text, "url": url, "picurl": image.unwrap_or_default() });
            Ok(("news", json!({ "articles": [article] })))
        }
        (None, _, true) if image.is_none() => Ok(said(text)),
        (None, _, false) if image.is_none() => menu(&text, buttons),
        _ => {
            Err("WeChat shows a title and an image in an article, which has a `title`, a `url` and no buttons"
                .to_owned())
        }
    }
}

fn link(
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    buttons: &[Button],
) -> Result<Form, String> {
    match (title, url, image) {
        (Some(title), Some(url), Some(image)) if buttons.is_empty() => {
            Ok(("link", json!({ "title": title, "description": text, "url": url, "thumb_url": image })))
        }
        (None, _, None) if buttons.is_empty() => Ok(said(text)),
        _ => {
            Err("a mini program shows a title and an image in a link, which has both, a `url` and no buttons"
                .to_owned())
        }
    }
}

fn menu(text: &str, buttons: &[Button]) -> Result<Form, String> {
    if buttons.len() > CHOICES_MAX || buttons.iter().any(|button| button.text.chars().count() > CHOICE_CHARACTERS_MAX) {
        return Err(format!("a menu has at most {CHOICES_MAX} buttons of {CHOICE_CHARACTERS_MAX} characters"));
    }
    let list: Vec<Value> = buttons.iter().map(|button| json!({ "id": button.value, "content": button.text })).collect();
    Ok(("msgmenu", json!({ "head_content": text, "list": list, "tail_content": "" })))
}

/// Sets a member of a body.
pub fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
