//! Forgetting a person: what is asked for, what still has to be done, and how texts lose the names of whom they mention.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Millis;
use crate::identity::Identity;
use crate::ids::{ErasureId, PersonId};
use crate::tenant::TenantId;

/// Kind of the event by which a person is erased in the order of the log.
pub const ERASED: &str = "guanxi.erased";
/// What is kept of the body of an event of somebody who was erased.
pub const ERASED_BODY: &str = r#"{"identities":[],"erased":true}"#;
/// What stands where a name stood.
pub const STRUCK: &str = "[erased]";
/// Whose rows are nobody's any more.
pub const NOBODY: PersonId = PersonId::from_uuid(uuid::Uuid::nil());
/// The most characters of a reason.
pub const REASON_MAX: usize = 500;
/// Values of fewer characters are no name by themselves, only together with their kind.
const NAME_MIN: usize = 5;
/// Values of so many characters are one even if they are made of letters only, as ordinary words are.
const LONG_MIN: usize = 12;

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErasureStatus {
    /// Its event waits in the log.
    Waiting,
    /// Nobody sees the person any more; what is left of them is being rewritten.
    Running,
    /// Nothing is left.
    Done,
}

impl ErasureStatus {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Running, Self::Done].into_iter().find(|status| status.as_str() == text)
    }
}

/// That somebody is to be forgotten, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct Erasure {
    /// Whose person.
    pub tenant: TenantId,
    /// Names it.
    pub id: ErasureId,
    /// Whom it was asked for; leads to nothing once it runs.
    pub person: PersonId,
    /// How far it has come.
    pub status: ErasureStatus,
    /// Who asked: a token.
    pub requested_by: String,
    /// When.
    pub requested_at: Millis,
    /// When nothing was left.
    pub done_at: Option<Millis>,
    /// Why, and what was done.
    pub report: Report,
}

/// What an erasure did, and has still to do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Why it was asked for, in words; without the names of the person.
    pub reason: String,
    /// Everybody who was joined in the person, and the person.
    pub people: Vec<PersonId>,
    /// How many rows of each table were deleted or rewritten.
    pub rows: BTreeMap<String, u64>,
    /// What is needed to go on; gone with the last of the person's rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// What has to be known to forget the rest of a person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// The numbers of the people.
    pub numbers: Vec<u32>,
    /// What they were called by.
    pub identities: Vec<Identity>,
    /// The place of the erasure in the log: what comes later is about somebody new.
    pub position: i64,
}

impl Report {
    /// Counts rows of a table.
    pub fn count(&mut self, table: &str, rows: u64) {
        if rows > 0 {
            *self.rows.entry(table.to_owned()).or_default() += rows;
        }
    }
}

/// By what a person is named in texts. Case of ASCII letters makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    lower: Vec<String>,
}

impl Names {
    /// The names that follow from a person's identities: the value, if it says enough by itself, else kind and value.
    /// A phone number is also recognised without its plus sign.
    pub fn of<'a>(identities: impl IntoIterator<Item = &'a Identity>) -> Self {
        let mut lower = Vec::new();
        for identity in identities {
            let value = identity.value();
            let name = if identity.kind() == "phone" { value.trim_start_matches('+') } else { value };
            let enough = is_distinct(name);
            lower.push(if enough { name.to_ascii_lowercase() } else { identity.to_string().to_ascii_lowercase() });
        }
        // A longer name may contain a shorter one and has to go first.
        lower.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        lower.dedup();
        Self { lower }
    }

    /// What stands in every text that mentions the person, plain or inside JSON, once its ASCII letters are small.
    pub fn needles(&self) -> Vec<String> {
        let escaped = |name: &String| {
            let quoted = Value::from(name.as_str()).to_string();
            quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name).to_owned()
        };
        self.lower.iter().map(escaped).collect()
    }

    /// The text without the names; `None` if it has none.
    pub fn strike(&self, text: &str) -> Option<String> {
        let mut struck: Option<String> = None;
        for name in &self.lower {
            if let Some(next) = strike_one(struck.as_deref().unwrap_or(text), name) {
                struck = Some(next);
            }
        }
        struck
    }

    /// Strikes the names out of every text in a value, keys included; whether there were any.
    pub fn strike_value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match self.strike(text) {
                Some(struck) => {
                    *text = struck;
                    true
                }
                None => false,
            },
            Value::Number(number) if self.strike(&number.to_string()).is_some() => {
                *value = Value::from(STRUCK);
                true
            }
            Value::Array(items) => {
                let mut any = false;
                for item in items {
                    any |= self.strike_value(item);
                }
                any
            }
            Value::Object(map) => self.strike_map(map),
            _ => false,
        }
    }

    /// The same for a text that may be JSON. JSON stays JSON.
    pub fn strike_document(&self, text: &str) -> Option<String> {
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) => self.strike_value(&mut value).then(|| value.to_string()),
            Err(_) => self.strike(text),
        }
    }

    fn strike_map(&self, map: &mut crate::JsonMap) -> bool {
        let mut any = false;
        for value in map.values_mut() {
            any |= self.strike_value(value);
        }
        let named: Vec<(String, String)> =
            map.keys().filter_map(|key| Some((key.clone(), self.strike(key)?))).collect();
        for (key, struck) in named {
            any = true;
            if let Some(value) = map.remove(&key) {
                map.insert(struck, value);
            }
        }
        any
    }
}

