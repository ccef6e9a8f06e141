//! What `plugins/campaigns/welcome` decides, as an Extism plugin: JSON in, JSON out.

use std::collections::BTreeMap;

use extism_pdk::{FnResult, Json, plugin_fn};
use serde_json::{Value, json};

/// The configuration as text, as our own plugins get it, and one moment.
#[derive(serde::Deserialize)]
struct Input {
    config: String,
    moment: Moment,
}

#[derive(serde::Deserialize)]
struct Settings {
    texts: BTreeMap<String, String>,
    fallback_language: String,
    fallback_name: BTreeMap<String, String>,
    class: String,
}

#[derive(serde::Deserialize)]
struct Moment {
    event: Event,
    person: Person,
    state: Option<String>,
    now: i64,
}

#[derive(serde::Deserialize)]
struct Event {
    kind: String,
}

#[derive(serde::Deserialize)]
struct Person {
    locale: Option<String>,
    fields: Vec<(String, Value)>,
}

/// Welcomes a person who is introduced for the first time.
#[plugin_fn]
pub fn decide(Json(input): Json<Input>) -> FnResult<Json<Value>> {
    let settings: Settings = serde_json::from_str(&input.config)?;
    let moment = input.moment;
    if moment.event.kind != "identify" || moment.state.is_some() {
        return Ok(Json(json!({ "operations": [], "state": moment.state, "reasons": ["nothing to do"] })));
    }
    let locale = moment.person.locale.unwrap_or_default();
    let spoken = settings.texts.iter().find(|(language, _)| locale.starts_with(language.as_str()));
    let found = spoken.or_else(|| settings.texts.get_key_value(&settings.fallback_language));
    let Some((language, text)) = found else {
        return Ok(Json(json!({ "operations": [], "state": null, "reasons": ["there is no text"] })));
    };
    let field = moment.person.fields.iter().find(|(name, _)| name == "name");
    let name = field.and_then(|(_, value)| value.get("text")?.as_str()).unwrap_or_else(|| {
        settings.fallback_name.get(language).map(String::as_str).unwrap_or_default()
    });
    let send = json!({
        "do": "send", "content": { "text": text }, "variables": { "name": name }, "class": settings.class,
        "purpose": "marketing",
    });
    let tag = json!({ "do": "add-tag", "dimension": "lifecycle", "name": "welcomed", "weight": 1.0 });
    Ok(Json(json!({
        "operations": [send, tag],
        "state": json!({ "welcomed_at": moment.now }).to_string(),
        "reasons": [format!("introduced for the first time; text in `{language}`")],
    })))
}
