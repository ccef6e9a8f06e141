//! What becomes of schemas, and that showing a configuration changes nothing.

use std::collections::HashMap;

use serde_json::json;

use super::super::read::{read, steps};
use super::*;
use crate::words::EN;

fn form(schema: &Value, config: &Value) -> Vec<Line> {
    lines(Some(schema), config, &BTreeMap::new(), &EN)
}

/// What a browser sends of a form.
fn sent(lines: &[Line]) -> HashMap<String, String> {
    let mut fields = HashMap::from([("object:".to_owned(), String::new())]);
    let mut send = |name: &str, text: &str| {
        let twice = fields.insert(name.to_owned(), text.replace('\n', "\r\n"));
        assert_eq!(twice, None, "{name} stands twice");
    };
    for line in lines {
        match line {
            Line::Open(group) => send(&group.name, ""),
            Line::Close(_) => {}
            Line::Field(field) => match &field.control {
                Control::Input { text, .. } | Control::Area { text, .. } => send(&field.name, text),
                Control::Choice { options, none } => {
                    let chosen = options.iter().find(|(_, _, chosen)| *chosen).map(|(value, _, _)| value.as_str());
                    assert!(chosen.is_some() || *none, "a browser would choose the first of {field:?}");
                    send(&field.name, chosen.unwrap_or_default());
                }
                Control::Tick { ticked, off } => {
                    send(off, "");
                    if *ticked {
                        send(&field.name, "yes");
                    }
                }
            },
        }
    }
    fields
}

/// Names of the fields, groups in brackets.
fn outline(lines: &[Line]) -> String {
    let line = |line: &Line| match line {
        Line::Open(group) => format!("{}(", group.name),
        Line::Close(Some(growth)) if growth.key.is_some() => "+key)".to_owned(),
        Line::Close(Some(_)) => "+)".to_owned(),
        Line::Close(None) => ")".to_owned(),
        Line::Field(field) => field.name.clone(),
    };
    lines.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

#[test]
fn pl_6_each_part_of_a_schema_becomes_a_field() {
    let person = json!({"type": "object", "required": ["name"],
                        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}});
    for (schema, config, expected) in [
        (json!({"type": "string"}), json!({}), "text:/a"),
        (json!({"type": "string"}), json!({"a": ""}), "text!:/a"),
        (json!({"type": "string"}), json!({"a": 5}), "json:/a"),
        (json!({"type": "string"}), json!({"a": "x\ry"}), "json:/a"),
        (json!({"type": "integer"}), json!({"a": 5}), "whole:/a"),
        (json!({"type": "integer"}), json!({"a": 5.0}), "json:/a"),
        (json!({"type": "integer"}), json!({"a": "much"}), "whole:/a"),
        (json!({"type": "number"}), json!({"a": "5"}), "json:/a"),
        (json!({"type": "boolean"}), json!({"a": true}), "choice:/a"),
        (json!({"type": "boolean", "default": true}), json!({"a": false}), "on:/a"),
        (json!({"enum": ["x", 1, null]}), json!({"a": null}), "choice:/a"),
        (json!({"enum": ["x"]}), json!({"a": "y"}), "json:/a"),
        (json!({"type": "array", "items": {"type": "string"}}), json!({"a": ["x"]}), "lines:/a"),
        (json!({"type": "array", "items": {"type": "string"}}), json!({"a": []}), "lines!:/a"),
        (json!({"type": "array", "items": {"type": "string"}}), json!({"a": ["x\ny"]}), "json:/a"),
        (json!({"type": "array", "items": {"type": "integer"}}), json!({}), "wholes:/a"),
        (json!({"type": "array", "items": {"type": "number"}}), json!({"a": [1, 1.5]}), "numbers:/a"),
        (json!({"type": "array"}), json!({"a": [1]}), "json:/a"),
        (person.clone(), json!({}), "at:/a( text:/a/name whole:/a/age )"),
        (person.clone(), json!({"a": {}}), "object:/a( text:/a/name whole:/a/age )"),
        (person.clone(), json!({"a": {"city": 1}}), "object:/a( text:/a/name whole:/a/age rest:/a )"),
        (person.clone(), json!({"a": [1]}), "json:/a"),
        (
            json!({"type": "array", "items": person}),
            json!({"a": [{}, 1]}),
            "list:/a( object:/a/0( text:/a/0/name whole:/a/0/age ) json:/a/1 +)",
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"a": {"e/n": "x", "n": 1}}),
            "object:/a( text:/a/e~1n json:/a/n +key)",
        ),
        (json!({"type": "object", "additionalProperties": {"type": "integer"}}), json!({"a": {"n": 1}}), "json:/a"),
        (json!({"oneOf": [{"type": "string"}, {"type": "null"}]}), json!({"a": "x"}), "json:/a"),
        (json!({"type": ["string", "null"]}), json!({"a": "x"}), "json:/a"),
        (json!(true), json!({"a": 1}), "json:/a"),
        (json!({"$ref": "#/$defs/word"}), json!({"a": "x"}), "text:/a"),
        (json!({"$ref": "#/$defs/loop"}), json!({"a": "x"}), "json:/a"),
        (json!({"$ref": "https://example.com/a"}), json!({"a": "x"}), "json:/a"),
    ] {
        let mut whole = object(json!({"a": schema}));
        whole["$defs"] = json!({"word": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}});
        let lines = form(&whole, &config);
        assert_eq!(outline(&lines), expected, "{schema} {config}");
        assert_eq!(read(&sent(&lines)).unwrap().config, config, "{schema}");
    }
}

