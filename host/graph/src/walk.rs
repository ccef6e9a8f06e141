//! Who can be reached, in how many steps, and over whom. A step goes along a relation in either direction. Each walk
//! has a budget of relations that it may look at, so that an answer never takes longer than its asker can wait.

use fixedbitset::FixedBitSet;

use crate::Graph;

/// The distance of what cannot be reached, or only in as many steps or more.
pub const UNREACHED: u8 = u8::MAX;

/// A ring of more than one in so many nodes is wide.
const WIDE: usize = 8;

/// The way from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// A shortest way with both ends, if one was found.
    pub nodes: Option<Vec<u32>>,
    /// Whether the budget sufficed: without it, no way found does not say that there is none.
    pub complete: bool,
}

/// Who is within some steps of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// How many nodes are one step away, two, …; shorter than asked where nobody is further away.
    pub counts: Vec<usize>,
    /// The first of those at each step, by number.
    pub samples: Vec<Vec<u32>>,
    /// Whether the budget sufficed: without it there are more than that.
    pub complete: bool,
}

impl Graph {
    /// A shortest way between two nodes, looking at no more than about `budget` relations: from both ends at once,
    /// always on the side that has fewer to look at.
    pub fn path(&self, from: u32, to: u32, budget: usize) -> Path {
        let (from, to) = (self.root(from), self.root(to));
        if from == to {
            return Path { nodes: Some(vec![from]), complete: true };
        }
        let mut sides = (Side::new(self, from), Side::new(self, to));
        let mut left = budget;
        while !sides.0.frontier().is_empty() && !sides.1.frontier().is_empty() {
            let forth = sides.0.width <= sides.1.width;
            let (near, far) = if forth { (&mut sides.0, &sides.1) } else { (&mut sides.1, &sides.0) };
            if near.width > left {
                return Path { nodes: None, complete: false };
            }
            left -= near.width;
            if let Some(meeting) = near.step(self, far) {
                let (mut nodes, mut rest) = (near.way_to(meeting.0), far.way_to(meeting.1));
                // Where they met is in both.
                rest.pop();
                rest.reverse();
                nodes.extend(rest);
                if !forth {
                    nodes.reverse();
                }
                return Path { nodes: Some(nodes), complete: true };
            }
        }
        Path { nodes: None, complete: true }
    }

    /// Who is within `steps` steps of a node: how many at each, and the first `sample` of them.
    pub fn reach(&self, node: u32, steps: usize, sample: usize, budget: usize) -> Reach {
        let start = self.root(node) as usize;
        let mut ring = FixedBitSet::with_capacity(self.bound().max(start + 1));
        ring.insert(start);
        let mut seen = ring.clone();
        let mut reach = Reach { counts: Vec::new(), samples: Vec::new(), complete: true };
        let mut left = budget;
        while reach.counts.len() < steps {
            let Some(next) = self.ring_around(&ring, &mut seen, &mut left) else {
                reach.complete = false;
                break;
            };
            let count = next.count_ones(..);
            if count == 0 {
                break;
            }
            reach.counts.push(count);
            reach.samples.push(numbers(&next).take(sample).collect());
            ring = next;
        }
        reach
    }

    /// How many steps every node is from the nearest of `sources`, by number; [`UNREACHED`] if none leads there.
    pub fn distances(&self, sources: impl IntoIterator<Item = u32>) -> Vec<u8> {
        let mut distances = vec![UNREACHED; self.bound()];
        let mut frontier: Vec<u32> = Vec::new();
        for source in sources.into_iter().map(|source| self.root(source)) {
            visit(&mut distances, source, 0, &mut frontier);
        }
        for step in 1..UNREACHED {
            let mut next = Vec::new();
            for node in frontier {
                for other in self.lists(node).flat_map(|list| list.others) {
                    visit(&mut distances, self.root(*other), step, &mut next);
                }
            }
            if next.is_empty() {
                break;
            }
            frontier = next;
        }
        distances
    }

