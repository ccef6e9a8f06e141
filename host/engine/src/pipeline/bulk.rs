//! Events of the host that change many people at once: each is a batch of its own, and each person in it an item.

use std::sync::Arc;

use guanxi_domain::erasure::ERASED;
use guanxi_domain::event::{Event, IMPORT, TAGS};
use guanxi_domain::person::Tagging;
use guanxi_domain::relations::RELATIONS;

use super::memory::Memory;
use super::named::read;
use super::rounds::{Item, Mind};
use super::{imports, relations, tags};

/// What of an event concerns one person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// All of it: an ordinary event.
    Whole,
    /// Tags that staff put on or take off.
    Tagging(Arc<Tagging>),
    /// A row of an import.
    Import(Box<imports::Row>),
}

impl Part {
    /// Whether the person is scored again although no plugin asked for such events.
    pub(crate) fn is_scored(&self) -> bool {
        matches!(self, Self::Import(_))
    }
}

/// Whether an event is a batch of its own.
pub(crate) fn is_bulk(kind: &str) -> bool {
    matches!(kind, TAGS | IMPORT | ERASED | RELATIONS)
}

/// How many of the events go into one batch.
pub(crate) fn prefix(events: &[Arc<Event>]) -> usize {
    match events.iter().position(|event| is_bulk(&event.event.kind)) {
        Some(0) => 1,
        Some(first) => first,
        None => events.len(),
    }
}

/// The items of an event that changes many.
pub(crate) fn items(memory: &mut Memory, event: &Arc<Event>) -> Result<Vec<Item>, String> {
    let properties = &event.event.body.properties;
    match event.event.kind.as_str() {
        TAGS => {
            let tagging: Arc<Tagging> = Arc::new(read(properties).ok_or("the tags cannot be read")?);
            let known = tagging.people.iter().filter(|id| memory.people.contains_key(id));
            let item =
                |id| Item::new(memory, Arc::clone(event), memory.leaf_of(id), Part::Tagging(Arc::clone(&tagging)));
            Ok(known.copied().map(item).collect())
        }
        IMPORT => imports::items(memory, event),
        RELATIONS => relations::carry_out(memory, event).map(|()| Vec::new()),
        // One that was erased itself; others come alone and are carried out by `erase`.
        ERASED => Ok(Vec::new()),
        kind => Err(format!("`{kind}` changes one person at a time")),
    }
}

/// Changes the person of an item.
pub(crate) fn apply(memory: &mut Memory, mind: &Mind, item: &Item, part: &Part) {
    match part {
        Part::Whole => {}
        Part::Import(row) => imports::apply(memory, mind, item.leaf, row),
        Part::Tagging(tagging) => {
            super::facts::put_on_timeline(memory, item.leaf, &item.event);
            let now = item.event.event.received_at;
            for tag in &tagging.add {
                tags::put(memory, mind, item.leaf, tag.clone(), "staff", now);
            }
            for tag in &tagging.remove {
                tags::take_off(memory, item.leaf, &tag.dimension, &tag.name, "staff", now);
            }
        }
    }
}
