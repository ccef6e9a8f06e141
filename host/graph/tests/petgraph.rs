//! Every walk against petgraph and influence against its definition, on random graphs that were built, changed, folded,
//! joined and parted.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may end with a panic")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_graph::{Builder, Edge, Graph, Influence, UNREACHED};
use petgraph::algo::dijkstra;
use petgraph::graph::{NodeIndex, UnGraph};
use proptest::prelude::*;

const NODES: u32 = 24;
const KINDS: [&str; 3] = ["friend", "follows", "referred-by"];

#[derive(Debug, Clone)]
enum Change {
    Set { from: u32, to: u32, kind: usize, strength: f64 },
    Remove { from: u32, to: u32, kind: usize },
    Join { part: u32, root: u32 },
    Part { part: u32 },
    Fold,
}

fn change() -> impl Strategy<Value = Change> {
    let node = || 1..NODES;
    let set = (node(), node(), 0..KINDS.len(), 0u32..=100).prop_map(|(from, to, kind, strength)| Change::Set {
        from,
        to,
        kind,
        strength: f64::from(strength) / 100.0,
    });
    prop_oneof![
        12 => set,
        3 => (node(), node(), 0..KINDS.len()).prop_map(|(from, to, kind)| Change::Remove { from, to, kind }),
        // Groups have numbers of their own and are part of nothing else.
        1 => (node(), NODES..NODES + 3).prop_map(|(part, root)| Change::Join { part, root }),
        1 => node().prop_map(|part| Change::Part { part }),
        1 => Just(Change::Fold),
    ]
}

/// The same, kept as plainly as possible.
#[derive(Debug, Default)]
struct Model {
    edges: BTreeMap<(u32, u32, usize), f64>,
    roots: HashMap<u32, u32>,
}

impl Model {
    fn root(&self, node: u32) -> u32 {
        self.roots.get(&node).copied().unwrap_or(node)
    }

    fn apply(&mut self, graph: &mut Graph, change: &Change) {
        match *change {
            Change::Set { from, to, kind, strength } => {
                graph.set(Edge { from, to, kind: KINDS[kind], strength });
                if from != to {
                    self.edges.insert((from, to, kind), strength);
                }
            }
            Change::Remove { from, to, kind } => {
                let known = self.edges.remove(&(from, to, kind)).is_some();
                assert_eq!(graph.remove(from, to, KINDS[kind]), known);
            }
            Change::Join { part, root } => {
                graph.join(part, root);
                self.roots.insert(part, root);
            }
            Change::Part { part } => {
                graph.part(part);
                self.roots.remove(&part);
            }
            Change::Fold => graph.fold(),
        }
    }

    fn walked(&self) -> UnGraph<(), ()> {
        let ends = self.edges.keys().map(|(from, to, _)| (self.root(*from), self.root(*to)));
        let mut graph = UnGraph::from_edges(ends.filter(|(from, to)| from != to));
        while graph.node_count() < (NODES + 3) as usize {
            graph.add_node(());
        }
        graph
    }

    fn neighbours(&self, node: u32) -> BTreeSet<u32> {
        let ends = self.edges.keys().map(|(from, to, _)| (self.root(*from), self.root(*to)));
        ends.filter_map(|(from, to)| match (from == node, to == node) {
            (true, false) => Some(to),
            (false, true) => Some(from),
            _ => None,
        })
        .collect()
    }
}

