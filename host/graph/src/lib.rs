//! Who knows whom, of one tenant, in memory: paths, common acquaintances, reach and influence over millions of
//! relations. Nothing here knows of people, SQL or time: nodes are numbers, and whoever keeps the graph tells it what
//! changed.
//!
//! Why not petgraph: its graphs that answer quickly cannot change, those that can take several times the memory, none
//! has nodes that are joined and parted again, and its PageRank neither weighs edges nor starts from the last answer.
//! The tests hold every walk against it.

mod adjacency;
mod builder;
mod groups;
mod influence;
mod kinds;
mod neighbours;
mod walk;

pub use builder::Builder;
pub use influence::Influence;
pub use neighbours::{Common, Neighbour, Relation};
pub use walk::{Path, Reach, UNREACHED};

use adjacency::{Adjacency, Half, List};
use groups::Groups;
use kinds::Kinds;

/// One relation: `from` knows, follows or was brought by `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge<'a> {
    /// Who has the relation.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// What it is: `friend`, `follows` …
    pub kind: &'a str,
    /// How strong it is, 0 to 1; kept to four digits.
    pub strength: f64,
}

/// The relations of one tenant. Between two nodes there is one of each kind and direction at most.
#[derive(Debug, Default)]
pub struct Graph {
    adjacency: Adjacency,
    groups: Groups,
    kinds: Kinds,
    edges: usize,
}

impl Graph {
    /// Adds a relation or changes its strength. A relation of a node with itself is none.
    pub fn set(&mut self, edge: Edge<'_>) {
        if edge.from == edge.to {
            return;
        }
        let kind = self.kinds.number(edge.kind);
        let strength = adjacency::packed(edge.strength);
        self.adjacency.put(edge.to, Half { other: edge.from, mark: adjacency::incoming(kind), strength });
        let added = self.adjacency.put(edge.from, Half { other: edge.to, mark: adjacency::outgoing(kind), strength });
        self.edges += usize::from(added);
    }

    /// Takes a relation away; whether there was one.
    pub fn remove(&mut self, from: u32, to: u32, kind: &str) -> bool {
        let Some(kind) = self.kinds.known(kind) else { return false };
        self.adjacency.take(to, from, adjacency::incoming(kind));
        let taken = self.adjacency.take(from, to, adjacency::outgoing(kind));
        self.edges -= usize::from(taken);
        taken
    }

    /// From now on `part` is seen as `root`, which may not be part of another itself. Its relations stay its own.
    pub fn join(&mut self, part: u32, root: u32) {
        self.groups.join(part, root);
    }

    /// From now on the node stands for itself again.
    pub fn part(&mut self, part: u32) {
        self.groups.part(part);
    }

    /// As whom the node is seen.
    pub fn root(&self, node: u32) -> u32 {
        self.groups.root(node)
    }

    /// How many relations there are.
    pub fn edges(&self) -> usize {
        self.edges
    }

    /// The first number that is greater than every node's.
    pub fn bound(&self) -> usize {
        self.adjacency.bound().max(self.groups.bound())
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        self.adjacency.bytes() + self.groups.bytes()
    }

    /// Whether so much has changed that [`Self::fold`] pays.
    pub fn is_worn(&self) -> bool {
        self.adjacency.is_worn()
    }

    /// Works changes into the compact form; takes as long as building the graph. Answers stay the same.
    pub fn fold(&mut self) {
        self.adjacency.fold();
    }

    /// The relations of everybody who is seen as `root`.
    fn lists(&self, root: u32) -> impl Iterator<Item = List<'_>> {
        std::iter::once(root).chain(self.groups.parts(root).iter().copied()).map(|node| self.adjacency.list(node))
    }
}
