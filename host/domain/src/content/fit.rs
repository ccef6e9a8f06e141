//! From a document for everybody to the content for one person on one channel: `languages` and `channels` hold what is
//! different there, and what they say stands instead of what the document says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::JsonMap;

const LANGUAGES: &str = "languages";
const CHANNELS: &str = "channels";

/// Whether a document says different things in different languages or on different channels.
pub fn is_layered(document: &JsonMap) -> bool {
    document.contains_key(LANGUAGES) || document.contains_key(CHANNELS)
}

/// What a document says on `channel` to somebody who speaks `languages`, the preferred one first: the document, what it
/// says of the channel, the first language that it has, and what that says of the channel; the later stands above the
/// earlier, and `null` takes a member away. Without a fitting language the document speaks for itself, or the first of its
/// languages does where it has no text of its own.
pub fn fit(document: &JsonMap, channel: &str, languages: &[&str]) -> JsonMap {
    let mut fitted = JsonMap::new();
    lay(&mut fitted, document, channel);
    if let Some(variant) = variant(document, languages) {
        lay(&mut fitted, variant, channel);
    }
    fitted
}

/// The language of `known` that fits what somebody speaks: the same tag, or else the same language of another place.
pub fn language_of<'k>(known: impl Iterator<Item = &'k str> + Clone, spoken: &str) -> Option<&'k str> {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let same = |tag: &&str| tag.replace('_', "-").eq_ignore_ascii_case(&spoken.replace('_', "-"));
    let exact = known.clone().find(same);
    // Of several the plain one: `zh` for `zh-HK`, before `zh-CN`.
    let related: BTreeSet<(usize, &str)> =
        known.filter(|tag| !spoken.is_empty() && primary(tag) == primary(spoken)).map(|tag| (tag.len(), tag)).collect();
    exact.or_else(|| related.first().map(|(_, tag)| *tag))
}

fn variant<'d>(document: &'d JsonMap, languages: &[&str]) -> Option<&'d JsonMap> {
    let known = document.get(LANGUAGES)?.as_object()?;
    let tags = known.keys().map(String::as_str);
    let spoken = languages.iter().find_map(|language| language_of(tags.clone(), language));
    let silent = document.get("text").is_none();
    let chosen = spoken.or_else(|| tags.clone().min().filter(|_| silent))?;
    known.get(chosen)?.as_object()
}

fn lay(fitted: &mut JsonMap, layer: &JsonMap, channel: &str) {
    put(fitted, layer);
    let own = layer.get(CHANNELS).and_then(|channels| channels.get(channel)).and_then(Value::as_object);
    if let Some(own) = own {
        put(fitted, own);
    }
}

fn put(fitted: &mut JsonMap, layer: &JsonMap) {
    for (name, value) in layer.iter().filter(|(name, _)| *name != LANGUAGES && *name != CHANNELS) {
        match value {
            Value::Null => drop(fitted.remove(name)),
            value => drop(fitted.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(document: &Value, channel: &str, languages: &[&str], expected: Value) {
        assert_eq!(Value::Object(fit(document.as_object().unwrap(), channel, languages)), expected);
    }

    #[test]
    fn ch_4_the_language_is_the_persons_then_the_tenants_then_the_documents() {
        let document = json!({
            "text": "Hi", "url": "https://x.example",
            "languages": {"zh": {"text": "您好"}, "zh-HK": {"text": "你好呀"}, "fr": {"text": "Salut", "url": null}}
        });
        let says = |text: &str| json!({"text": text, "url": "https://x.example"});
        check(&document, "sms", &["zh_CN", "fr"], says("您好"));
        check(&document, "sms", &["ZH-hk"], says("你好呀"));
        check(&document, "sms", &["de", "fr-CA"], json!({"text": "Salut"}));
        check(&document, "sms", &["de", ""], says("Hi"));
        let silent = json!({"languages": {"en": {"text": "Hi"}, "zh": {"text": "您好"}}});
        check(&silent, "sms", &[], json!({"text": "Hi"}));
    }

    #[test]
    fn ch_4_a_channel_says_it_in_its_own_way() {
        let document = json!({
            "text": "Hi", "title": "News",
            "channels": {"wechat": {"template": {"id": "T1"}}, "sms": {"title": null}},
            "languages": {"zh": {"text": "您好", "channels": {"sms": {"text": "您好，回T退订"}}}}
        });
        check(&document, "sms", &["zh"], json!({"text": "您好，回T退订"}));
        check(&document, "wechat", &["en"], json!({"text": "Hi", "title": "News", "template": {"id": "T1"}}));
        check(&document, "line", &["en"], json!({"text": "Hi", "title": "News"}));
    }
}