fn check(model: &Model, graph: &Graph) {
    assert_eq!(graph.edges(), model.edges.len());
    let walked = model.walked();
    let roots: Vec<u32> = (1..NODES + 3).filter(|node| model.root(*node) == *node).collect();
    for &from in &roots {
        let steps: HashMap<NodeIndex, usize> =
            dijkstra(&walked, NodeIndex::new(from as usize), None, |_| 1).into_iter().collect();
        let alone = graph.distances([from]);
        let neighbours = model.neighbours(from);
        assert_eq!(graph.degree(from), neighbours.len());
        let told: Vec<(u32, f64)> = graph.neighbours(from).iter().map(|n| (n.node, n.strength)).collect();
        assert_eq!(graph.strongest(from), told);
        assert_eq!(told.into_iter().map(|(node, _)| node).collect::<BTreeSet<_>>(), neighbours);
        for &to in &roots {
            let expected = steps.get(&NodeIndex::new(to as usize)).copied();
            let path = graph.path(from, to, usize::MAX);
            assert!(path.complete);
            assert_eq!(path.nodes.as_ref().map(|nodes| nodes.len() - 1), expected, "from {from} to {to}");
            if let Some(nodes) = &path.nodes {
                assert_eq!((nodes.first(), nodes.last()), (Some(&from), Some(&to)));
                let related = |pair: &[u32]| model.neighbours(pair[0]).contains(&pair[1]);
                assert!(nodes.windows(2).all(related), "{nodes:?}");
            }
            let distance = alone.get(to as usize).copied().filter(|steps| *steps != UNREACHED).map(usize::from);
            assert!(distance == expected || alone.len() <= to as usize, "from {from} to {to}");
            let common: Vec<u32> = neighbours.intersection(&model.neighbours(to)).copied().collect();
            let shared = graph.common(from, to, 3);
            assert_eq!(shared.count, common.len());
            assert_eq!(shared.nodes, common.into_iter().take(3).collect::<Vec<_>>());
        }
        let mut counts = vec![0; 4];
        for steps in steps.values().filter(|steps| (1..=4).contains(*steps)) {
            counts[steps - 1] += 1;
        }
        while counts.last() == Some(&0) {
            counts.pop();
        }
        let reach = graph.reach(from, 4, 100, usize::MAX);
        assert_eq!(reach.counts, counts);
        assert_eq!(reach.samples.iter().map(Vec::len).collect::<Vec<_>>(), counts);
    }
}

/// PageRank as it is defined, with a full matrix.
fn ranks(model: &Model) -> BTreeMap<u32, f64> {
    let mut weights: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for ((from, to, _), strength) in &model.edges {
        let (from, to) = (model.root(*from), model.root(*to));
        if from != to {
            *weights.entry((from, to)).or_insert(0.0) += strength;
        }
    }
    let nodes: BTreeSet<u32> = weights.keys().flat_map(|(from, to)| [*from, *to]).collect();
    let out = |node: u32| -> f64 { weights.iter().filter(|((from, _), _)| *from == node).map(|(_, w)| w).sum() };
    let out: BTreeMap<u32, f64> = nodes.iter().map(|node| (*node, out(*node))).collect();
    let mut ranks: BTreeMap<u32, f64> = nodes.iter().map(|node| (*node, 1.0)).collect();
    for _ in 0..200 {
        let kept: f64 = nodes.iter().filter(|node| out[node] == 0.0).map(|node| ranks[node]).sum();
        let base = 0.15 + 0.85 * kept / nodes.len() as f64;
        let mut next: BTreeMap<u32, f64> = nodes.iter().map(|node| (*node, base)).collect();
        for ((from, to), weight) in weights.iter().filter(|((from, _), _)| out[from] > 0.0) {
            *next.get_mut(to).unwrap() += 0.85 * ranks[from] * weight / out[from];
        }
        ranks = next;
    }
    ranks
}