    /// Who has not been seen and is one step from the ring; `None` if the budget does not suffice. Both go by number,
    /// which is how the relations lie in memory: a wide ring is read from one end to the other.
    fn ring_around(&self, ring: &FixedBitSet, seen: &mut FixedBitSet, left: &mut usize) -> Option<FixedBitSet> {
        if ring.count_ones(..) * WIDE > seen.len() {
            return self.ring_behind(ring, seen, left);
        }
        let mut next = FixedBitSet::with_capacity(seen.len());
        for list in numbers(ring).flat_map(|node| self.lists(node)) {
            *left = left.checked_sub(list.others.len())?;
            for other in list.others {
                let other = self.root(*other) as usize;
                if !seen.put(other) {
                    next.insert(other);
                }
            }
        }
        Some(next)
    }

    /// The same from the other side: of a wide ring most of those who are left soon find somebody in it.
    fn ring_behind(&self, ring: &FixedBitSet, seen: &mut FixedBitSet, left: &mut usize) -> Option<FixedBitSet> {
        let mut next = FixedBitSet::with_capacity(seen.len());
        for node in seen.zeroes().filter_map(|node| u32::try_from(node).ok()).filter(|node| self.root(*node) == *node) {
            let mut looked = 0;
            let mut others = self.lists(node).flat_map(|list| list.others);
            let found = others.any(|other| {
                looked += 1;
                ring.contains(self.root(*other) as usize)
            });
            *left = left.checked_sub(looked)?;
            next.set(node as usize, found);
        }
        seen.union_with(&next);
        Some(next)
    }
}

fn numbers(nodes: &FixedBitSet) -> impl Iterator<Item = u32> {
    nodes.ones().filter_map(|node| u32::try_from(node).ok())
}

fn visit(distances: &mut [u8], node: u32, step: u8, found: &mut Vec<u32>) {
    if let Some(distance) = distances.get_mut(node as usize)
        && *distance == UNREACHED
    {
        *distance = step;
        found.push(node);
    }
}

/// A node that was found, and from where: the index of its finder's place.
#[derive(Debug, Clone, Copy)]
struct Place {
    node: u32,
    from: u32,
}

/// A search that spreads from one node.
struct Side {
    /// In the order in which they were found.
    found: Vec<Place>,
    /// Where the outermost ring of `found` begins.
    ring: usize,
    seen: FixedBitSet,
    /// How many relations the outermost ring has.
    width: usize,
}

impl Side {
    fn new(graph: &Graph, start: u32) -> Self {
        let mut seen = FixedBitSet::with_capacity(graph.bound().max(start as usize + 1));
        seen.insert(start as usize);
        let found = vec![Place { node: start, from: 0 }];
        Self { found, ring: 0, seen, width: graph.width(start) }
    }

    fn frontier(&self) -> &[Place] {
        self.found.get(self.ring..).unwrap_or_default()
    }

    /// Goes one step further; ends early where it meets the other side, at the places of both.
    fn step(&mut self, graph: &Graph, other: &Side) -> Option<(usize, usize)> {
        let ring = self.ring..self.found.len();
        self.ring = ring.end;
        self.width = 0;
        for finder in ring {
            let Some(place) = self.found.get(finder).copied() else { continue };
            for list in graph.lists(place.node) {
                for next in list.others {
                    let next = graph.root(*next);
                    if self.seen.put(next as usize) {
                        continue;
                    }
                    self.found.push(Place { node: next, from: u32::try_from(finder).unwrap_or(u32::MAX) });
                    self.width += graph.width(next);
                    if other.seen.contains(next as usize) {
                        // Whoever was found before the outermost ring has had all their neighbours found, too.
                        let met = other.frontier().iter().position(|place| place.node == next)?;
                        return Some((self.found.len() - 1, other.ring + met));
                    }
                }
            }
        }
        None
    }

    /// From the start to a place, with both.
    fn way_to(&self, place: usize) -> Vec<u32> {
        let mut way = Vec::new();
        let mut at = place;
        while let Some(place) = self.found.get(at) {
            way.push(place.node);
            if at == 0 {
                break;
            }
            at = place.from as usize;
        }
        way.reverse();
        way
    }
}

impl Graph {
    /// How many relations a step from this root looks at.
    fn width(&self, root: u32) -> usize {
        self.lists(root).map(|list| list.others.len()).sum()
    }
}
