//! The links of a content, in one order that only depends on the content: so that the number of a link is enough to find it
//! again. Images, voices and videos are no links: channels fetch them themselves.

use serde_json::Value;

use crate::JsonMap;

/// The most links of a content that are told apart; those behind them stay as they are.
pub const LINKS_MAX: u8 = 100;

/// The content with other links: `replace` gets the number of each and where it leads.
pub fn rewrite(content: &JsonMap, mut replace: impl FnMut(u8, &str) -> String) -> JsonMap {
    let mut number = 0;
    let mut next = |url: &str| -> String {
        if number >= LINKS_MAX {
            return url.to_owned();
        }
        number += 1;
        replace(number - 1, url)
    };
    let mut rewritten = content.clone();
    if let Some(Value::String(text)) = rewritten.get_mut("text") {
        *text = within(text, &mut next);
    }
    whole(rewritten.get_mut("url"), &mut next);
    whole(rewritten.get_mut("article").and_then(|article| article.get_mut("url")), &mut next);
    for list in ["cards", "buttons"] {
        for item in rewritten.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            whole(item.get_mut("url"), &mut next);
        }
    }
    rewritten
}

/// Where a link of a content leads.
pub fn link(content: &JsonMap, number: u8) -> Option<String> {
    let mut found = None;
    rewrite(content, |at, url| {
        if at == number {
            found = Some(url.to_owned());
        }
        url.to_owned()
    });
    found
}

fn whole(place: Option<&mut Value>, next: &mut impl FnMut(&str) -> String) {
    if let Some(Value::String(url)) = place
        && is_web(url)
    {
        *url = next(url);
    }
}

fn is_web(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// The text with the URLs in it replaced. One ends before whatever no URL holds unescaped, such as the Chinese text right
/// behind it, and before the punctuation of the sentence.
fn within(text: &str, next: &mut impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("http") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let part = |character: char| character.is_ascii_graphic() && !"<>\"'`{}|\\^".contains(character);
        let end = from.find(|character| !part(character)).unwrap_or(from.len());
        let (found, _) = from.split_at(end);
        let url = found.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*', '_', '~']);
        let follows_a_word = before.ends_with(|character: char| character.is_ascii_alphanumeric());
        let taken = match is_web(url) && !follows_a_word {
            true => {
                out.push_str(&next(url));
                url.len()
            }
            false => {
                out.push_str("http");
                "http".len()
            }
        };
        rest = from.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn numbered(content: &Value) -> Value {
        Value::Object(rewrite(content.as_object().unwrap(), |number, _| format!("L{number}")))
    }

    #[test]
    fn ch_9_links_are_replaced_wherever_people_meet_them() {
        let content = json!({
            "text": "看 https://a.example/x?y=1，或 (http://b.example). Not xhttp://c nor https:// nor mailto:a@b.c",
            "url": "https://u.example", "image": "https://i.example/1.png",
            "article": {"title": "T", "url": "https://art.example"},
            "cards": [{"title": "1", "url": "https://c1.example", "image": "https://i.example/2.png"}, {"title": "2"}],
            "buttons": [{"text": "Go", "url": "https://b1.example"}, {"text": "Say", "value": "https://no.example"}],
        });
        let expected = json!({
            "text": "看 L0，或 (L1). Not xhttp://c nor https:// nor mailto:a@b.c",
            "url": "L2", "image": "https://i.example/1.png",
            "article": {"title": "T", "url": "L3"},
            "cards": [{"title": "1", "url": "L4", "image": "https://i.example/2.png"}, {"title": "2"}],
            "buttons": [{"text": "Go", "url": "L5"}, {"text": "Say", "value": "https://no.example"}],
        });
        assert_eq!(numbered(&content), expected);
        let fields = content.as_object().unwrap();
        assert_eq!(link(fields, 0).as_deref(), Some("https://a.example/x?y=1"));
        assert_eq!(link(fields, 5).as_deref(), Some("https://b1.example"));
        assert_eq!(link(fields, 6), None);
        assert_eq!(
            numbered(&json!({"text": "tel:1", "url": "weixin://x"})),
            json!({"text": "tel:1", "url": "weixin://x"})
        );
    }

    #[test]
    fn ch_9_what_is_beyond_the_bound_stays() {
        let content = json!({ "text": "https://a.example ".repeat(usize::from(LINKS_MAX) + 2) });
        let text = numbered(&content)["text"].as_str().unwrap().to_owned();
        assert!(text.ends_with("L99 https://a.example https://a.example "), "{text}");
    }

    proptest! {
        #[test]
        fn ch_9_rewriting_changes_nothing_but_links(text in ".{0,40}(https://[a-z]{1,8}\\.example/[a-z0-9?=&]{0,8})?.{0,40}") {
            let content = json!({ "text": text });
            let fields = content.as_object().unwrap();
            prop_assert_eq!(&rewrite(fields, |_, url| url.to_owned()), fields);
            let rewritten = rewrite(fields, |number, _| format!("https://short.example/{number}"));
            if rewritten != *fields {
                prop_assert!(link(fields, 0).is_some());
            }
        }
    }
}
