//! What the rules of a channel refuse of a message, whoever it is for: its class, its form, its length.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ChannelRules, TEMPLATE, Templates, template};
use crate::JsonMap;
use crate::message::MessageClass;

/// Keys of a content that a template may have besides its text.
const BESIDE_TEMPLATES: &str = "url";

/// Why a channel does not carry a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesRefusal {
    /// None of this class.
    #[error("the channel carries no {} messages", .0.as_str())]
    Class(MessageClass),
    /// None of this class in this form.
    #[error("the channel carries no {} messages as `{}`", class.as_str(), form)]
    FormClass {
        /// The class.
        class: MessageClass,
        /// The form.
        form: String,
    },
    /// None of this form.
    #[error("the channel carries no `{0}`")]
    Form(String),
    /// Too long.
    #[error("the text has {is} {unit}, and the channel takes {most}")]
    TooLong {
        /// So long it is.
        is: usize,
        /// `characters` or `bytes`.
        unit: &'static str,
        /// So long it may be.
        most: u32,
    },
}

impl ChannelRules {
    /// Whether the channel carries a message of this class that says this, `config` being the installation's configuration.
    pub fn carries(&self, class: MessageClass, content: &JsonMap, config: &Value) -> Result<(), RulesRefusal> {
        if self.classes.as_ref().is_some_and(|classes| !classes.contains(&class)) {
            return Err(RulesRefusal::Class(class));
        }
        let forms = forms(content, &self.templates, config);
        for form in &forms {
            let carried = self.forms.as_ref().is_none_or(|carried| carried.iter().any(|one| one == form));
            // What only looks like a template has no key of that name to be refused for.
            if !carried && content.contains_key(form) {
                return Err(RulesRefusal::Form(form.clone()));
            }
            if self.form_classes.get(form).is_some_and(|classes| !classes.contains(&class)) {
                return Err(RulesRefusal::FormClass { class, form: form.clone() });
            }
        }
        self.fits(content.get("text").and_then(Value::as_str).unwrap_or_default())
    }

    /// Whether a message of this class that says this may leave only while a window is open.
    pub fn needs_window(&self, class: MessageClass, content: &JsonMap, config: &Value) -> bool {
        let Some(window) = &self.window else { return false };
        let of_class = window.classes.as_ref().is_none_or(|classes| classes.contains(&class));
        of_class && !forms(content, &self.templates, config).iter().any(|form| window.free_forms.contains(form))
    }

    fn fits(&self, text: &str) -> Result<(), RulesRefusal> {
        let Some(limits) = &self.text else { return Ok(()) };
        let longer = |is: usize, unit, most: Option<u32>| {
            let most = most.filter(|most| is > usize::try_from(*most).unwrap_or(usize::MAX))?;
            Some(RulesRefusal::TooLong { is, unit, most })
        };
        let too_long = longer(text.chars().count(), "characters", limits.characters)
            .or_else(|| longer(text.len(), "bytes", limits.bytes));
        too_long.map_or(Ok(()), Err)
    }
}

/// The forms of a content: the names of all it has besides its text, and [`TEMPLATE`] if it has a key of that name or
/// nothing but a text, perhaps with a `url`, that one of the approved templates in the configuration says.
pub fn forms(content: &JsonMap, templates: &[Templates], config: &Value) -> BTreeSet<String> {
    let mut forms: BTreeSet<String> =
        content.iter().filter(|(key, value)| *key != "text" && !is_empty(value)).map(|(key, _)| key.clone()).collect();
    if forms.iter().all(|form| form == BESIDE_TEMPLATES) && templates.iter().any(|t| t.say(content, config)) {
        forms.insert(TEMPLATE.to_owned());
    }
    forms
}

