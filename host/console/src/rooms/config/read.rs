//! What a form of settings says, as the configuration that it stands for.
//!
//! The name of a field says what it is and, as a JSON pointer, where its value stands: `whole:/bands/0/days`. So a form is read
//! without its schema, and whoever sends another form than a page showed sends another configuration, which is checked like any.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_app::AppError;
use serde_json::{Map, Number, Value};

/// The most fields of a form, twice what a page shows at most.
const FIELDS_MAX: usize = 2 * super::tree::LINES_MAX;
/// The most steps of a pointer.
const STEPS_MAX: usize = 12;
/// How deep a part that is written as JSON may be nested, so that the whole can always be read again.
const NESTED_MAX: usize = 64;
/// The most bytes of a new entry's key.
const KEY_BYTES_MAX: usize = 128;

/// What a field of a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Only a place where problems are told.
    At,
    /// An object that is there, whatever stands in it.
    Object,
    /// A list that is there, whatever stands in it.
    List,
    /// A text; nothing if it is empty.
    Text,
    /// A text, empty or not.
    KeptText,
    /// A number; nothing if it is empty.
    Number,
    /// A whole number; nothing if it is empty.
    Whole,
    /// A text a line; nothing if there is none.
    Lines,
    /// A number a line; nothing if there is none.
    Numbers,
    /// A whole number a line; nothing if there is none.
    Wholes,
    /// The same three, empty or not.
    KeptLines,
    /// See above.
    KeptNumbers,
    /// See above.
    KeptWholes,
    /// JSON of what was chosen; nothing if it is empty.
    Choice,
    /// A box that is not ticked.
    Off,
    /// A box that is ticked.
    On,
    /// JSON; nothing if it is empty.
    Json,
    /// Further entries of an object, as JSON.
    Rest,
    /// The key of an entry that is to be made.
    Key,
}

impl Kind {
    const ALL: [(Self, &'static str); 19] = [
        (Self::At, "at"),
        (Self::Object, "object"),
        (Self::List, "list"),
        (Self::Text, "text"),
        (Self::KeptText, "text!"),
        (Self::Number, "number"),
        (Self::Whole, "whole"),
        (Self::Lines, "lines"),
        (Self::Numbers, "numbers"),
        (Self::Wholes, "wholes"),
        (Self::KeptLines, "lines!"),
        (Self::KeptNumbers, "numbers!"),
        (Self::KeptWholes, "wholes!"),
        (Self::Choice, "choice"),
        (Self::Off, "off"),
        (Self::On, "on"),
        (Self::Json, "json"),
        (Self::Rest, "rest"),
        (Self::Key, "key"),
    ];

    /// What a field of this kind at a pointer is called.
    pub fn at(self, pointer: &str) -> String {
        let code = Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("at", |(_, code)| *code);
        format!("{code}:{pointer}")
    }

    fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == code).map(|(kind, _)| *kind)
    }

    /// The value that a field of this kind stands for, nothing if the setting is left out; or why it stands for none.
    pub fn value(self, text: &str) -> Result<Option<Value>, String> {
        // Forms send lines as mail does.
        let text = text.replace("\r\n", "\n");
        let lines = |read: fn(&str) -> Value| {
            text.lines().filter(|line| !line.trim().is_empty()).map(read).collect::<Vec<Value>>()
        };
        let some = |list: Vec<Value>| (!list.is_empty()).then_some(Value::Array(list));
        Ok(match self {
            Self::At | Self::Object | Self::List | Self::Rest | Self::Key => None,
            Self::Text if text.is_empty() => None,
            Self::Text | Self::KeptText => Some(Value::String(text)),
            Self::Number | Self::Whole if text.trim().is_empty() => None,
            Self::Number => Some(number(&text)),
            Self::Whole => Some(whole(&text)),
            Self::Lines => some(lines(string)),
            Self::Numbers => some(lines(number)),
            Self::Wholes => some(lines(whole)),
            Self::KeptLines => Some(Value::Array(lines(string))),
            Self::KeptNumbers => Some(Value::Array(lines(number))),
            Self::KeptWholes => Some(Value::Array(lines(whole))),
            Self::Off => Some(Value::Bool(false)),
            Self::On => Some(Value::Bool(true)),
            Self::Choice | Self::Json if text.trim().is_empty() => None,
            Self::Choice | Self::Json => Some(json(&text)?),
        })
    }
}

