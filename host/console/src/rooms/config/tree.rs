//! The fields of a form, made from a plugin's JSON Schema and a configuration.
//!
//! A part gets a field of its own only if that reads back as exactly the same value; every other part is written as JSON. So
//! each schema can be edited, and nothing changes by being shown.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::controls::{exact, line_kind, number_control, said, text_control};
use super::line::{Control, Field, Group, Growth, Line, id, slot};
use super::read::{Broken, Kind, below};
use crate::format::{plain, pretty_value};
use crate::words::Words;

/// The most lines of a form; what has more is written as JSON.
pub const LINES_MAX: usize = 400;
/// The most lines that are made before the whole is written as JSON: a schema that refers to itself has very many.
const PUSHED_MAX: usize = 4 * LINES_MAX;
/// How deep groups stand in each other.
const DEPTH_MAX: usize = 4;
/// The most entries of a list that has fields for each.
const ITEMS_MAX: usize = 100;
/// The most references that lead on to others.
const REFERENCES_MAX: usize = 8;
/// Words of a schema that say more than a field can.
const UNUSUAL: [&str; 10] = [
    "oneOf",
    "anyOf",
    "allOf",
    "not",
    "if",
    "const",
    "$dynamicRef",
    "dependentSchemas",
    "prefixItems",
    "unevaluatedProperties",
];
/// What a reference may have beside it.
const BESIDE_REFERENCE: [&str; 5] = ["$ref", "title", "description", "default", "examples"];

/// The schema of a plugin without one.
static ANYTHING: Value = Value::Null;

/// The form has too many lines.
struct TooMany;

/// Where a part of a form stands.
struct Spot<'s> {
    pointer: String,
    /// What it is called where the schema does not say.
    title: String,
    schema: &'s Value,
    value: Option<&'s Value>,
    required: bool,
    /// Whether what it stands in is there for certain.
    inside: bool,
    depth: usize,
    removable: bool,
    /// Whether texts get several lines.
    long: bool,
}

/// The lines of a form for a configuration.
pub fn lines(
    schema: Option<&Value>,
    config: &Value,
    broken: &BTreeMap<String, Broken>,
    w: &'static Words,
) -> Vec<Line> {
    let mut form = Form { root: schema.unwrap_or(&ANYTHING), broken, lines: Vec::new(), pushed: 0, w };
    let parts = form.follow(form.root).filter(|schema| !is_unusual(schema));
    let parts = parts.and_then(|schema| Some((schema, properties(schema)?)));
    let is_whole = broken.contains_key(&Kind::Json.at(""));
    if let (Some((schema, properties)), Some(entries), false) = (parts, config.as_object(), is_whole)
        && form.fill("", schema, properties, Some(entries), (true, 0)).is_ok()
    {
        return form.lines;
    }
    let title = w.configuration.to_owned();
    let (schema, value, pointer) = (form.root, Some(config), String::new());
    let root =
        Spot { pointer, title, schema, value, required: true, inside: true, depth: 0, removable: false, long: false };
    vec![Line::Field(form.json(&root))]
}

struct Form<'s> {
    root: &'s Value,
    broken: &'s BTreeMap<String, Broken>,
    lines: Vec<Line>,
    /// Lines that were made, those that were dropped again too.
    pushed: usize,
    w: &'static Words,
}

impl<'s> Form<'s> {
    /// The schema that another refers to, within the document.
    fn follow(&self, mut schema: &'s Value) -> Option<&'s Value> {
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = schema.get("$ref") else { return Some(schema) };
            let alone =
                schema.as_object()?.keys().all(|key| key.starts_with("$d") || BESIDE_REFERENCE.contains(&&**key));
            schema = self.root.pointer(reference.as_str()?.strip_prefix('#')?).filter(|_| alone)?;
        }
        None
    }

    fn push(&mut self, line: Line) -> Result<(), TooMany> {
        self.lines.push(line);
        self.pushed += 1;
        if self.lines.len() > LINES_MAX || self.pushed > PUSHED_MAX { Err(TooMany) } else { Ok(()) }
    }

    /// The lines of one setting.
    fn add(&mut self, spot: &Spot<'s>) -> Result<(), TooMany> {
        let before = self.lines.len();
        if let Some(schema) = self.follow(spot.schema).filter(|schema| !is_unusual(schema) && !self.is_broken(spot)) {
            if let Some(field) = self.leaf(spot, schema) {
                return self.push(Line::Field(field));
            }
            match self.inner(spot, schema) {
                Some(Ok(())) => return Ok(()),
                Some(Err(TooMany)) => self.lines.truncate(before),
                None => {}
            }
        }
        let field = self.json(spot);
        self.push(Line::Field(field))
    }

    fn is_broken(&self, spot: &Spot<'_>) -> bool {
        self.broken.contains_key(&Kind::Json.at(&spot.pointer))
    }

