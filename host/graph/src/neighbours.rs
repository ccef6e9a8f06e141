//! Who is one step away.

use std::collections::BTreeMap;

use crate::Graph;
use crate::adjacency::{is_incoming, kind_of, unpacked};

/// A relation between a node and its neighbour.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation<'g> {
    /// `friend`, `follows` …
    pub kind: &'g str,
    /// Whether it leads from the node to the neighbour.
    pub outgoing: bool,
    /// How strong it is, 0 to 1.
    pub strength: f64,
}

/// Somebody to whom a node has relations.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour<'g> {
    /// The neighbour; of those who were joined, the root.
    pub node: u32,
    /// The strongest relation's strength.
    pub strength: f64,
    /// All of them; of equal ones of several parts, the strongest.
    pub relations: Vec<Relation<'g>>,
}

/// The neighbours that two nodes share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// How many there are.
    pub count: usize,
    /// The first of them, by number.
    pub nodes: Vec<u32>,
}

impl Graph {
    /// The node's neighbours, strongest first, equal ones by number.
    pub fn neighbours(&self, node: u32) -> Vec<Neighbour<'_>> {
        let root = self.root(node);
        let mut marks: BTreeMap<u32, BTreeMap<u16, u16>> = BTreeMap::new();
        for half in self.lists(root).flat_map(|list| list.halves()) {
            let other = self.root(half.other);
            if other != root {
                let strength = marks.entry(other).or_default().entry(half.mark).or_insert(0);
                *strength = (*strength).max(half.strength);
            }
        }
        let mut neighbours: Vec<(u16, Neighbour<'_>)> =
            marks.into_iter().map(|(node, marks)| self.neighbour(node, marks)).collect();
        neighbours.sort_by(|(a_strength, a), (b_strength, b)| b_strength.cmp(a_strength).then(a.node.cmp(&b.node)));
        neighbours.into_iter().map(|(_, neighbour)| neighbour).collect()
    }

    /// The node's neighbours with the strength of the strongest relation to each, in the same order.
    pub fn strongest(&self, node: u32) -> Vec<(u32, f64)> {
        let root = self.root(node);
        let halves = self.lists(root).flat_map(|list| list.halves()).map(|half| (self.root(half.other), half.strength));
        let mut ends: Vec<(u32, u16)> = halves.filter(|(other, _)| *other != root).collect();
        ends.sort_unstable_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
        ends.dedup_by_key(|(other, _)| *other);
        ends.sort_by_key(|(_, strength)| std::cmp::Reverse(*strength));
        ends.into_iter().map(|(other, strength)| (other, unpacked(strength))).collect()
    }

    /// How many neighbours the node has.
    pub fn degree(&self, node: u32) -> usize {
        self.neighbour_nodes(self.root(node)).len()
    }

    /// How many neighbours the node has by each kind of relation, in either direction.
    pub fn degrees(&self, node: u32) -> BTreeMap<&str, usize> {
        let mut degrees = BTreeMap::new();
        for neighbour in self.neighbours(node) {
            let mut kinds: Vec<&str> = neighbour.relations.iter().map(|relation| relation.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            for kind in kinds {
                *degrees.entry(kind).or_insert(0) += 1;
            }
        }
        degrees
    }

    /// The neighbours that two nodes share; of them the first `limit` by number.
    pub fn common(&self, one: u32, other: u32, limit: usize) -> Common {
        let (one, other) = (self.root(one), self.root(other));
        let (ones, others) = (self.neighbour_nodes(one), self.neighbour_nodes(other));
        let (few, many) = if ones.len() < others.len() { (ones, others) } else { (others, ones) };
        let shared = few.into_iter().filter(|node| *node != one && *node != other && many.binary_search(node).is_ok());
        let mut nodes: Vec<u32> = shared.collect();
        let count = nodes.len();
        nodes.truncate(limit);
        Common { count, nodes }
    }

    /// The neighbours of a root by number.
    fn neighbour_nodes(&self, root: u32) -> Vec<u32> {
        let others = self.lists(root).flat_map(|list| list.others.iter().map(|other| self.root(*other)));
        let mut nodes: Vec<u32> = others.filter(|other| *other != root).collect();
        if !nodes.is_sorted() {
            nodes.sort_unstable();
        }
        nodes.dedup();
        nodes
    }

    fn neighbour(&self, node: u32, marks: BTreeMap<u16, u16>) -> (u16, Neighbour<'_>) {
        let strongest = marks.values().copied().max().unwrap_or(0);
        let relations = marks.into_iter().map(|(mark, strength)| Relation {
            kind: self.kinds.name(kind_of(mark)),
            outgoing: !is_incoming(mark),
            strength: unpacked(strength),
        });
        (strongest, Neighbour { node, strength: unpacked(strongest), relations: relations.collect() })
    }
}