/// A part that is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// As it was typed.
    pub text: String,
    /// Why it cannot be read.
    pub why: String,
}

/// What a form says.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    /// The configuration; `null` stands for a part that is no JSON.
    pub config: Value,
    /// Those, by the names of their fields.
    pub broken: BTreeMap<String, Broken>,
    /// Pointers of everything that the form has a field for.
    pub places: BTreeSet<String>,
    /// Whether a key stood in it of an entry that is new, and empty.
    pub grown: bool,
}

impl Typed {
    /// A configuration that nobody has typed anything into.
    pub fn of(config: Value) -> Self {
        Self { config, broken: BTreeMap::new(), places: BTreeSet::new(), grown: false }
    }
}

/// Reads a form.
pub fn read(form: &HashMap<String, String>) -> Result<Typed, AppError> {
    let mut fields: Vec<(Vec<String>, Kind, &str)> = Vec::new();
    let mut typed = Typed::of(Value::Object(Map::new()));
    for (name, text) in form {
        let Some((code, pointer)) = name.split_once(':') else { continue };
        let (Some(kind), Some(steps)) = (Kind::parse(code), steps(pointer)) else { continue };
        typed.places.insert(pointer.to_owned());
        fields.push((steps, kind, text));
    }
    if fields.len() > FIELDS_MAX {
        return Err(AppError::invalid("config", format!("a form has at most {FIELDS_MAX} fields")));
    }
    // What holds others comes first; a box that is ticked comes after the same one that is not.
    fields.sort_by(|(a, a_kind, _), (b, b_kind, _)| (a.len(), a, a_kind).cmp(&(b.len(), b, b_kind)));
    for (steps, kind, text) in &fields {
        match kind.value(text) {
            Ok(Some(value)) => put(&mut typed.config, steps, value),
            Ok(None) if matches!(kind, Kind::Object | Kind::List) => {
                object(&mut typed.config, steps);
            }
            Ok(None) => {}
            Err(why) => {
                // Holds the place of an entry or item.
                put(&mut typed.config, steps, Value::Null);
                typed.mark(*kind, steps, text, why);
            }
        }
    }
    for (steps, _, text) in fields.iter().filter(|(_, kind, _)| *kind == Kind::Rest) {
        typed.add_rest(steps, text);
    }
    for (steps, _, text) in fields.iter().filter(|(_, kind, _)| *kind == Kind::Key) {
        typed.add_key(steps, text.trim());
    }
    for (steps, _, _) in fields.iter().rev().filter(|(_, kind, _)| *kind == Kind::List) {
        into_list(&mut typed.config, steps);
    }
    Ok(typed)
}

impl Typed {
    fn mark(&mut self, kind: Kind, steps: &[String], text: &str, why: String) {
        self.broken.insert(kind.at(&pointer(steps)), Broken { text: text.to_owned(), why });
    }

    fn add_rest(&mut self, steps: &[String], text: &str) {
        let further = match json(text) {
            _ if text.trim().is_empty() => return,
            Ok(Value::Object(further)) => further,
            Ok(_) => return self.mark(Kind::Rest, steps, text, "give a JSON object".to_owned()),
            Err(why) => return self.mark(Kind::Rest, steps, text, why),
        };
        if let Some(known) = object(&mut self.config, steps) {
            for (key, value) in further {
                known.entry(key).or_insert(value);
            }
        }
    }