    /// A setting with fields of its own inside.
    fn inner(&mut self, spot: &Spot<'s>, schema: &'s Value) -> Option<Result<(), TooMany>> {
        if spot.depth >= DEPTH_MAX {
            return None;
        }
        if type_of(schema) == Some("array") {
            return self.items(spot, schema);
        }
        let entries = match spot.value {
            Some(value) => Some(value.as_object()?),
            None => None,
        };
        let there = spot.value.is_some() || (spot.inside && spot.required);
        if let Some(properties) = properties(schema) {
            let group = self.group(spot, if there { Kind::Object } else { Kind::At });
            return Some(self.grouped(group, None, |form| {
                form.fill(&spot.pointer, schema, properties, entries, (there, spot.depth))
            }));
        }
        let each = schema.get("additionalProperties").filter(|each| type_of(each) == Some("string"))?;
        if schema.get("patternProperties").is_some() || entries.is_some_and(|entries| entries.len() > ITEMS_MAX) {
            return None;
        }
        let group = self.group(spot, if there { Kind::Object } else { Kind::At });
        let growth = Growth::of(&spot.pointer, Some(Kind::Key));
        Some(self.grouped(group, Some(growth), |form| {
            let entry = |(key, value): (&'s String, &'s Value)| Spot {
                pointer: below(&spot.pointer, key),
                title: key.clone(),
                schema: each,
                value: Some(value),
                required: true,
                inside: true,
                depth: spot.depth + 1,
                removable: true,
                long: true,
            };
            entries.into_iter().flatten().map(entry).try_for_each(|spot| form.add(&spot))
        }))
    }

    /// A list with fields for each of its objects.
    fn items(&mut self, spot: &Spot<'s>, schema: &'s Value) -> Option<Result<(), TooMany>> {
        let each = schema.get("items")?;
        self.follow(each).filter(|each| !is_unusual(each)).and_then(properties)?;
        let items: &[Value] = match spot.value {
            Some(value) => value.as_array()?,
            None => &[],
        };
        if items.len() > ITEMS_MAX {
            return None;
        }
        let there = spot.value.is_some() || (spot.inside && spot.required);
        let group = self.group(spot, if there { Kind::List } else { Kind::At });
        let title = group.title.clone();
        Some(self.grouped(group, Some(Growth::of(&spot.pointer, None)), |form| {
            let item = |(number, value): (usize, &'s Value)| Spot {
                pointer: below(&spot.pointer, &number.to_string()),
                title: format!("{title} {}", number + 1),
                schema: each,
                value: Some(value),
                required: false,
                inside: true,
                depth: spot.depth + 1,
                removable: true,
                long: false,
            };
            items.iter().enumerate().map(item).try_for_each(|spot| form.add(&spot))
        }))
    }

    fn grouped(
        &mut self,
        group: Group,
        growth: Option<Growth>,
        fill: impl FnOnce(&mut Self) -> Result<(), TooMany>,
    ) -> Result<(), TooMany> {
        self.push(Line::Open(group))?;
        fill(self)?;
        self.push(Line::Close(growth))
    }

    /// The settings of an object: what must be there first.
    fn fill(
        &mut self,
        pointer: &str,
        schema: &'s Value,
        properties: &'s Map<String, Value>,
        entries: Option<&'s Map<String, Value>>,
        (there, depth): (bool, usize),
    ) -> Result<(), TooMany> {
        let names = schema.get("required").and_then(Value::as_array);
        let is_required = |key: &str| names.is_some_and(|names| names.iter().any(|name| name == key));
        let (first, then): (Vec<_>, Vec<_>) = properties.iter().partition(|(key, _)| is_required(key));
        for (key, schema) in first.into_iter().chain(then) {
            self.add(&Spot {
                pointer: below(pointer, key),
                title: key.clone(),
                schema,
                value: entries.and_then(|entries| entries.get(key)),
                required: is_required(key),
                inside: there,
                // What stands outermost has depth 1.
                depth: depth + 1,
                removable: false,
                long: false,
            })?;
        }
        let mut further = entries.cloned().unwrap_or_default();
        further.retain(|key, _| !properties.contains_key(key));
        let named = [schema.get("additionalProperties"), schema.get("patternProperties")];
        let allowed = named.into_iter().flatten().any(|allowed| *allowed != Value::Bool(false));
        let name = Kind::Rest.at(pointer);
        let broken = self.broken.get(&name);
        if further.is_empty() && !allowed && broken.is_none() {
            return Ok(());
        }
        let shown = if further.is_empty() { String::new() } else { pretty_value(&Value::Object(further)) };
        let text = broken.map_or(shown, |broken| broken.text.clone());
        self.push(Line::Field(Field {
            id: id(&name),
            // An object tells what is wrong with it in one place.
            slot: slot(pointer),
            title: self.w.config_further.to_owned(),
            description: String::new(),
            default: String::new(),
            required: false,
            removable: None,
            control: Control::Area { text, code: true, attributes: Vec::new() },
            problems: Vec::new(),
            name,
        }))
    }

    fn group(&self, spot: &Spot<'_>, kind: Kind) -> Group {
        let (title, description, _) = self.told(spot);
        Group {
            slot: slot(&spot.pointer),
            name: kind.at(&spot.pointer),
            title,
            description,
            required: spot.required && !spot.removable,
            // What may be left out and is there can be left out again.
            removable: (spot.removable || (spot.value.is_some() && !spot.required)).then(|| spot.pointer.clone()),
            problems: Vec::new(),
        }
    }

