//! What is wrong with a content before it is kept: everything at once, each with its place.

use serde_json::Value;

use super::media::PREFIX;
use crate::JsonMap;

/// The most bytes of a document that is kept, in all its languages.
pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024;
/// The most characters of a title, of a text and of a button.
const TITLE_MAX: usize = 200;
const TEXT_MAX: usize = 8_000;
const BUTTON_MAX: usize = 80;
const VALUE_MAX: usize = 2_000;
const URL_MAX: usize = 2_000;
/// The most cards, buttons, languages and channels.
const CARDS_MAX: usize = 10;
const BUTTONS_MAX: usize = 20;
const LAYERS_MAX: usize = 40;
/// The most problems that are told at once.
const PROBLEMS_MAX: usize = 50;

/// A member of a content that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct BadMember {
    /// `buttons[0].url`, `languages.zh.text` …
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Everything that is wrong with a document; nothing if it can be kept.
pub fn check(document: &JsonMap) -> Vec<BadMember> {
    let mut checked = Checked::default();
    if serde_json::to_string(document).is_ok_and(|text| text.len() > DOCUMENT_BYTES_MAX) {
        checked.bad("", format!("the document has more than {DOCUMENT_BYTES_MAX} bytes; say less, or split it"));
        return checked.problems;
    }
    checked.layer("", document, true);
    let variants = document.get("languages").and_then(Value::as_object);
    let says = |layer: &JsonMap| layer.get("text").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let all_say =
        variants.is_some_and(|all| !all.is_empty() && all.values().all(|one| one.as_object().is_some_and(says)));
    if !says(document) && !all_say {
        checked.bad("text", "is missing; every content needs a text, in itself or in each of its languages".to_owned());
    }
    checked.problems.truncate(PROBLEMS_MAX);
    checked.problems
}

/// Whether a content may be called so: 2 to 64 of `a-z 0-9 -`, not `preview`.
pub fn is_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=64).contains(&name.len()) && name.bytes().all(good) && name != "preview"
}

#[derive(Default)]
struct Checked {
    problems: Vec<BadMember>,
}

impl Checked {
    fn bad(&mut self, at: &str, problem: String) {
        self.problems.push(BadMember { at: at.to_owned(), problem });
    }

    /// A document, or what one says in a language or on a channel.
    fn layer(&mut self, at: &str, layer: &JsonMap, whole: bool) {
        for (name, value) in layer {
            let at = below(at, name);
            match (name.as_str(), value) {
                // A language takes away what the document says.
                (_, Value::Null) if !whole => {}
                ("text", value) => self.text(&at, value, TEXT_MAX),
                ("title", value) => self.text(&at, value, TITLE_MAX),
                ("url", value) => self.url(&at, value),
                ("image" | "voice" | "video", value) => self.media(&at, value),
                ("article", value) => self.card(&at, value),
                ("cards", Value::Array(cards)) if (1..=CARDS_MAX).contains(&cards.len()) => {
                    for (index, card) in cards.iter().enumerate() {
                        self.card(&format!("{at}[{index}]"), card);
                    }
                }
                ("cards", _) => self.bad(&at, format!("is a list of 1 to {CARDS_MAX} cards")),
                ("buttons", Value::Array(buttons)) if (1..=BUTTONS_MAX).contains(&buttons.len()) => {
                    for (index, button) in buttons.iter().enumerate() {
                        self.button(&format!("{at}[{index}]"), button);
                    }
                }
                ("buttons", _) => self.bad(&at, format!("is a list of 1 to {BUTTONS_MAX} buttons")),
                ("channels", Value::Object(channels)) if channels.len() <= LAYERS_MAX => self.channels(&at, channels),
                ("channels", _) => {
                    self.bad(&at, format!("gives what is different on at most {LAYERS_MAX} channels, by channel"));
                }
                ("languages", Value::Object(languages)) if whole && languages.len() <= LAYERS_MAX => {
                    self.languages(&at, languages);
                }
                ("languages", _) if whole => {
                    self.bad(&at, format!("gives what is different in at most {LAYERS_MAX} languages, by language"));
                }
                _ => {
                    let known = "text, title, url, image, voice, video, article, cards, buttons, channels, languages";
                    let problem = format!(
                        "is no member of a content: they are {known}; what only one channel knows goes below `channels`"
                    );
                    self.bad(&at, problem);
                }
            }
        }
    }

    /// What only one channel knows is its connector's to check.
    fn channels(&mut self, at: &str, channels: &JsonMap) {
        for (channel, own) in channels {
            let at = below(at, channel);
            match own {
                Value::Object(_) if (1..=64).contains(&channel.len()) => {}
                _ => self.bad(&at, "is an object with what is different on this channel".to_owned()),
            }
        }
    }

    fn languages(&mut self, at: &str, languages: &JsonMap) {
        let tag = |text: &str| {
            let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
            text.len() <= 35 && text.split('-').all(part)
        };
        for (language, own) in languages {
            let at = below(at, language);
            match own {
                Value::Object(layer) if tag(language) => self.layer(&at, layer, false),
                Value::Object(_) => self.bad(&at, "give the tag of a language, such as zh or en-GB".to_owned()),
                _ => self.bad(&at, "is an object with what is different in this language".to_owned()),
            }
        }
    }