impl Templates {
    fn say(&self, content: &JsonMap, config: &Value) -> bool {
        let Some(text) = content.get("text").and_then(Value::as_str) else { return false };
        let Some(texts) = config.pointer(&self.config).and_then(Value::as_object) else { return false };
        let mut texts = texts.values().filter_map(Value::as_str);
        texts.any(|template| template::says(template, &self.open, &self.close, text))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel_rules::{Rulebook, Window};

    fn rules(toml: &str) -> ChannelRules {
        toml::from_str(toml).unwrap()
    }

    fn check(rules: &ChannelRules, class: MessageClass, content: Value, expected: Result<(), &str>) {
        let config = json!({"templates": {"T1": "订单{{no.DATA}}已发。"}});
        let carried = rules.carries(class, content.as_object().unwrap(), &config);
        assert_eq!(carried.map_err(|why| why.to_string()), expected.map_err(str::to_owned), "{content}");
    }

    #[test]
    fn ch_6_classes_forms_and_lengths_are_what_the_channel_carries() {
        let (reply, marketing) = (MessageClass::Reply, MessageClass::Marketing);
        let some = rules(
            "classes = ['reply', 'marketing']\nforms = ['url', 'image', 'template']\nform-classes = { template = ['reply'] }
             text = { characters = 8, bytes = 20 }
             templates = [{ config = '/templates', open = '{{', close = '.DATA}}' }]",
        );
        for (class, content, expected) in [
            (reply, json!({"text": "Hello"}), Ok(())),
            (
                MessageClass::Transactional,
                json!({"text": "Hello"}),
                Err("the channel carries no transactional messages"),
            ),
            (reply, json!({"text": "Hello", "image": "https://a.example"}), Ok(())),
            (reply, json!({"text": "Hello", "video": "https://a.example"}), Err("the channel carries no `video`")),
            (reply, json!({"text": "Hello", "video": ""}), Ok(())),
            (reply, json!({"text": "订单7已发。"}), Ok(())),
            (marketing, json!({"text": "订单7已发。"}), Err("the channel carries no marketing messages as `template`")),
            (marketing, json!({"text": "订单7已发。", "image": "i"}), Ok(())),
            (
                marketing,
                json!({"text": "x", "template": {"id": 1}}),
                Err("the channel carries no marketing messages as `template`"),
            ),
            (reply, json!({"text": "123456789"}), Err("the text has 9 characters, and the channel takes 8")),
            (reply, json!({"text": "一二三四五六七"}), Err("the text has 21 bytes, and the channel takes 20")),
        ] {
            check(&some, class, content, expected);
        }
        check(&ChannelRules::default(), marketing, json!({"text": "x".repeat(9_000), "video": "v"}), Ok(()));
    }

    #[test]
    fn ch_6_templates_and_other_classes_need_no_window() {
        let some = rules(
            "templates = [{ config = '/others', open = '{', close = '}' }, { config = '/templates', open = '{', close = '}' }]
             [window]
             classes = ['reply', 'marketing']
             free-forms = ['template']
             openings = [{ events = ['Message Received'], seconds = 60 }]",
        );
        let config = json!({"templates": {"T1": "code {1}"}});
        for (class, text, needs) in [
            (MessageClass::Marketing, "Hello", true),
            (MessageClass::Reply, "Hello", true),
            (MessageClass::Transactional, "Hello", false),
            (MessageClass::Marketing, "code 7", false),
        ] {
            let content = json!({ "text": text });
            assert_eq!(some.needs_window(class, content.as_object().unwrap(), &config), needs, "{class:?} {text}");
        }
    }

    #[test]
    fn ch_6_the_rules_of_a_day_hold_until_others_follow() {
        let book: Rulebook = serde_json::from_value(json!([
            {"text": {"characters": 1}},
            {"from": "2026-02-01", "text": {"characters": 2}},
            {"from": "2026-03-01", "text": {"characters": 3}},
        ]))
        .unwrap();
        assert_eq!(book.check(), Ok(()));
        let february = 1_769_904_000_000;
        for (now, characters) in [(0, 1), (february - 1, 1), (february, 2), (february + 28 * crate::DAY, 3)] {
            let text = book.at(now).unwrap().text.unwrap();
            assert_eq!(text.characters, Some(characters), "{now}");
        }
        let later: Rulebook = serde_json::from_value(json!([{"from": "2026-02-01"}])).unwrap();
        assert_eq!((later.at(february - 1), later.at(february).is_some()), (None, true));
    }

    #[test]
    fn ch_6_rules_are_checked_with_the_place_of_what_is_wrong() {
        let opening = json!({"events": ["Message Received"], "seconds": 60});
        let quota = json!({"scope": "recipient", "limit": 1, "per-seconds": 1});
        for (rules, at) in [
            (json!([]), None),
            (json!([{"window": {"openings": [opening]}, "quotas": [quota]}]), None),
            (json!([{"from": "2026-02-01"}, {}]), Some("1.from")),
            (json!([{"from": "2026-02-01"}, {"from": "2026-02-01"}]), Some("1.from")),
            (json!([{"classes": []}]), Some("0.classes")),
            (json!([{"forms": [""]}]), Some("0.forms")),
            (json!([{"text": {"bytes": 0}}]), Some("0.text.bytes")),
            (json!([{"templates": [{"config": "templates", "open": "{", "close": "}"}]}]), Some("0.templates.config")),
            (json!([{"window": {"openings": []}}]), Some("0.window.openings")),
            (json!([{"window": {"openings": [{"events": [], "seconds": 1}]}}]), Some("0.window.openings.events")),
            (json!([{"window": {"openings": [{"events": ["a"], "seconds": 0}]}}]), Some("0.window.openings.seconds")),
            (json!([{"quotas": [{"scope": "installation", "limit": 0, "per-seconds": 1}]}]), Some("0.quotas.limit")),
            (
                json!([{"quotas": [{"scope": "installation", "limit": 1, "per-seconds": 4_000_000}]}]),
                Some("0.quotas.per-seconds"),
            ),
        ] {
            let book: Rulebook = serde_json::from_value(rules.clone()).unwrap();
            assert_eq!(book.check().err().map(|bad| bad.at).as_deref(), at, "{rules}");
        }
        assert!(serde_json::from_value::<Rulebook>(json!([{"from": "2026-02-30"}])).is_err());
        assert!(serde_json::from_value::<Rulebook>(json!([{"per_day": 1}])).is_err());
    }

    #[test]
    fn ch_6_a_window_lasts_as_long_as_its_longest_opening() {
        let window: Window = serde_json::from_value(json!({"openings": [
            {"events": ["a"], "seconds": 60, "messages": 3}, {"events": ["b"], "seconds": 90},
        ]}))
        .unwrap();
        assert_eq!(window.longest(), 90_000);
    }
}
