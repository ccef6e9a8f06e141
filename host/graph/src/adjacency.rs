//! The relations of every node, each kept at both of its ends: one compact array for all nodes, beside it the lists
//! of those whose relations changed since it was built.

use std::collections::HashMap;

use fixedbitset::FixedBitSet;

/// Changed lists of this many relations are left alone; they are small beside any graph that matters.
const WORN_MIN: usize = 1 << 16;
/// Beyond that, the changed part of the whole at which folding pays: one in eight.
const WORN_PART: usize = 8;
/// What a list of its own takes besides its relations.
const LIST_BYTES: usize = 128;

/// A relation as one of its ends sees it. The mark is its kind and, in the lowest bit, its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) other: u32,
    pub(crate) mark: u16,
    pub(crate) strength: u16,
}

/// The relations of one node, sorted by the other end and mark; three columns, since most walks read the first only.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct List<'g> {
    pub(crate) others: &'g [u32],
    pub(crate) marks: &'g [u16],
    pub(crate) strengths: &'g [u16],
}

impl<'g> List<'g> {
    pub(crate) fn halves(self) -> impl Iterator<Item = Half> + use<'g> {
        self.others.iter().zip(self.marks).zip(self.strengths).map(|((other, mark), strength)| Half {
            other: *other,
            mark: *mark,
            strength: *strength,
        })
    }
}

#[derive(Debug, Default)]
struct Columns {
    others: Vec<u32>,
    marks: Vec<u16>,
    strengths: Vec<u16>,
}

impl Columns {
    fn with_capacity(halves: usize) -> Self {
        Self {
            others: Vec::with_capacity(halves),
            marks: Vec::with_capacity(halves),
            strengths: Vec::with_capacity(halves),
        }
    }

    fn list(&self) -> List<'_> {
        List { others: &self.others, marks: &self.marks, strengths: &self.strengths }
    }

    fn slice(&self, from: usize, to: usize) -> List<'_> {
        let part = || Some((self.others.get(from..to)?, self.marks.get(from..to)?, self.strengths.get(from..to)?));
        part().map(|(others, marks, strengths)| List { others, marks, strengths }).unwrap_or_default()
    }

    fn push(&mut self, half: Half) {
        self.others.push(half.other);
        self.marks.push(half.mark);
        self.strengths.push(half.strength);
    }

    fn extend(&mut self, list: List<'_>) {
        self.others.extend_from_slice(list.others);
        self.marks.extend_from_slice(list.marks);
        self.strengths.extend_from_slice(list.strengths);
    }

    /// Where the relation is, or where it belongs.
    fn find(&self, other: u32, mark: u16) -> Result<usize, usize> {
        let from = self.others.partition_point(|known| *known < other);
        let same = self.others.iter().skip(from).take_while(|known| **known == other);
        for (at, (_, known)) in (from..).zip(same.zip(self.marks.iter().skip(from))) {
            if *known >= mark {
                return if *known == mark { Ok(at) } else { Err(at) };
            }
        }
        Err(from + self.others.iter().skip(from).take_while(|known| **known == other).count())
    }
}

/// See above.
#[derive(Debug, Default)]
pub(crate) struct Adjacency {
    /// Where each node's relations begin in `columns`, and where the last one's end.
    offsets: Vec<u32>,
    columns: Columns,
    changed: HashMap<u32, Columns>,
    /// The keys of `changed`.
    is_changed: FixedBitSet,
    /// How many relations `changed` holds.
    changed_halves: usize,
}

impl Adjacency {
    /// From relations that are sorted by node, then as a [`List`] is, without repetitions.
    pub(crate) fn sorted(halves: usize, sorted: impl Iterator<Item = (u32, Half)>) -> Self {
        let mut adjacency = Self { columns: Columns::with_capacity(halves), ..Self::default() };
        for (node, half) in sorted {
            adjacency.begin(node);
            adjacency.columns.push(half);
        }
        adjacency.end();
        adjacency
    }