    fn card(&mut self, at: &str, value: &Value) {
        let Value::Object(card) = value else {
            return self.bad(at, "is an object with title, description, url and image".to_owned());
        };
        if !card.contains_key("title") {
            self.bad(&below(at, "title"), "is missing".to_owned());
        }
        for (name, value) in card {
            let at = below(at, name);
            match name.as_str() {
                "title" => self.text(&at, value, TITLE_MAX),
                "description" => self.text(&at, value, TEXT_MAX),
                "url" => self.url(&at, value),
                "image" => self.media(&at, value),
                _ => self.bad(&at, "is no member of a card: they are title, description, url and image".to_owned()),
            }
        }
    }

    fn button(&mut self, at: &str, value: &Value) {
        let Value::Object(button) = value else {
            return self.bad(at, "is an object with text, and url or value".to_owned());
        };
        if button.contains_key("url") == button.contains_key("value") {
            self.bad(at, "has either a url, where it leads, or a value, what choosing it says".to_owned());
        }
        if !button.contains_key("text") {
            self.bad(&below(at, "text"), "is missing".to_owned());
        }
        for (name, value) in button {
            let at = below(at, name);
            match name.as_str() {
                "text" => self.text(&at, value, BUTTON_MAX),
                "value" => self.text(&at, value, VALUE_MAX),
                "url" => self.url(&at, value),
                _ => self.bad(&at, "is no member of a button: they are text, url and value".to_owned()),
            }
        }
    }

    fn text(&mut self, at: &str, value: &Value, most: usize) {
        let length = value.as_str().filter(|text| !text.trim().is_empty()).map(|text| text.chars().count());
        if length.is_none_or(|length| length > most) {
            self.bad(at, format!("is a text of 1 to {most} characters"));
        }
    }

    /// An address, or what the brand keeps with the host.
    fn media(&mut self, at: &str, value: &Value) {
        match value.as_str().and_then(|text| text.strip_prefix(PREFIX)) {
            Some(name) if is_name(name) || name.contains("{{") => {}
            Some(_) => self.bad(at, "names media as media:NAME, the name of 2 to 64 of a-z, 0-9 and -".to_owned()),
            None => self.url(at, value),
        }
    }

    /// Where a variable stands in it, only what is before that can be looked at.
    fn url(&mut self, at: &str, value: &Value) {
        let good = |url: &str| {
            let before = url.split_once("{{").map(|(before, _)| before);
            let web = ["https://", "http://"].iter().any(|scheme| match before {
                Some(before) => before.starts_with(scheme) || scheme.starts_with(before),
                None => url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()),
            });
            web && url.len() <= URL_MAX
                && !url.chars().any(|c| c.is_control() || (c.is_whitespace() && before.is_none()))
        };
        if !value.as_str().is_some_and(good) {
            self.bad(at, format!("is an address that begins with https:// and has at most {URL_MAX} bytes"));
        }
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn places(document: Value, expected: &[&str]) {
        let mut problems = check(document.as_object().unwrap());
        problems.sort_by(|one, other| one.at.cmp(&other.at));
        assert_eq!(problems.iter().map(|bad| bad.at.as_str()).collect::<Vec<_>>(), expected, "{problems:?}");
    }

    #[test]
    fn ch_4_a_good_document_is_kept_as_it_is() {
        places(json!({"text": "Hi {{name}}"}), &[]);
        places(
            json!({
                "text": "Hi", "title": "News", "url": "https://x.example/{{id}}", "image": "{{picture}}",
                "article": {"title": "A", "description": "d", "url": "https://a.example", "image": "http://i.example"},
                "cards": [{"title": "1"}], "buttons": [{"text": "Go", "url": "https://b.example"}, {"text": "Y", "value": "y"}],
                "channels": {"wechat": {"template": {"id": "x"}, "title": null}},
                "languages": {"zh": {"text": "您好", "title": null, "channels": {"sms": {"text": "短"}}}, "en-GB": {}},
            }),
            &[],
        );
        places(json!({"languages": {"zh": {"text": "您好"}, "en": {"text": "Hi"}}}), &[]);
    }

    #[test]
    fn ch_4_everything_that_is_wrong_is_told_with_its_place() {
        places(
            json!({"text": "x", "image": "media:logo", "voice": "media:No", "url": "media:logo"}),
            &["url", "voice"],
        );
        places(json!({}), &["text"]);
        places(json!({"languages": {"zh": {"text": "您好"}, "en": {}}}), &["text"]);
        places(json!({"languages": {"zh": 1}}), &["languages.zh", "text"]);
        places(json!({"text": "x", "txet": "y", "title": ""}), &["title", "txet"]);
        places(json!({"text": "x", "url": "javascript:alert(1)", "image": "a.png"}), &["image", "url"]);
        places(
            json!({"text": "x", "buttons": [{"text": "a"}, {"url": "https://x.example", "value": "y"}, 1]}),
            &["buttons[0]", "buttons[1]", "buttons[1].text", "buttons[2]"],
        );
        places(json!({"text": "x", "cards": [], "article": {"url": "x"}}), &["article.title", "article.url", "cards"]);
        places(
            json!({"text": "x", "channels": {"sms": 1}, "languages": {"!": {}, "zh": []}}),
            &["channels.sms", "languages.!", "languages.zh"],
        );
        places(json!({"text": "x", "languages": {"zh": {"languages": {}}}}), &["languages.zh.languages"]);
        places(json!({"text": "x".repeat(40_000)}), &[""]);
    }

    #[test]
    fn ch_4_names_are_short_and_plain() {
        assert!(is_name("spring-2026") && !is_name("preview") && !is_name("Spring") && !is_name("a"));
    }
}
