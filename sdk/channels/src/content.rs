//! The neutral content of a message, as connectors read it that carry all of it. Unknown members are refused: what a
//! channel cannot carry must not get lost silently. [`Content`] is what most channels can show, with articles and cards
//! as lines of its text; [`Rich`] is everything, for channels that show more.

use serde::Deserialize;

/// What a message says. An article becomes title, text, URL and picture where there are none; everything else that does not
/// fit stands below the text, a line each.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Shown")]
pub struct Content {
    /// The text.
    pub text: String,
    /// What stands above it.
    pub title: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// The URL of a picture.
    pub image: Option<String>,
    /// In order.
    pub buttons: Vec<Button>,
}

/// Everything that a message may say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rich {
    /// The text.
    pub text: String,
    /// What stands above it.
    pub title: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// The URL of a picture,
    pub image: Option<String>,
    /// of a recording,
    pub voice: Option<String>,
    /// and of a film.
    pub video: Option<String>,
    /// Something to read.
    pub article: Option<Card>,
    /// Several things side by side.
    #[serde(default)]
    pub cards: Vec<Card>,
    /// In order.
    #[serde(default)]
    pub buttons: Vec<Button>,
    /// The URL of an invisible picture, for connectors that show HTML and say so in their manifest (`opens`).
    pub pixel: Option<String>,
}

/// An article, or one card of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What it is called.
    pub title: String,
    /// What it says.
    pub description: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// The URL of a picture.
    pub image: Option<String>,
}

/// What somebody can choose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// What stands on it.
    pub text: String,
    /// Where it leads,
    pub url: Option<String>,
    /// or what choosing it says.
    pub value: Option<String>,
}

/// What can be shown as words, links, a picture and buttons.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    text: String,
    title: Option<String>,
    url: Option<String>,
    image: Option<String>,
    article: Option<Card>,
    #[serde(default)]
    cards: Vec<Card>,
    #[serde(default)]
    buttons: Vec<Button>,
}

impl From<Shown> for Content {
    fn from(Shown { text, title, url, image, article, cards, buttons }: Shown) -> Self {
        let mut content = Self { text, title, url, image, buttons };
        match article {
            Some(Card { title, description, url, image }) if content.title.is_none() && content.url.is_none() => {
                content.title = Some(title);
                content.url = url;
                content.image = content.image.or(image);
                content.add(description);
            }
            other => content.add(other.map(|article| article.in_words())),
        }
        for card in cards {
            content.add(Some(card.in_words()));
        }
        content
    }
}

impl Content {
    /// The same without buttons, for channels that have none: each stands below the text, a line each.
    #[must_use]
    pub fn without_buttons(mut self) -> Self {
        for button in std::mem::take(&mut self.buttons) {
            self.add(Some(button.in_words()));
        }
        self
    }

    /// The same as nothing but text: title, text, buttons, where it leads, the picture's URL.
    pub fn in_words(self) -> String {
        let Self { text, title, url, image, .. } = self.without_buttons();
        [title, Some(text), url, image].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    fn add(&mut self, line: Option<String>) {
        if let Some(line) = line {
            self.text.push('\n');
            self.text.push_str(&line);
        }
    }
}

impl Card {
    /// The card as lines of text.
    pub fn in_words(self) -> String {
        let Self { title, description, url, image } = self;
        [Some(title), description, url, image].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

impl Button {
    /// The button as a line of text.
    pub fn in_words(self) -> String {
        match self.url {
            Some(url) => format!("{}: {url}", self.text),
            None => format!("[{}]", self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(content: Value) -> Content {
        serde_json::from_value(content).unwrap()
    }

    #[test]
    fn ch_4_what_a_channel_cannot_show_becomes_lines_of_text() {
        let content = read(json!({
            "text": "Spring", "title": "News",
            "article": {"title": "Tea", "description": "Green", "url": "https://t.example"},
            "cards": [{"title": "Cup", "image": "https://i.example/1.png"}],
            "buttons": [{"text": "Shop", "url": "https://s.example"}, {"text": "Later", "value": "l"}],
        }));
        assert_eq!(content.text, "Spring\nTea\nGreen\nhttps://t.example\nCup\nhttps://i.example/1.png");
        assert_eq!(content.buttons.len(), 2);
        let bare = content.without_buttons();
        assert!(bare.text.ends_with("\nShop: https://s.example\n[Later]") && bare.buttons.is_empty(), "{bare:?}");
        let all =
            json!({"text": "Hi", "title": "T", "url": "https://u.example", "buttons": [{"text": "Y", "value": "y"}]});
        assert_eq!(read(all).in_words(), "T\nHi\n[Y]\nhttps://u.example");
    }

    #[test]
    fn ch_4_an_article_is_the_message_where_nothing_else_is() {
        let article =
            json!({"title": "Tea", "description": "Green", "url": "https://t.example", "image": "https://i.example"});
        let content = read(json!({"text": "Spring", "article": article}));
        let Content { text, title, url, image, .. } = content;
        assert_eq!(text, "Spring\nGreen");
        assert_eq!((title.as_deref(), url.as_deref()), (Some("Tea"), Some("https://t.example")));
        assert_eq!(image.as_deref(), Some("https://i.example"));
    }

    #[test]
    fn ch_4_what_cannot_be_shown_is_refused() {
        let problem =
            serde_json::from_value::<Content>(json!({"text": "x", "voice": "https://v.example"})).unwrap_err();
        assert!(problem.to_string().contains("unknown field `voice`"), "{problem}");
        let rich: Rich = serde_json::from_value(json!({"text": "x", "voice": "https://v.example"})).unwrap();
        assert_eq!(rich.voice.as_deref(), Some("https://v.example"));
    }
}
