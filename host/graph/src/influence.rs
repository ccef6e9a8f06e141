//! How much a node counts: PageRank over relations weighed by their strength, with a mean of 1 over all nodes that
//! have relations. A relation passes influence from its beginning to its end.

use fixedbitset::FixedBitSet;

use crate::Graph;
use crate::adjacency::{is_incoming, unpacked};

/// How much of a node's influence its relations pass on; the rest is everybody's.
const DAMPING: f64 = 0.85;
/// The mean change at which another round is not worth it.
const TOLERANCE: f64 = 1e-6;
/// Rounds converge by a factor of [`DAMPING`] each, so that this many always suffice.
const ROUNDS_MAX: usize = 120;

/// The influence of every node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Influence {
    /// By node; 0 for a node without relations and for one that is part of another.
    values: Vec<f32>,
    /// How many rounds it took.
    rounds: usize,
}

impl Influence {
    /// The node's influence; `None` if it has no relations or is part of another.
    pub fn of(&self, root: u32) -> Option<f64> {
        self.values.get(root as usize).filter(|value| **value > 0.0).map(|value| f64::from(*value))
    }

    /// Of everybody who has some, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f64)> {
        (0u32..).zip(&self.values).filter(|(_, value)| **value > 0.0).map(|(node, value)| (node, f64::from(*value)))
    }

    /// How many rounds it took to find.
    pub fn rounds(&self) -> usize {
        self.rounds
    }
}

impl Graph {
    /// Everybody's influence, sooner the less has changed since `before`.
    pub fn influence(&self, before: &Influence) -> Influence {
        let flow = Flow::of(self);
        let mut ranks = flow.start(before);
        let mut rounds = 0;
        while rounds < ROUNDS_MAX {
            rounds += 1;
            let next = flow.round(&ranks);
            let change: f64 = ranks.iter().zip(&next).map(|(old, new)| (old - new).abs()).sum();
            ranks = next;
            if change <= TOLERANCE * ranks.len() as f64 {
                break;
            }
        }
        let mut values = vec![0.0; self.bound()];
        for (node, rank) in flow.nodes.iter().zip(ranks) {
            if let Some(value) = values.get_mut(*node as usize) {
                *value = rank as f32;
            }
        }
        Influence { values, rounds }
    }
}

/// From whom influence comes, over the nodes that have relations, counted from 0 without gaps.
struct Flow {
    nodes: Vec<u32>,
    /// Where each node's sources end.
    ends: Vec<usize>,
    sources: Vec<u32>,
    weights: Vec<f32>,
    /// One by the sum of the weights that leave each node; 0 where none does.
    shares: Vec<f64>,
}

impl Flow {
    fn of(graph: &Graph) -> Self {
        let nodes = graph.related();
        let mut indexes = vec![0u32; graph.bound()];
        for (index, node) in (0u32..).zip(&nodes) {
            if let Some(slot) = indexes.get_mut(*node as usize) {
                *slot = index;
            }
        }
        let mut flow = Self {
            ends: Vec::with_capacity(nodes.len()),
            sources: Vec::with_capacity(graph.edges),
            weights: Vec::with_capacity(graph.edges),
            shares: vec![0.0; nodes.len()],
            nodes: Vec::new(),
        };
        for node in &nodes {
            let incoming = graph.lists(*node).flat_map(|list| list.halves()).filter(|half| is_incoming(half.mark));
            for half in incoming {
                let source = graph.root(half.other);
                let Some(index) = indexes.get(source as usize).filter(|_| source != *node) else { continue };
                let weight = unpacked(half.strength);
                flow.sources.push(*index);
                flow.weights.push(weight as f32);
                if let Some(share) = flow.shares.get_mut(*index as usize) {
                    *share += weight;
                }
            }
            flow.ends.push(flow.sources.len());
        }
        for share in flow.shares.iter_mut().filter(|share| **share > 0.0) {
            *share = share.recip();
        }
        Self { nodes, ..flow }
    }

    /// Where to begin: with what was, where it is known, so that the mean is 1.
    fn start(&self, before: &Influence) -> Vec<f64> {
        let mut ranks: Vec<f64> = self.nodes.iter().map(|node| before.of(*node).unwrap_or(1.0)).collect();
        let mean = ranks.iter().sum::<f64>() / ranks.len().max(1) as f64;
        ranks.iter_mut().for_each(|rank| *rank /= mean);
        ranks
    }

    fn round(&self, ranks: &[f64]) -> Vec<f64> {
        let passed: Vec<f64> = ranks.iter().zip(&self.shares).map(|(rank, share)| rank * share).collect();
        // Whoever passes nothing on passes it to everybody.
        let kept: f64 = ranks.iter().zip(&self.shares).filter(|(_, share)| **share == 0.0).map(|(rank, _)| rank).sum();
        let base = (1.0 - DAMPING) + DAMPING * kept / ranks.len().max(1) as f64;
        let mut from = 0;
        let mut next = Vec::with_capacity(ranks.len());
        for to in &self.ends {
            let sources = self.sources.get(from..*to).unwrap_or_default();
            let weights = self.weights.get(from..*to).unwrap_or_default();
            let came = sources
                .iter()
                .zip(weights)
                .filter_map(|(source, weight)| Some(passed.get(*source as usize)? * f64::from(*weight)));
            next.push(base + DAMPING * came.sum::<f64>());
            from = *to;
        }
        next
    }
}

impl Graph {
    /// The roots that have a relation to another, by number.
    fn related(&self) -> Vec<u32> {
        let mut related = FixedBitSet::with_capacity(self.bound());
        for node in (0..self.bound()).filter_map(|node| u32::try_from(node).ok()) {
            let root = self.root(node);
            if !related.contains(root as usize)
                && self.adjacency.list(node).others.iter().any(|other| self.root(*other) != root)
            {
                related.insert(root as usize);
            }
        }
        related.ones().filter_map(|node| u32::try_from(node).ok()).collect()
    }
}
