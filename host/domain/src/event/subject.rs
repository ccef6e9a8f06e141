//! Whom an event is about, gathered while it is read: identities without repetition, and notes on those left out.

use serde_json::Value;

use super::{BadEvent, NOTES_MAX};
use crate::JsonMap;
use crate::identity::{BadIdentity, Identity, PER_EVENT_MAX};

/// The identities found so far.
pub(super) struct Subject<'r> {
    region: Option<&'r str>,
    identities: Vec<Identity>,
    notes: Vec<String>,
}

impl<'r> Subject<'r> {
    /// Nobody yet. `region` is where phone numbers may be written without a country code.
    pub(super) fn new(region: Option<&'r str>) -> Self {
        Self { region, identities: Vec::new(), notes: Vec::new() }
    }

    /// Adds an identity that the sender relies on; a bad one costs the event.
    pub(super) fn require(&mut self, at: &str, kind: &str, value: &str) -> Result<(), BadEvent> {
        self.take(at, Identity::read(kind, value, self.region))
    }

    /// Like [`Subject::require`], from `kind:value`.
    pub(super) fn require_text(&mut self, at: &str, text: &str) -> Result<(), BadEvent> {
        self.take(at, Identity::read_text(text.trim(), self.region))
    }

    /// Like [`Subject::require_text`], where a text that is no `kind:value` is the sender's own name for a user.
    pub(super) fn require_text_or_user(&mut self, at: &str, text: &str) -> Result<(), BadEvent> {
        let identity = match Identity::read_text(text, self.region) {
            // Someone who writes `email:` means an email address, not a user of that name.
            Err(BadIdentity::NoKind | BadIdentity::Kind | BadIdentity::Value) => Identity::new("user", text),
            read => read,
        };
        self.take(at, identity)
    }

    /// Adds an identity that came along; a bad one is left out and noted.
    pub(super) fn offer(&mut self, at: &str, kind: &str, value: &str) {
        match Identity::read(kind, value, self.region) {
            Ok(identity) => self.add(identity),
            Err(error) => self.note(format!("{at}: not used as an identity: {error}")),
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

    /// What stands for nobody (`userId: "null"`) is left out like a missing one: a library that sends it before the
    /// login names the visitor otherwise.
    fn take(&mut self, at: &str, read: Result<Identity, BadIdentity>) -> Result<(), BadEvent> {
        match read {
            Ok(identity) => self.add(identity),
            Err(error @ BadIdentity::Placeholder) => self.note(format!("{at}: not used as an identity: {error}")),
            Err(error) => return Err(BadEvent::new(at, error.to_string())),
        }
        Ok(())
    }

    fn add(&mut self, identity: Identity) {
        // One above the bound is enough for `finish` to refuse.
        if self.identities.len() <= PER_EVENT_MAX && !self.identities.contains(&identity) {
            self.identities.push(identity);
        }
    }
}
