//! Whom the events of a batch name, so that they can be read before anything is decided.

use std::collections::HashSet;
use std::sync::Arc;

use guanxi_domain::event::{Event, IDENTITY, IMPORT, TAGS};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::{Action, Verb};
use guanxi_domain::person::Tagging;
use guanxi_domain::relations::{RELATIONS, Who, carried, told};
use guanxi_import::Chunk;
use serde_json::Value;

/// Everybody whom some events name.
#[derive(Default)]
pub(crate) struct Named {
    pub(crate) identities: HashSet<Identity>,
    pub(crate) people: HashSet<PersonId>,
    /// The rows of an import, which is a batch of its own.
    pub(crate) chunk: Option<Chunk>,
}

impl Named {
    /// Reads whom these events name; what cannot be read names nobody and is refused where it is carried out.
    pub(crate) fn by(events: &[Arc<Event>]) -> Self {
        let mut named = Self::default();
        for event in events {
            let body = &event.event.body;
            named.identities.extend(body.identities.iter().cloned());
            named.people.extend(body.person);
            named.identities.extend(told(&event.event.kind, &body.properties).map(|told| told.to));
            match event.event.kind.as_str() {
                RELATIONS => named.add_relations(&event.event.kind, &body.properties),
                IDENTITY => named.add_action(&body.properties),
                IMPORT => {
                    named.chunk = super::imports::read(body).ok();
                    named.identities.extend(named.chunk.iter().flat_map(Chunk::identities).cloned());
                }
                TAGS => {
                    if let Some(tagging) = read::<Tagging>(&body.properties) {
                        named.people.extend(tagging.people);
                    }
                }
                _ => {}
            }
        }
        named
    }

    fn add_relations(&mut self, kind: &str, properties: &guanxi_domain::JsonMap) {
        let ends =
            carried(kind, properties).unwrap_or_default().edges.into_iter().flat_map(|edge| [edge.from, edge.to]);
        for end in ends {
            match end {
                Who::Identity(identity) => drop(self.identities.insert(identity)),
                Who::Person(person) => drop(self.people.insert(person)),
            }
        }
    }

    fn add_action(&mut self, properties: &guanxi_domain::JsonMap) {
        let Some(action) = read::<Action>(properties) else { return };
        self.identities.extend(action.verb.identity().cloned());
        match action.verb {
            Verb::Merge { with } => drop(self.people.insert(with)),
            Verb::Dismiss { claimed_by, .. } => drop(self.people.insert(claimed_by)),
            _ => {}
        }
    }
}

/// The properties of an event of the host's own as what they are.
pub(crate) fn read<T: serde::de::DeserializeOwned>(properties: &guanxi_domain::JsonMap) -> Option<T> {
    serde_json::from_value(Value::Object(properties.clone())).ok()
}
