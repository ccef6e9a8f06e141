//! Putting tags on people and taking them off.

use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{HeldTag, Tag};

use super::memory::Memory;
use super::rounds::Mind;

/// Puts a tag on a person who is no group; it loses weight as its dimension says.
pub(crate) fn put(memory: &mut Memory, mind: &Mind, leaf: PersonId, tag: Tag, source: &str, at: Millis) {
    let half_life = mind.settings.half_life(&tag.dimension);
    memory.put_tag(leaf, HeldTag { tag, source: source.to_owned(), at, half_life });
}

/// Takes a tag off the person of whom the leaf is part. Where others were joined with them it is noted that it is gone,
/// since one of them may have it too.
pub(crate) fn take_off(memory: &mut Memory, leaf: PersonId, dimension: &str, name: &str, source: &str, at: Millis) {
    if memory.root_of(leaf) == leaf {
        return memory.remove_tag(leaf, dimension, name);
    }
    let tag = Tag { dimension: dimension.to_owned(), name: name.to_owned(), weight: 0.0 };
    memory.put_tag(leaf, HeldTag { tag, source: source.to_owned(), at, half_life: None });
}