    fn add_key(&mut self, steps: &[String], key: &str) {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return;
        }
        if let Some(entries) = object(&mut self.config, steps)
            && !entries.contains_key(key)
        {
            entries.insert(key.to_owned(), Value::String(String::new()));
            self.grown = true;
        }
    }
}

/// The steps of a JSON pointer, if it is one of a form.
pub fn steps(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let steps: Vec<String> =
        pointer.strip_prefix('/')?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    (steps.len() <= STEPS_MAX).then_some(steps)
}

/// One step further.
pub fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn pointer(steps: &[String]) -> String {
    steps.iter().fold(String::new(), |pointer, key| below(&pointer, key))
}

/// The object at a place, which is made if there is none.
fn object<'v>(config: &'v mut Value, steps: &[String]) -> Option<&'v mut Map<String, Value>> {
    let mut here = config;
    for key in steps {
        here = entries(here)?.entry(key.clone()).or_insert(Value::Null);
    }
    entries(here)
}

fn entries(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

fn put(config: &mut Value, steps: &[String], value: Value) {
    match steps.split_last() {
        None => *config = value,
        Some((key, parents)) => {
            if let Some(parent) = object(config, parents) {
                parent.insert(key.clone(), value);
            }
        }
    }
}

/// Turns an object whose keys are places in a list into that list.
fn into_list(config: &mut Value, steps: &[String]) {
    let found = steps.iter().try_fold(config, |here, key| here.as_object_mut()?.get_mut(key));
    let Some(list) = found else { return };
    let Value::Object(entries) = list.take() else { return };
    let numbered = entries.into_iter().filter_map(|(key, value)| Some((key.parse::<usize>().ok()?, value)));
    let sorted: BTreeMap<usize, Value> = numbered.collect();
    *list = Value::Array(sorted.into_values().collect());
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// A number if it is one; else the text, which no schema for numbers accepts.
fn number(text: &str) -> Value {
    let text = text.trim();
    if let Ok(number) = serde_json::from_str::<Number>(text) {
        return Value::Number(number);
    }
    // As people write numbers: `.5`, `5.`, `+5`.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let read = text.parse::<f64>().ok().filter(|_| plain).and_then(Number::from_f64);
    read.map_or_else(|| string(text), Value::Number)
}

/// The same, whole if it is: plugins that read whole numbers do not read `5.0`.
fn whole(text: &str) -> Value {
    let value = number(text);
    let exact = value.as_f64().filter(|number| value.is_f64() && number.fract() == 0.0 && number.abs() < 9e15);
    exact.map_or(value, |number| Value::from(number as i64))
}

fn json(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
    if is_within(&value, NESTED_MAX) { Ok(value) } else { Err(format!("is nested deeper than {NESTED_MAX} times")) }
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_within(item, depth - 1)),
        Value::Object(entries) => depth > 0 && entries.values().all(|item| is_within(item, depth - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(fields: &[(&str, &str)]) -> HashMap<String, String> {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn pl_6_every_kind_of_field_stands_for_its_value() {
        for (fields, expected) in [
            (&[("text:/a", ""), ("text!:/b", ""), ("text:/c", "x\r\ny")][..], json!({"b": "", "c": "x\ny"})),
            (&[("whole:/a", " 5 "), ("whole:/b", "1e3"), ("whole:/c", "")], json!({"a": 5, "b": 1000})),
            (&[("whole:/a", "18446744073709551615")], json!({"a": u64::MAX})),
            (&[("number:/a", "1.0"), ("number:/b", "5"), ("number:/c", ".5")], json!({"a": 1.0, "b": 5, "c": 0.5})),
            (&[("number:/a", "much"), ("number:/b", "inf")], json!({"a": "much", "b": "inf"})),
            (&[("lines:/a", "x\r\n\r\n y\r\n"), ("lines:/b", "\r\n")], json!({"a": ["x", " y"]})),
            (&[("wholes:/a", "14\n30"), ("numbers!:/b", "")], json!({"a": [14, 30], "b": []})),
            (&[("choice:/a", "\"lucky\""), ("choice:/b", ""), ("choice:/c", "true")], json!({"a": "lucky", "c": true})),
            (&[("off:/a", ""), ("off:/b", ""), ("on:/b", "yes")], json!({"a": false, "b": true})),
            (&[("json:/a", "[1, {}]"), ("json:/b", " ")], json!({"a": [1, {}]})),
            (&[("json:", r#"{"a": null}"#)], json!({"a": null})),
            (&[("object:/a", ""), ("list:/b", ""), ("at:/c", "")], json!({"a": {}, "b": []})),
            (&[("text:/a~1b/~0c", "x")], json!({"a/b": {"~c": "x"}})),
            (&[("text:/a", "own"), ("rest:", r#"{"a": "other", "b": 1}"#)], json!({"a": "own", "b": 1})),
        ] {
            assert_eq!(read(&form(fields)).unwrap().config, expected, "{fields:?}");
        }
    }

    #[test]
    fn pl_6_items_of_lists_keep_their_order() {
        let mut fields = vec![("list:/a".to_owned(), String::new()), ("list:/a/1/b".to_owned(), String::new())];
        fields.extend((0..12).map(|item| (format!("object:/a/{item}"), String::new())));
        fields.extend([10, 2].map(|item| (format!("whole:/a/{item}/n"), item.to_string())));
        let config = read(&fields.into_iter().collect()).unwrap().config;
        assert_eq!(config["a"].as_array().unwrap().len(), 12);
        assert_eq!((&config["a"][1], &config["a"][2]), (&json!({"b": []}), &json!({"n": 2})));
        assert_eq!(config["a"][10], json!({"n": 10}));
    }

    #[test]
    fn pl_6_what_is_no_json_is_kept_as_it_was_typed() {
        let typed = read(&form(&[("json:/a", "{\"b\""), ("text:/c", "x"), ("rest:/d", "[]")])).unwrap();
        assert_eq!(typed.config, json!({"a": null, "c": "x"}));
        assert_eq!(typed.broken["json:/a"].text, "{\"b\"");
        assert!(typed.broken["json:/a"].why.starts_with("is no JSON"), "{typed:?}");
        assert_eq!(typed.broken["rest:/d"].why, "give a JSON object");
    }

    #[test]
    fn pl_6_a_new_key_makes_an_entry_and_never_replaces_one() {
        let typed = read(&form(&[("text!:/t/en", "Hello"), ("key:/t", " zh ")])).unwrap();
        assert_eq!((typed.config, typed.grown), (json!({"t": {"en": "Hello", "zh": ""}}), true));
        let typed = read(&form(&[("text!:/t/en", "Hello"), ("key:/t", "en")])).unwrap();
        assert_eq!((typed.config, typed.grown), (json!({"t": {"en": "Hello"}}), false));
    }

    #[test]
    fn what_a_hostile_form_names_is_bounded() {
        let deep = format!("text:{}", "/a".repeat(100_000));
        assert_eq!(read(&form(&[(&deep, "x")])).unwrap().config, json!({}));
        let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let typed = read(&form(&[("json:/a", &nested)])).unwrap();
        assert_eq!(typed.broken["json:/a"].why, "is nested deeper than 64 times");
        let many = (0..=FIELDS_MAX).map(|field| (format!("text:/{field}"), String::new())).collect();
        assert!(read(&many).is_err());
        // Fields that contradict each other are a configuration, too.
        let odd =
            form(&[("text:/a", "x"), ("text:/a/b", "y"), ("list:/a/b/c", ""), ("on:nowhere", ""), ("odd:/a", "")]);
        assert_eq!(read(&odd).unwrap().config, json!({"a": {"b": {"c": []}}}));
    }
}
