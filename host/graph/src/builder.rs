//! Builds a graph from many relations at once: as fast as sorting them.

use crate::adjacency::{self, Adjacency, Half};
use crate::kinds::Kinds;
use crate::{Edge, Graph};

/// The most relations of one graph; those beyond are left out. Twice as many fit into the 32 bits of an offset.
const EDGES_MAX: usize = 1 << 30;

/// Takes relations in any order, then makes the graph of them.
#[derive(Debug, Default)]
pub struct Builder {
    kinds: Kinds,
    edges: Vec<(u32, u32, u16, u16)>,
}

impl Builder {
    /// Adds a relation; of two that are the same but for their strength, the later one holds.
    pub fn add(&mut self, edge: Edge<'_>) {
        if edge.from != edge.to && self.edges.len() < EDGES_MAX {
            let kind = self.kinds.number(edge.kind);
            self.edges.push((edge.from, edge.to, kind, adjacency::packed(edge.strength)));
        }
    }

    /// The graph of all of them.
    pub fn build(mut self) -> Graph {
        // The sort is stable, so the last of equals is the latest.
        if !self.edges.is_sorted_by_key(key) {
            self.edges.sort_by_key(key);
        }
        self.edges.dedup_by(|later, kept| {
            let same = key(later) == key(kept);
            if same {
                kept.3 = later.3;
            }
            same
        });
        let edges = self.edges.len();
        let mut halves: Vec<(u32, Half)> = Vec::with_capacity(edges * 2);
        for (from, to, kind, strength) in self.edges {
            halves.push((from, Half { other: to, mark: adjacency::outgoing(kind), strength }));
            halves.push((to, Half { other: from, mark: adjacency::incoming(kind), strength }));
        }
        halves.sort_unstable_by_key(|(node, half)| (*node, half.other, half.mark));
        let adjacency = Adjacency::sorted(halves.len(), halves.into_iter());
        Graph { adjacency, kinds: self.kinds, edges, ..Graph::default() }
    }
}

fn key(edge: &(u32, u32, u16, u16)) -> (u32, u32, u16) {
    (edge.0, edge.1, edge.2)
}