fn check_influence(expected: &BTreeMap<u32, f64>, influence: &Influence) {
    assert_eq!(
        influence.iter().map(|(node, _)| node).collect::<Vec<_>>(),
        expected.keys().copied().collect::<Vec<_>>()
    );
    for (node, value) in influence.iter() {
        assert!((value - expected[&node]).abs() < 1e-3, "{node}: {value} for {}", expected[&node]);
    }
    let mean = influence.iter().map(|(_, value)| value).sum::<f64>() / expected.len().max(1) as f64;
    assert!(expected.is_empty() || (mean - 1.0).abs() < 1e-4, "mean {mean}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn walks_agree_with_petgraph(changes in prop::collection::vec(change(), 0..120)) {
        let (mut model, mut graph) = (Model::default(), Graph::default());
        for change in &changes {
            model.apply(&mut graph, change);
        }
        check(&model, &graph);
        graph.fold();
        check(&model, &graph);
    }

    #[test]
    fn building_is_the_same_as_setting_one_by_one(changes in prop::collection::vec(change(), 0..80)) {
        let (mut model, mut builder) = (Model::default(), Builder::default());
        for change in &changes {
            if let Change::Set { from, to, kind, strength } = *change {
                builder.add(Edge { from, to, kind: KINDS[kind], strength });
                model.apply(&mut Graph::default(), change);
            }
        }
        let mut graph = builder.build();
        check(&model, &graph);
        for change in changes.iter().filter(|change| !matches!(change, Change::Set { .. })) {
            model.apply(&mut graph, change);
        }
        check(&model, &graph);
    }

    #[test]
    fn influence_is_page_rank_from_wherever_it_starts(changes in prop::collection::vec(change(), 0..120)) {
        let (mut model, mut graph) = (Model::default(), Graph::default());
        let mut before = Influence::default();
        for changes in changes.chunks(40) {
            for change in changes {
                model.apply(&mut graph, change);
            }
            let expected = ranks(&model);
            let fresh = graph.influence(&Influence::default());
            check_influence(&expected, &fresh);
            before = graph.influence(&before);
            check_influence(&expected, &before);
        }
        prop_assert_eq!(graph.influence(&before).rounds(), 1, "nothing changed since");
    }
}

#[test]
fn a_budget_that_does_not_suffice_is_said() {
    let mut graph = Graph::default();
    for node in 1..100 {
        graph.set(Edge { from: 0, to: node, kind: "friend", strength: 0.5 });
        graph.set(Edge { from: node, to: node + 100, kind: "friend", strength: 0.5 });
    }
    let path = graph.path(150, 180, 4);
    assert_eq!((path.nodes, path.complete), (None, false));
    let path = graph.path(150, 180, 200);
    assert_eq!((path.nodes, path.complete), (Some(vec![150, 50, 0, 80, 180]), true));
    let reach = graph.reach(0, 3, 2, 150);
    assert_eq!((reach.counts, reach.samples, reach.complete), (vec![99], vec![vec![1, 2]], false));
    let reach = graph.reach(0, 3, 2, 1_000);
    assert_eq!((reach.counts, reach.complete), (vec![99, 99], true));
}

#[test]
fn neighbours_come_strongest_first_with_all_relations() {
    let mut graph = Graph::default();
    for (from, to, kind, strength) in
        [(1, 2, "friend", 0.25), (3, 1, "follows", 1.0), (1, 2, "follows", 0.5), (4, 1, "friend", 0.5)]
    {
        graph.set(Edge { from, to, kind, strength });
    }
    graph.join(2, 9);
    graph.join(4, 9);
    let said = |node: u32| -> Vec<String> {
        let told = |n: guanxi_graph::Neighbour<'_>| {
            let relations: Vec<String> = n
                .relations
                .iter()
                .map(|r| format!("{}{} {:.2}", if r.outgoing { ">" } else { "<" }, r.kind, r.strength))
                .collect();
            format!("{} {:.2}: {}", n.node, n.strength, relations.join(", "))
        };
        graph.neighbours(node).into_iter().map(told).collect()
    };
    assert_eq!(said(1), ["3 1.00: <follows 1.00", "9 0.50: >friend 0.25, <friend 0.50, >follows 0.50"]);
    assert_eq!(said(4), ["1 0.50: >friend 0.50, <friend 0.25, <follows 0.50"]);
    assert_eq!(graph.degrees(1), [("follows", 2), ("friend", 1)].into());
}