/// Events about many people: entries about this one go as a whole, so that what is left can be read again.
fn strike_entries(names: &Names, identities: &[Identity], kind: &str, body: &mut Value) -> bool {
    let list = match kind {
        crate::event::IMPORT => "rows",
        crate::relations::RELATIONS => "edges",
        _ => return false,
    };
    let entries = body.pointer_mut(&format!("/properties/{list}")).and_then(Value::as_array_mut);
    let Some(entries) = entries else { return false };
    let concerns = |entry: &Value| mentions(identities, entry) || names.strike_value(&mut entry.clone());
    let mut any = false;
    entries.retain_mut(|entry| {
        if !concerns(entry) {
            return true;
        }
        any = true;
        match entry.get("n").cloned() {
            // A row of a file keeps its number.
            Some(number) => *entry = serde_json::json!({ "n": number }),
            None => return false,
        }
        true
    });
    any
}

/// Whether one of the identities stands in a value as a text of its own.
fn mentions(identities: &[Identity], value: &Value) -> bool {
    match value {
        Value::String(text) => identities.iter().any(|identity| identity.to_string() == *text),
        Value::Array(items) => items.iter().any(|item| mentions(identities, item)),
        Value::Object(map) => map.values().any(|item| mentions(identities, item)),
        _ => false,
    }
}

/// Whether a value names somebody wherever it stands, instead of being a word or a number like any other.
fn is_distinct(value: &str) -> bool {
    let length = value.chars().count();
    let unlike_a_word = value.chars().any(|c| c.is_ascii_digit() || c == '@' || !c.is_ascii());
    length >= LONG_MIN || (length >= NAME_MIN && unlike_a_word)
}

/// What is left of an event about somebody else in which the person is mentioned; `None` if it is not. An event that
/// named nobody else is emptied, and so is what staff did to an identity of theirs.
pub fn strike_event(names: &Names, identities: &[Identity], kind: &str, body: &str) -> Option<String> {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return names.strike(body) };
    let theirs = |item: &Value| item.as_str().is_some_and(|text| identities.iter().any(|i| i.to_string() == text));
    let mut emptied = false;
    let mut any = false;
    if let Some(named) = value.get_mut("identities").and_then(Value::as_array_mut) {
        let before = named.len();
        named.retain(|item| !theirs(item));
        any = named.len() < before;
        emptied = any && named.is_empty();
    }
    any |= strike_entries(names, identities, kind, &mut value);
    any |= names.strike_value(&mut value);
    let nobody_else = emptied && value.get("person").is_none_or(Value::is_null);
    match any {
        false => None,
        true if nobody_else || kind == crate::event::IDENTITY => Some(ERASED_BODY.to_owned()),
        true => Some(value.to_string()),
    }
}

