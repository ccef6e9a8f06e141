//! The lines of a form: settings, and groups that begin and end.

use sha2::{Digest, Sha256};

use super::read::Kind;

/// One line of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Fields that belong together begin.
    Open(Group),
    /// They end; what can be added to them.
    Close(Option<Growth>),
    /// One setting.
    Field(Field),
}

/// Fields that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Where its problems are told.
    pub slot: String,
    /// What its mark is called in the form.
    pub name: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// Whether it must be there.
    pub required: bool,
    /// Its pointer, if it can be taken away.
    pub removable: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

/// How a group grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The pointer of the list or object.
    pub pointer: String,
    /// What the field for a new key is called; lists need none.
    pub key: Option<String>,
    /// Identifies that field.
    pub id: String,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it is called in the form.
    pub name: String,
    /// Identifies it in the page.
    pub id: String,
    /// Where its problems are told.
    pub slot: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// What is taken if it is left out, for people.
    pub default: String,
    /// Whether it must be there.
    pub required: bool,
    /// Its pointer, if it can be taken away.
    pub removable: Option<String>,
    /// What it is written with.
    pub control: Control,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

impl Field {
    /// Whether it tells its own problems; what concerns a whole object or everything is told there.
    pub fn tells(&self) -> bool {
        !self.name.starts_with("rest:") && self.name != "json:"
    }

    /// Whether several lines stand for several values.
    pub fn is_list(&self) -> bool {
        ["lines", "numbers", "wholes"].iter().any(|kind| self.name.starts_with(kind))
    }

    /// Whether it is written for machines.
    pub fn is_code(&self) -> bool {
        matches!(self.control, Control::Area { code: true, .. })
    }

    /// Whether something is said besides its title.
    pub fn says_more(&self) -> bool {
        !self.description.is_empty() || !self.default.is_empty() || self.is_list() || self.is_code()
    }
}

/// What a setting is written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// One line; attributes of the HTML element besides.
    Input { kind: &'static str, text: String, attributes: Vec<(&'static str, String)> },
    /// Several lines; whether they are written for machines.
    Area { text: String, code: bool, attributes: Vec<(&'static str, String)> },
    /// One of several: value, title, and whether it is chosen; whether none may be.
    Choice { options: Vec<(String, String, bool)>, none: bool },
    /// A box; and what is called that says there is one.
    Tick { ticked: bool, off: String },
}

impl Growth {
    /// Of the list or object at a pointer.
    pub fn of(pointer: &str, key: Option<Kind>) -> Self {
        let key = key.map(|kind| kind.at(pointer));
        Self { pointer: pointer.to_owned(), id: id(&format!("grow:{pointer}")), key }
    }
}

/// Where the problems at a pointer are told: names of settings may be anything, identifiers of a page may not.
pub fn slot(pointer: &str) -> String {
    format!("slot-{}", hash(pointer))
}

/// What identifies a field in the page.
pub fn id(name: &str) -> String {
    format!("field-{}", hash(name))
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
