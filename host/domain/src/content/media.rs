//! Media of a content that the brand keeps with the host: `media:NAME` stands for the address at which channels fetch it.

use serde_json::Value;

use super::BadContent;
use crate::JsonMap;

/// What stands before the name.
pub(super) const PREFIX: &str = "media:";
/// Where media stand, in a content and in its article and cards.
const MEMBERS: [&str; 3] = ["image", "voice", "video"];

/// The content with addresses where names stood; `address` knows those of what is kept.
pub fn with_media(mut content: JsonMap, address: impl Fn(&str) -> Option<String>) -> Result<JsonMap, BadContent> {
    for member in MEMBERS {
        put(content.get_mut(member), &address)?;
    }
    put(content.get_mut("article").and_then(|article| article.get_mut("image")), &address)?;
    for card in content.get_mut("cards").and_then(Value::as_array_mut).into_iter().flatten() {
        put(card.get_mut("image"), &address)?;
    }
    Ok(content)
}

fn put(place: Option<&mut Value>, address: &impl Fn(&str) -> Option<String>) -> Result<(), BadContent> {
    if let Some(Value::String(text)) = place
        && let Some(name) = text.strip_prefix(PREFIX)
    {
        *text = address(name).ok_or_else(|| BadContent::NoMedia(name.to_owned()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ch_4_names_of_media_become_addresses() {
        let known = |name: &str| (name == "logo").then(|| "https://go.example/m/x.png".to_owned());
        let read = |content: Value| with_media(content.as_object().unwrap().clone(), known).map(Value::Object);
        let content =
            json!({"text": "media:logo", "image": "media:logo", "cards": [{"title": "1", "image": "media:logo"}]});
        let url = "https://go.example/m/x.png";
        let expected = json!({"text": "media:logo", "image": url, "cards": [{"title": "1", "image": url}]});
        assert_eq!(read(content), Ok(expected));
        assert_eq!(read(json!({"text": "x", "video": "media:film"})), Err(BadContent::NoMedia("film".to_owned())));
    }
}
