//! Welcomes every new person once, in their language.

use std::collections::BTreeMap;

use guanxi_plugin::campaign::{Campaign, Decision, Message, MessageClass, Moment};
use guanxi_plugin::{Failure, log};

struct Welcome;

/// What is said, and under which rules.
#[derive(Debug, serde::Deserialize)]
#[serde(default)]
struct Settings {
    texts: BTreeMap<String, String>,
    fallback_language: String,
    fallback_name: BTreeMap<String, String>,
    class: Class,
    /// A content that the brand keeps, instead of the texts.
    content: Option<String>,
}

/// The rules that the message follows.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Class {
    Reply,
    Marketing,
}

impl Default for Settings {
    fn default() -> Self {
        let texts =
            |en: &str, zh: &str| BTreeMap::from([("en".to_owned(), en.to_owned()), ("zh".to_owned(), zh.to_owned())]);
        Self {
            texts: texts("Welcome, {{name}}! Good to have you with us.", "{{name}}，欢迎您！很高兴认识您。"),
            fallback_language: "en".to_owned(),
            fallback_name: texts("friend", "朋友"),
            class: Class::Marketing,
            content: None,
        }
    }
}

/// What is remembered of a person.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Kept {
    welcomed_at: i64,
}

impl Campaign for Welcome {
    type Config = Settings;

    fn decide(settings: &Settings, moment: &Moment) -> Result<Decision, Failure> {
        if moment.event.kind != "identify" {
            return Ok(Decision::skip(format!("`{}` is not an introduction", moment.event.kind)));
        }
        if moment.kept::<Kept>()?.is_some() {
            return Ok(Decision::skip("welcomed before"));
        }
        if let Some(content) = &settings.content {
            let name = settings.name_of(moment, &settings.fallback_language);
            let message = Message::stored(content).with("name", name);
            return Ok(settings.welcome(message, moment, format!("introduced for the first time; says `{content}`")));
        }
        let Some((language, text)) = settings.text_for(moment) else {
            log!(warn, "no text for `{}`", moment.person.locale.as_deref().unwrap_or("an unknown language"));
            return Ok(Decision::skip("there is no text in this person's language or the fallback language"));
        };
        let message = Message::text(text).with("name", settings.name_of(moment, language));
        Ok(settings.welcome(message, moment, format!("introduced for the first time; text in `{language}`")))
    }
}

guanxi_plugin::campaign!(Welcome);

impl Settings {
    fn welcome(&self, message: Message, moment: &Moment, why: String) -> Decision {
        Decision::because(why)
            .send(message.class(self.class.into()).purpose("marketing"))
            .add_tag("lifecycle", "welcomed")
            .keep(&Kept { welcomed_at: moment.now })
    }

    fn name_of<'a>(&'a self, moment: &'a Moment, language: &str) -> &'a str {
        let name = moment.person.text("name").filter(|name| !name.trim().is_empty());
        name.or_else(|| self.fallback_name.get(language).map(String::as_str)).unwrap_or_default()
    }

    fn text_for(&self, moment: &Moment) -> Option<(&str, &str)> {
        let spoken = self.texts.iter().find(|(language, _)| moment.person.speaks(language));
        let found = spoken.or_else(|| self.texts.get_key_value(&self.fallback_language));
        found.map(|(language, text)| (language.as_str(), text.as_str()))
    }
}

impl From<Class> for MessageClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Reply => Self::Reply,
            Class::Marketing => Self::Marketing,
        }
    }
}

#[cfg(test)]
mod tests {
    use guanxi_plugin::campaign::{Content, Operation, RawMessage};
    use guanxi_plugin::testing;
    use guanxi_plugin::words::{Field, Value};
    use serde_json::json;

    use super::*;

    fn introduction(locale: Option<&str>, name: Option<&str>) -> Moment {
        let mut moment = testing::moment("identify", json!({}));
        moment.person.locale = locale.map(str::to_owned);
        moment.person.fields =
            name.map(|name| Field { name: "name".to_owned(), value: Value::from(name) }).into_iter().collect();
        moment
    }

    fn sent(config: &str, moment: Moment) -> Option<RawMessage> {
        let answer = testing::decide::<Welcome>(config, moment).unwrap();
        answer.operations.into_iter().find_map(|operation| match operation {
            Operation::Send(message) => Some(message),
            _ => None,
        })
    }

    #[test]
    fn everybody_is_welcomed_in_their_language_and_by_name() {
        for (locale, name, text, called) in [
            (Some("zh-CN"), Some("小明"), "{{name}}，欢迎您！很高兴认识您。", "小明"),
            (Some("en-GB"), None, "Welcome, {{name}}! Good to have you with us.", "friend"),
            (Some("fr"), Some(" "), "Welcome, {{name}}! Good to have you with us.", "friend"),
            (None, Some("Ann"), "Welcome, {{name}}! Good to have you with us.", "Ann"),
        ] {
            let message = sent("{}", introduction(locale, name)).unwrap();
            assert_eq!(message.content, Content::Inline(json!({ "text": text }).to_string()), "{locale:?}");
            assert_eq!(message.variables, json!({ "name": called }).to_string(), "{locale:?}");
            assert_eq!((message.class, message.purpose.as_str()), (MessageClass::Marketing, "marketing"));
        }
    }

    #[test]
    fn ch_4_what_the_brand_keeps_is_said_instead() {
        let message = sent(r#"{"content": "hello"}"#, introduction(Some("fr"), None)).unwrap();
        assert_eq!(message.content, Content::Stored("hello".to_owned()));
        assert_eq!(message.variables, json!({ "name": "friend" }).to_string());
    }

    #[test]
    fn nobody_is_welcomed_twice() {
        let first = testing::decide::<Welcome>("{}", introduction(None, None)).unwrap();
        assert_eq!(first.operations.len(), 2);
        let mut again = introduction(None, None);
        again.state = first.state.clone();
        let second = testing::decide::<Welcome>("{}", again).unwrap();
        assert_eq!((second.operations.len(), second.state), (0, first.state));
        assert_eq!(second.reasons, ["welcomed before"]);
    }

    #[test]
    fn without_a_text_nothing_is_sent_or_kept() {
        let config = r#"{"texts": {"zh": "欢迎"}, "class": "reply"}"#;
        let answer = testing::decide::<Welcome>(config, introduction(Some("fr"), None)).unwrap();
        assert_eq!((answer.operations.len(), answer.state), (0, None));
        assert_eq!(sent(config, introduction(Some("zh"), None)).unwrap().class, MessageClass::Reply);
    }
}