#[test]
fn pl_6_what_a_form_shows_it_says_again() {
    let band = json!({"type": "object", "required": ["days", "on"], "properties": {
        "days": {"type": "integer", "minimum": 1}, "on": {"type": "boolean"}, "texts": {"type": "array", "items": {"type": "string"}}}});
    let schema = json!({
        "type": "object", "additionalProperties": true, "required": ["url", "limit"],
        "properties": {
            "url": {"type": "string", "format": "uri"}, "limit": {"type": "integer"}, "share": {"type": "number"},
            "day": {"type": "string", "format": "date"}, "draw": {"enum": ["uniform", "lucky"], "default": "uniform"},
            "loud": {"type": "boolean", "default": false}, "texts": {"type": "object", "additionalProperties": {"type": "string"}},
            "days": {"type": "array", "items": {"type": "integer"}}, "bands": {"type": "array", "items": band},
            "odd": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "quiet": {"type": "object", "properties": {"from": {"type": "integer"}, "on": {"type": "boolean"}}},
        },
    });
    for config in [
        json!({}),
        json!({"url": "", "limit": 9_007_199_254_740_993_i64, "share": 1.0, "loud": true}),
        json!({"url": " https://a.example ", "limit": -1, "share": 5, "day": "2026-02-30", "draw": "lucky", "loud": false}),
        json!({"url": "a\nb\n\n", "limit": "much", "share": 1e21, "day": "2026-02-28", "texts": {"zh": "你好\n", "": "x"}}),
        json!({"days": [], "bands": [], "texts": {}, "quiet": {}, "odd": null}),
        json!({"days": [14, 30], "bands": [{"days": 1, "on": false, "texts": ["<b>", "a"]}, {"days": 2}, null], "odd": {"a": [1.5]}}),
        json!({"quiet": {"on": false, "further": [1]}, "extra": {"deep": [[[1]]]}, "texts": "none", "bands": {"0": 1}}),
    ] {
        let lines = form(&schema, &config);
        let read = read(&sent(&lines)).unwrap();
        // A box that is shown says no where nothing was said; the host would have filled the default in.
        let mut expected = config.clone();
        if config.get("loud").is_none() {
            expected["loud"] = json!(false);
        }
        // Of a band without its box, the same.
        if let Some(band) = expected.pointer_mut("/bands/1").filter(|band| band.is_object()) {
            band["on"] = json!(false);
        }
        assert_eq!((read.config, read.broken), (expected, BTreeMap::new()), "{config}");
        assert!(read.places.iter().all(|place| steps(place).is_some()));
    }
}

