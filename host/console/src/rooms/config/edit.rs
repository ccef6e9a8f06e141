//! The buttons of a form of settings that make and take away entries of lists and objects.

use serde_json::{Map, Value};

use super::read::{Typed, steps};

/// What a press of a button came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Edit {
    /// What was there to be made or taken away was; the key of a new entry made it when the form was read.
    Done,
    /// A list must not move while a part of it cannot be read.
    MendFirst,
    /// It is no such button.
    None,
}

/// Does what a button says: `add:` with the pointer of a list, `put:` with that of an object, `remove:` with that of an entry.
pub fn press(typed: &mut Typed, button: &str) -> Edit {
    let Some((what, pointer)) = button.split_once(':') else { return Edit::None };
    match what {
        "add" => add(&mut typed.config, pointer),
        "put" => {}
        "remove" => return remove(typed, pointer),
        _ => return Edit::None,
    }
    Edit::Done
}

/// Adds an empty object to a list, which is made if there is none.
fn add(config: &mut Value, pointer: &str) {
    let Some(mut parents) = steps(pointer) else { return };
    let Some(last) = parents.pop() else { return };
    let found = parents.iter().try_fold(config, |here, step| match here {
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        Value::Object(entries) => Some(entries.entry(step.clone()).or_insert_with(empty)),
        _ => None,
    });
    let Some(Value::Object(entries)) = found else { return };
    if let Value::Array(items) = entries.entry(last).or_insert_with(|| Value::Array(Vec::new())) {
        items.push(empty());
    }
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn remove(typed: &mut Typed, pointer: &str) -> Edit {
    let Some((parent, _)) = pointer.rsplit_once('/') else { return Edit::Done };
    let Some(key) = steps(pointer).and_then(|mut steps| steps.pop()) else { return Edit::Done };
    let inside = |name: &str, part: &str| {
        let place = name.split_once(':').map_or("", |(_, place)| place);
        place == part || place.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
    };
    match typed.config.pointer_mut(parent) {
        // The numbers of all that follows change.
        Some(Value::Array(_)) if typed.broken.keys().any(|name| inside(name, parent)) => return Edit::MendFirst,
        Some(Value::Array(items)) => {
            if let Some(index) = key.parse::<usize>().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        Some(Value::Object(entries)) => {
            entries.remove(&key);
        }
        _ => {}
    }
    typed.broken.retain(|name, _| !inside(name, pointer));
    Edit::Done
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rooms::config::read::Broken;

    #[test]
    fn pl_6_buttons_make_and_take_away_entries() {
        let config = json!({"list": [{"n": 1}, {"n": 2}], "texts": {"en": "x", "a/b": "y"}, "n": 1});
        for (button, expected, edit) in [
            ("add:/list", Some(("/list/2", json!({}))), Edit::Done),
            ("add:/list/0/more", Some(("/list/0/more", json!([{}]))), Edit::Done),
            ("add:/new", Some(("/new", json!([{}]))), Edit::Done),
            ("add:/quiet/new", Some(("/quiet", json!({"new": [{}]}))), Edit::Done),
            ("remove:/list/0", Some(("/list", json!([{"n": 2}]))), Edit::Done),
            ("remove:/texts/a~1b", Some(("/texts", json!({"en": "x"}))), Edit::Done),
            ("add:/n", None, Edit::Done),
            ("add:", None, Edit::Done),
            ("remove:/list/7", None, Edit::Done),
            ("remove:/n/n", None, Edit::Done),
            ("remove:", None, Edit::Done),
            ("save", None, Edit::None),
            ("odd:/n", None, Edit::None),
        ] {
            let mut typed = Typed::of(config.clone());
            assert_eq!(press(&mut typed, button), edit, "{button}");
            match expected {
                Some((pointer, value)) => assert_eq!(typed.config.pointer(pointer), Some(&value), "{button}"),
                None => assert_eq!(typed.config, config, "{button}"),
            }
        }
    }

    #[test]
    fn pl_6_a_list_with_a_part_that_cannot_be_read_does_not_move() {
        let mut typed = Typed::of(json!({"list": [{}, {"odd": null}], "texts": {"a": null}}));
        for name in ["json:/list/1/odd", "json:/texts/a"] {
            typed.broken.insert(name.to_owned(), Broken { text: "[".to_owned(), why: "is no JSON".to_owned() });
        }
        assert_eq!(press(&mut typed, "remove:/list/0"), Edit::MendFirst);
        assert_eq!(press(&mut typed, "remove:/texts/a"), Edit::Done);
        assert_eq!(typed.broken.keys().collect::<Vec<_>>(), ["json:/list/1/odd"]);
    }
}