    /// Title, description and default, of a reference before what it refers to.
    fn told(&self, spot: &Spot<'_>) -> (String, String, Option<Value>) {
        let mut known = vec![spot.schema];
        let reference = spot.schema.get("$ref").and_then(Value::as_str);
        known.extend(reference.and_then(|reference| self.root.pointer(reference.strip_prefix('#')?)));
        let text = |word: &str| known.iter().find_map(|schema| schema.get(word)?.as_str().map(str::to_owned));
        let default = known.iter().find_map(|schema| schema.get("default").cloned());
        let own = if spot.removable { None } else { text("title") };
        (own.unwrap_or_else(|| spot.title.clone()), text("description").unwrap_or_default(), default)
    }

    fn field(&self, spot: &Spot<'_>, kind: Kind, control: Control) -> Field {
        let (title, description, default) = self.told(spot);
        let name = kind.at(&spot.pointer);
        Field {
            id: id(&name),
            slot: slot(&spot.pointer),
            title,
            description,
            default: default.map(|default| plain(&default)).unwrap_or_default(),
            required: spot.required && !spot.removable,
            removable: spot.removable.then(|| spot.pointer.clone()),
            control,
            problems: Vec::new(),
            name,
        }
    }

    fn json(&self, spot: &Spot<'_>) -> Field {
        let broken = self.broken.get(&Kind::Json.at(&spot.pointer)).map(|broken| broken.text.clone());
        let text = broken.or_else(|| spot.value.map(pretty_value)).unwrap_or_default();
        self.field(spot, Kind::Json, Control::Area { text, code: true, attributes: Vec::new() })
    }

    /// A setting with one field, if that says exactly its value.
    fn leaf(&self, spot: &Spot<'_>, schema: &Value) -> Option<Field> {
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            return self.choice(spot, options.iter().map(|option| (option.clone(), plain(option))).collect());
        }
        match type_of(schema)? {
            "string" => {
                // Whoever empties a text leaves the setting out; one that is there and empty stays so.
                let empty = spot.value == Some(&Value::String(String::new()));
                let kind = if empty { Kind::KeptText } else { Kind::Text };
                let text = exact(kind, spot.value, |value| value.as_str().map(str::to_owned))?;
                let default = self.told(spot).2.and_then(|default| default.as_str().map(str::to_owned));
                Some(self.field(spot, kind, text_control(schema, text, spot.long, default.as_deref())))
            }
            word @ ("integer" | "number") => {
                let kind = if word == "integer" { Kind::Whole } else { Kind::Number };
                let text = exact(kind, spot.value, said)?;
                Some(self.field(spot, kind, number_control(schema, text, word)))
            }
            "boolean" => self.flag(spot),
            "array" => {
                let kept = (spot.inside && spot.required) || spot.value == Some(&Value::Array(Vec::new()));
                let kind = line_kind(schema, kept)?;
                let joined =
                    |value: &Value| Some(value.as_array()?.iter().map(said).collect::<Option<Vec<_>>>()?.join("\n"));
                let text = exact(kind, spot.value, joined)?;
                Some(self.field(spot, kind, Control::Area { text, code: false, attributes: Vec::new() }))
            }
            _ => None,
        }
    }

    fn flag(&self, spot: &Spot<'_>) -> Option<Field> {
        let default = self.told(spot).2.and_then(|default| default.as_bool());
        // Only what is there for certain is a box, for a box cannot be left out.
        let certain = spot.inside && (spot.required || (spot.depth == 1 && default.is_some()));
        if !certain {
            let both = [(true, self.w.config_yes), (false, self.w.config_no)];
            return self.choice(spot, both.map(|(value, title)| (Value::Bool(value), title.to_owned())).to_vec());
        }
        let ticked = match spot.value {
            Some(value) => value.as_bool()?,
            None => default.unwrap_or(false),
        };
        Some(self.field(spot, Kind::On, Control::Tick { ticked, off: Kind::Off.at(&spot.pointer) }))
    }

    fn choice(&self, spot: &Spot<'_>, options: Vec<(Value, String)>) -> Option<Field> {
        if spot.value.is_some_and(|value| options.iter().all(|(option, _)| option != value)) {
            return None;
        }
        let none = spot.value.is_none() || !(spot.inside && spot.required);
        let option = |(value, title): (Value, String)| (value.to_string(), title, spot.value == Some(&value));
        let options = options.into_iter().map(option).collect();
        Some(self.field(spot, Kind::Choice, Control::Choice { options, none }))
    }
}

/// The one type that a schema names.
pub fn type_of(schema: &Value) -> Option<&str> {
    schema.get("type")?.as_str()
}

/// Whether a schema says more than a field can.
pub fn is_unusual(schema: &Value) -> bool {
    UNUSUAL.iter().any(|word| schema.get(word).is_some())
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    let properties = schema.get("properties")?.as_object()?;
    (matches!(schema.get("type"), None | Some(Value::String(_))) && type_of(schema).is_none_or(|word| word == "object"))
        .then_some(properties)
}

#[cfg(test)]
mod tests;