#[test]
fn pl_6_fields_carry_what_the_schema_says() {
    let schema = json!({"type": "object", "required": ["b"], "properties": {
        "a": {"type": "string", "title": "Name <b>", "description": "Whose.", "default": "Ada", "minLength": 2, "maxLength": 9},
        "b": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
        "c": {"type": "string", "maxLength": 4000, "pattern": "^[^/?#]+"},
        "d": {"type": "string", "format": "email"},
        "e": {"type": "number", "exclusiveMinimum": 0},
    }});
    let lines = form(&schema, &json!({"b": 2, "d": "ada@example.com "}));
    let fields: Vec<&Field> =
        lines.iter().filter_map(|line| if let Line::Field(field) = line { Some(field) } else { None }).collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["whole:/b", "text:/a", "text:/c", "text:/d", "number:/e"], "what must be there comes first");
    let input = |kind, text: &str, attributes: &[(&'static str, &str)]| Control::Input {
        kind,
        text: text.to_owned(),
        attributes: attributes.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
    };
    assert!(fields[0].required && !fields[1].required);
    assert_eq!(fields[0].control, input("number", "2", &[("min", "1"), ("max", "9"), ("step", "2")]));
    assert_eq!(
        (fields[1].title.as_str(), fields[1].description.as_str(), fields[1].default.as_str()),
        ("Name <b>", "Whose.", "Ada")
    );
    assert_eq!(fields[1].control, input("text", "", &[("minlength", "2"), ("maxlength", "18")]));
    assert!(matches!(&fields[2].control, Control::Area { code: false, .. }));
    assert_eq!(fields[3].control, input("text", "ada@example.com ", &[]), "a browser would trim it");
    assert_eq!(fields[4].control, input("number", "", &[("min", "0"), ("step", "any")]));
    assert!(fields[0].slot.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
}

#[test]
fn pl_6_what_cannot_be_fields_is_one_text() {
    let many: Map<String, Value> = (0..500).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
    let nested = object(json!({"a": object(Value::Object(many.clone())), "b": {"type": "string"}}));
    assert_eq!(outline(&form(&nested, &json!({}))), "json:/a text:/b");
    let config = json!({"x": 1});
    for schema in [object(Value::Object(many)), json!({"type": "object"}), json!(false), json!({"oneOf": []})] {
        let lines = form(&schema, &config);
        assert_eq!(outline(&lines), "json:");
        assert_eq!(read(&sent(&lines)).unwrap().config, config);
    }
    assert_eq!(outline(&lines(None, &config, &BTreeMap::new(), &EN)), "json:");
    // A schema that refers to itself, with many ways down, comes to an end.
    let ways: Map<String, Value> = (0..300).map(|n| (format!("p{n}"), json!({"$ref": "#/$defs/way"}))).collect();
    let endless = json!({"$defs": {"way": object(Value::Object(ways))}, "$ref": "#/$defs/way"});
    assert_eq!(outline(&form(&endless, &json!({}))), "json:");
}

#[test]
fn pl_6_a_part_that_is_no_json_is_shown_as_it_was_typed() {
    let schema =
        object(json!({"a": {"type": "array"}, "b": {"type": "object", "additionalProperties": {"type": "string"}}}));
    let fields = [("object:", ""), ("json:/a", "[1,"), ("object:/b", ""), ("json:/b/n", "{")];
    let typed = read(&fields.map(|(name, text)| (name.to_owned(), text.to_owned())).into()).unwrap();
    let lines = lines(Some(&schema), &typed.config, &typed.broken, &EN);
    assert_eq!(outline(&lines), "json:/a object:/b( json:/b/n +key)");
    let again = read(&sent(&lines)).unwrap();
    assert_eq!((again.config, again.broken), (typed.config, typed.broken));
}
