//! A person as plugins may see them, field by field.

use crate::Millis;
use crate::campaign::Value;
use crate::consent;
use crate::person::{Consent, Person, Signal};
use crate::relations::Standing;
use crate::settings::TenantSettings;
use crate::signals;

/// The fields that show what the graph of relations says.
pub const STANDING_FIELDS: [&str; 3] = ["influence", "path-distance", "connections"];

/// One person, with all that fields are read of: whoever stands alone, or a group with what is kept for it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'p> {
    /// The person.
    pub person: &'p Person,
    /// Expired ones among them.
    pub signals: &'p [Signal],
    /// By purpose.
    pub consents: &'p [Consent],
    /// What the graph of relations says.
    pub standing: Option<Standing>,
}

impl Subject<'_> {
    /// A field by its name: a built-in fact, what the graph of relations says, a signal that still counts, else an
    /// attribute.
    pub fn field(&self, name: &str, now: Millis) -> Option<Value> {
        let facts = &self.person.facts;
        let time = |at: Millis| (at > 0).then_some(Value::Time(at));
        match name {
            "revenue" => Some(Value::Integer(facts.revenue)),
            "order-count" => Some(Value::Integer(facts.order_count)),
            "event-count" => Some(Value::Integer(facts.event_count)),
            "first-seen" => time(facts.first_seen),
            "last-seen" => time(facts.last_seen),
            "last-order-at" => time(facts.last_order_at),
            "influence" => self.standing.map(|standing| Value::Number(standing.influence)),
            "path-distance" => self.standing?.distance.map(|steps| Value::Integer(i64::from(steps))),
            "connections" => self.standing.map(|standing| Value::Integer(i64::from(standing.connections))),
            _ => match signals::current(self.signals, name, now) {
                Some(signal) => attribute(&signal.value),
                None => attribute(self.person.attributes.get(name)?),
            },
        }
    }

    /// Whether a field may be seen for a purpose: what the person allows, as far as the settings ask for it.
    pub fn may_see(&self, field: &str, purpose: &str, settings: &TenantSettings, now: Millis) -> bool {
        settings.purposes.is_empty() || consent::allows_field(settings, self.consents, field, purpose, now).is_ok()
    }
}

fn attribute(value: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => number.as_i64().map(Value::Integer).or_else(|| number.as_f64().map(Value::Number)),
        Json::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(Value::Texts)
        }
        Json::Null | Json::Object(_) => None,
    }
}
