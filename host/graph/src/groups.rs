//! People who were joined are one node: each part is seen as its root, and can be parted again.

use std::collections::HashMap;

use fixedbitset::FixedBitSet;

/// Which node is seen as which other.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    roots: HashMap<u32, u32>,
    parts: HashMap<u32, Vec<u32>>,
    /// The keys of both maps: nearly all nodes stand alone, and a bit says so faster than a map.
    joined: FixedBitSet,
}

impl Groups {
    pub(crate) fn join(&mut self, part: u32, root: u32) {
        if self.roots.get(&part) == Some(&root) {
            return;
        }
        self.part(part);
        if part == root {
            return;
        }
        self.roots.insert(part, root);
        self.parts.entry(root).or_default().push(part);
        self.joined.grow_and_insert(part as usize);
        self.joined.grow_and_insert(root as usize);
    }

    pub(crate) fn part(&mut self, part: u32) {
        let Some(root) = self.roots.remove(&part) else { return };
        if let Some(parts) = self.parts.get_mut(&root) {
            parts.retain(|other| *other != part);
            if parts.is_empty() {
                self.parts.remove(&root);
            }
        }
        for node in [part, root] {
            let joined = self.roots.contains_key(&node) || self.parts.contains_key(&node);
            self.joined.set(node as usize, joined);
        }
    }

    pub(crate) fn root(&self, node: u32) -> u32 {
        if self.joined.contains(node as usize) { self.roots.get(&node).copied().unwrap_or(node) } else { node }
    }

    pub(crate) fn parts(&self, root: u32) -> &[u32] {
        if self.joined.contains(root as usize) {
            self.parts.get(&root).map(Vec::as_slice).unwrap_or_default()
        } else {
            &[]
        }
    }

    pub(crate) fn bound(&self) -> usize {
        self.joined.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.joined.len() / 8 + self.roots.len() * 48
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_and_go_and_leave_nothing_behind() {
        let mut groups = Groups::default();
        groups.join(1, 9);
        groups.join(2, 9);
        groups.join(2, 8);
        groups.join(7, 7);
        assert_eq!([1, 2, 7, 8, 9, 1_000].map(|node| groups.root(node)), [9, 8, 7, 8, 9, 1_000]);
        assert_eq!(groups.parts(9), [1]);
        for node in [1, 2, 3] {
            groups.part(node);
        }
        assert!(groups.roots.is_empty() && groups.parts.is_empty() && groups.joined.is_clear());
    }
}
