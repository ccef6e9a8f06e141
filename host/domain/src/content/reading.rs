//! A content as it reads where there is nothing but text.

use serde_json::Value;

use crate::JsonMap;

/// Title, text, article, cards, buttons and links, one after the other.
pub fn plain(content: &JsonMap) -> String {
    let text = |of: &JsonMap, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut lines: Vec<String> = ["title", "text"].iter().filter_map(|name| text(content, name)).collect();
    let article = content.get("article").and_then(Value::as_object).into_iter();
    let cards = content.get("cards").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    for part in article.chain(cards) {
        lines.extend(["title", "description", "url", "image"].iter().filter_map(|name| text(part, name)));
    }
    for button in content.get("buttons").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        let label = text(button, "text").unwrap_or_default();
        lines.push(match text(button, "url") {
            Some(url) => format!("[{label}] {url}"),
            None => format!("[{label}]"),
        });
    }
    lines.extend(["url", "image", "voice", "video"].iter().filter_map(|name| text(content, name)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ch_4_everything_that_is_said_is_read() {
        let content = json!({
            "title": "News", "text": "Hi", "cards": [{"title": "Tea", "url": "https://t.example"}],
            "buttons": [{"text": "Yes", "value": "y"}, {"text": "More", "url": "https://m.example"}], "url": "https://u.example"
        });
        let expected = "News\nHi\nTea\nhttps://t.example\n[Yes]\n[More] https://m.example\nhttps://u.example";
        assert_eq!(plain(content.as_object().unwrap()), expected);
    }
}
