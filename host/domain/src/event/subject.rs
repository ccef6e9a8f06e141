//! Whom an event is about, gathered while it is read: identities without repetition, and notes on those left out.

use serde_json::Value;

use super::BadEvent;
use crate::JsonMap;
use crate::identity::{Identity, PER_EVENT_MAX};

/// The most notes kept on one event.
const NOTES_MAX: usize = 8;

/// The identities found so far.
#[derive(Default)]
pub(super) struct Subject {
    identities: Vec<Identity>,
    notes: Vec<String>,
}

impl Subject {
    /// Adds an identity that the sender relies on; a bad one costs the event.
    pub(super) fn require(&mut self, at: &str, kind: &str, value: &str) -> Result<(), BadEvent> {
        let identity = Identity::new(kind, value).map_err(|error| BadEvent::new(at, error.to_string()))?;
        self.add(identity);
        Ok(())
    }

    /// Adds an identity that came along; a bad one is left out and noted.
    pub(super) fn offer(&mut self, at: &str, kind: &str, value: &str) {
        match Identity::new(kind, value) {
            Ok(identity) => self.add(identity),
            Err(error) => self.note(format!("{at}: not used as an identity: {error}")),
        }
    }

    /// Adds an identity.
    pub(super) fn add(&mut self, identity: Identity) {
        // One above the bound is enough for `finish` to refuse.
        if self.identities.len() <= PER_EVENT_MAX && !self.identities.contains(&identity) {
            self.identities.push(identity);
        }
    }

    /// The traits `email` and `phone` are identities too.
    pub(super) fn offer_traits(&mut self, traits: &JsonMap) {
        for kind in ["email", "phone"] {
            match traits.get(kind) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.trim().is_empty() => {}
                Some(Value::String(text)) => self.offer(&format!("traits.{kind}"), kind, text),
                Some(Value::Number(number)) => self.offer(&format!("traits.{kind}"), kind, &number.to_string()),
                Some(_) => self.note(format!("traits.{kind}: not used as an identity: is not a text")),
            }
        }
    }

    /// Keeps a remark.
    pub(super) fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note);
        }
    }

    /// Whether nobody is named.
    pub(super) fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// The identities, strongest first, and the notes.
    pub(super) fn finish(mut self) -> Result<(Vec<Identity>, Vec<String>), BadEvent> {
        if self.identities.len() > PER_EVENT_MAX {
            return Err(BadEvent::new("", format!("names more than {PER_EVENT_MAX} identities; send the strongest")));
        }
        self.identities.sort_by_key(|identity| std::cmp::Reverse(identity.strength()));
        Ok((self.identities, self.notes))
    }
}