    pub(crate) fn list(&self, node: u32) -> List<'_> {
        if self.is_changed.contains(node as usize)
            && let Some(columns) = self.changed.get(&node)
        {
            return columns.list();
        }
        self.compact(node)
    }

    /// Adds a relation or changes its strength; whether it was added.
    pub(crate) fn put(&mut self, node: u32, half: Half) -> bool {
        let columns = self.own(node);
        match columns.find(half.other, half.mark) {
            Ok(at) => {
                if let Some(strength) = columns.strengths.get_mut(at) {
                    *strength = half.strength;
                }
                false
            }
            Err(at) => {
                columns.others.insert(at, half.other);
                columns.marks.insert(at, half.mark);
                columns.strengths.insert(at, half.strength);
                self.changed_halves += 1;
                true
            }
        }
    }

    /// Takes a relation away; whether there was one.
    pub(crate) fn take(&mut self, node: u32, other: u32, mark: u16) -> bool {
        let list = self.list(node);
        if !list.halves().any(|half| half.other == other && half.mark == mark) {
            return false;
        }
        let columns = self.own(node);
        if let Ok(at) = columns.find(other, mark) {
            columns.others.remove(at);
            columns.marks.remove(at);
            columns.strengths.remove(at);
            self.changed_halves -= 1;
        }
        true
    }

    pub(crate) fn bound(&self) -> usize {
        self.offsets.len().saturating_sub(1).max(self.is_changed.len())
    }

    pub(crate) fn bytes(&self) -> usize {
        let halves = self.columns.others.capacity() + self.changed_halves;
        halves * size_of::<Half>() + self.offsets.capacity() * size_of::<u32>() + self.changed.len() * LIST_BYTES
    }

    pub(crate) fn is_worn(&self) -> bool {
        self.changed_halves + self.changed.len() > WORN_MIN.max(self.columns.others.len() / WORN_PART)
    }

    pub(crate) fn fold(&mut self) {
        let mut folded = Self {
            columns: Columns::with_capacity(self.columns.others.len() + self.changed_halves),
            ..Self::default()
        };
        for node in (0..self.bound()).filter_map(|node| u32::try_from(node).ok()) {
            let list = self.list(node);
            if !list.others.is_empty() {
                folded.begin(node);
                folded.columns.extend(list);
            }
        }
        folded.end();
        *self = folded;
    }

    /// The next relations that are pushed are this node's.
    fn begin(&mut self, node: u32) {
        let from = offset(self.columns.others.len());
        self.offsets.resize(self.offsets.len().max(node as usize + 1), from);
    }

    fn end(&mut self) {
        self.offsets.push(offset(self.columns.others.len()));
    }

    fn compact(&self, node: u32) -> List<'_> {
        let node = node as usize;
        match (self.offsets.get(node), self.offsets.get(node + 1)) {
            (Some(from), Some(to)) => self.columns.slice(*from as usize, *to as usize),
            _ => List::default(),
        }
    }

    /// The node's list for changing it.
    fn own(&mut self, node: u32) -> &mut Columns {
        if !self.is_changed.contains(node as usize) {
            let list = self.compact(node);
            let mut columns = Columns::with_capacity(list.others.len() + 1);
            columns.extend(list);
            self.changed_halves += columns.others.len();
            self.changed.insert(node, columns);
            self.is_changed.grow_and_insert(node as usize);
        }
        self.changed.entry(node).or_default()
    }
}

pub(crate) fn outgoing(kind: u16) -> u16 {
    kind << 1
}

pub(crate) fn incoming(kind: u16) -> u16 {
    kind << 1 | 1
}

pub(crate) fn is_incoming(mark: u16) -> bool {
    mark & 1 == 1
}

pub(crate) fn kind_of(mark: u16) -> u16 {
    mark >> 1
}

/// A strength as it is kept.
pub(crate) fn packed(strength: f64) -> u16 {
    let unit = if strength.is_nan() { 0.0 } else { strength.clamp(0.0, 1.0) };
    (unit * f64::from(u16::MAX)).round() as u16
}

/// And back.
pub(crate) fn unpacked(strength: u16) -> f64 {
    f64::from(strength) / f64::from(u16::MAX)
}

/// Builders stop far below what 32 bits can count.
fn offset(halves: usize) -> u32 {
    u32::try_from(halves).unwrap_or(u32::MAX)
}