/// Strikes one name, in small letters, where it stands as a word of its own.
fn strike_one(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let mut struck = String::new();
    let (mut done, mut from, mut any) = (0, 0, false);
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find(name)).map(|found| from + found) {
        let end = at + name.len();
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = at.checked_sub(1).and_then(|index| lower.as_bytes().get(index));
        let inside = is_word(before) || is_word(lower.as_bytes().get(end));
        if !inside {
            struck.push_str(text.get(done..at).unwrap_or_default());
            struck.push_str(STRUCK);
            (done, any) = (end, true);
        }
        // The first character may be longer than a byte.
        from = if inside { at + name.chars().next().map_or(1, char::len_utf8) } else { end };
    }
    struck.push_str(text.get(done..).unwrap_or_default());
    any.then_some(struck)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(identities: &[&str]) -> Names {
        let identities: Vec<Identity> = identities.iter().map(|text| text.parse().unwrap()).collect();
        Names::of(&identities)
    }

    #[test]
    fn id_13_names_are_struck_where_they_stand_as_words() {
        let ada = names(&["user:42", "email:Ada@Example.com", "phone:+86 138 0013 8000", "nickname:oÄb-王小明X"]);
        for (text, expected) in [
            ("write to ADA@example.COM!", Some("write to [erased]!")),
            ("canada@example.com", None),
            ("ada@example.comx ada@example.com", Some("ada@example.comx [erased]")),
            ("手机+8613800138000的", Some("手机+[erased]的")),
            ("8613800138000 and 98613800138000", Some("[erased] and 98613800138000")),
            ("42 of user:421, user:42", Some("42 of user:421, [erased]")),
            ("(oÄb-王小明x)", Some("([erased])")),
            ("nothing here", None),
        ] {
            assert_eq!(ada.strike(text).as_deref(), expected, "{text}");
        }
        assert_eq!(names(&["user:王王王王王"]).strike("王王王王王王").as_deref(), Some("[erased]王"));
        assert_eq!(Names::default().strike("anything"), None);
        assert_eq!(names(&["user:event"]).strike("the event of user:event").as_deref(), Some("the event of [erased]"));
    }

    #[test]
    fn id_13_json_stays_json_without_the_names() {
        let ada = names(&["email:ada@example.com", "phone:+8613800138000", "user:say \"hello\""]);
        let mut value = json!({
            "from": "Ada@example.com", "numbers": [8613800138000_i64, 8613800138001_i64], "ada@example.com": {"deep": ["user:say \"hello\""]},
        });
        assert!(ada.strike_value(&mut value));
        let struck = json!({
            "from": "[erased]", "numbers": ["[erased]", 8613800138001_i64], "[erased]": {"deep": ["[erased]"]},
        });
        assert_eq!(value, struck);
        assert!(!ada.strike_value(&mut value));
        assert_eq!(ada.strike_document(r#"["ada@example.com"]"#).as_deref(), Some(r#"["[erased]"]"#));
        assert_eq!(ada.strike_document("plain ada@example.com").as_deref(), Some("plain [erased]"));
        assert_eq!(ada.needles(), [r#"user:say \"hello\""#, "ada@example.com", "8613800138000"]);
    }

    #[test]
    fn id_13_events_of_others_lose_the_person_and_stay_events() {
        let identities: Vec<Identity> =
            ["email:ada@example.com", "user:42"].iter().map(|text| text.parse().unwrap()).collect();
        let names = Names::of(&identities);
        for (kind, body, expected) in [
            ("page", json!({"identities": ["user:7"], "properties": {"n": 42}}), None),
            (
                "track",
                json!({"identities": ["user:7", "user:42"], "properties": {"to": "ada@example.com"}}),
                Some(json!({"identities": ["user:7"], "properties": {"to": "[erased]"}})),
            ),
            (
                "track",
                json!({"identities": ["user:42"], "properties": {"a": 1}}),
                Some(json!({"identities": [], "erased": true})),
            ),
            (
                crate::event::IMPORT,
                json!({"identities": [], "properties": {"rows": [
                    {"n": 1, "is": {"ids": ["user:7"]}},
                    {"n": 2, "is": {"ids": ["user:42"], "traits": {"name": "Ada"}}},
                    {"n": 3, "no": {"why": "ada@example.com is none"}},
                ]}}),
                Some(json!({"identities": [], "properties": {"rows": [
                    {"n": 1, "is": {"ids": ["user:7"]}}, {"n": 2}, {"n": 3},
                ]}})),
            ),
            (
                crate::relations::RELATIONS,
                json!({"identities": [], "properties": {"edges": [
                    {"from": "user:7", "to": "user:42"}, {"from": "user:7", "to": "user:8"},
                ]}}),
                Some(json!({"identities": [], "properties": {"edges": [{"from": "user:7", "to": "user:8"}]}})),
            ),
            (
                crate::event::IDENTITY,
                json!({"identities": [], "person": "per_x", "properties": {"identity": "email:ada@example.com"}}),
                Some(json!({"identities": [], "erased": true})),
            ),
        ] {
            let struck = strike_event(&names, &identities, kind, &body.to_string());
            assert_eq!(struck.map(|text| text.parse::<Value>().unwrap()), expected, "{kind} {body}");
        }
    }
}
