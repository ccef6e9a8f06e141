//! Paths and reach over a million relations of a heavy-tailed graph, beside petgraph's walks over the same graph.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Result, ensure};
use guanxi_graph::{Builder, Edge, Graph, Influence};
use petgraph::csr::Csr;
use petgraph::visit::Bfs;

use crate::measure::{Samples, timed};
use crate::report::Row;
use crate::surroundings::Surroundings;

/// The most a walk may take at the 99th percentile, in milliseconds.
const BUDGET_MS: f64 = 10.0;
/// How far reach is measured: from here on nearly everybody is reached.
const STEPS: [usize; 3] = [2, 4, 5];
/// More than any walk looks at.
const UNBOUNDED: usize = usize::MAX;

/// One graph, the same questions to both.
pub fn run(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let edges = surroundings.size(1_000_000, 20_000);
    let questions = surroundings.size(2_000, 100);
    let ends = heavy_tailed(edges, u32::try_from(edges / 5)?);
    let (built, graph) = timed(|| ours(&ends));
    let peer = theirs(&ends)?;
    let mut random = fastrand::Rng::with_seed(7);
    let mut somebody = || ends.get(random.usize(0..ends.len())).map_or(1, |(from, _)| *from);

    let (mut paths, mut peers) = (Samples::default(), Samples::default());
    for question in 0..questions {
        let (from, to) = (somebody(), somebody());
        let (time, path) = timed(|| graph.path(from, to, UNBOUNDED));
        paths.push(time);
        // Its walks take long: some show it as well.
        if question < questions / 20 {
            let (time, steps) = timed(|| steps_between(&peer, from, to));
            peers.push(time);
            ensure!(path.nodes.map(|nodes| nodes.len() - 1) == steps, "{from} to {to} differs from petgraph");
        }
    }
    let mut rows = vec![
        Row::new("path_p99", paths.quantile(0.99) / 1e3, "ms")
            .against("petgraph's breadth-first search", peers.quantile(0.99) / 1e3)
            .at_most(BUDGET_MS)
            .note(format!("{edges} relations, built in {built:.0?}, {} bytes each", graph.bytes() / edges)),
    ];
    for (name, steps) in ["reach_2_p99", "reach_4_p99", "reach_5_p99"].into_iter().zip(STEPS) {
        let mut reach = Samples::default();
        let mut most = 0;
        for _ in 0..questions / 4 {
            let from = somebody();
            let (time, reached) = timed(|| graph.reach(from, steps, 20, UNBOUNDED));
            reach.push(time);
            most = most.max(reached.counts.iter().sum::<usize>());
        }
        rows.push(
            Row::new(name, reach.quantile(0.99) / 1e3, "ms").at_most(BUDGET_MS).note(format!("up to {most} people")),
        );
    }
    rows.push(influence(graph));
    Ok(rows)
}

fn influence(mut graph: Graph) -> Row {
    let (fresh, influence) = timed(|| graph.influence(&Influence::default()));
    for node in 1..100 {
        graph.set(Edge { from: node, to: node * 7, kind: "friend", strength: 0.9 });
    }
    let (again, _): (Duration, _) = timed(|| black_box(graph.influence(&influence)));
    Row::new("influence", again.as_secs_f64() * 1e3, "ms")
        .against("from nothing", fresh.as_secs_f64() * 1e3)
        .note("PageRank of everybody after a hundred changes, beside the first time")
}

/// Who is related with whom: three of four relations lead to whoever has many already.
fn heavy_tailed(edges: usize, people: u32) -> Vec<(u32, u32)> {
    let mut random = fastrand::Rng::with_seed(42);
    let mut popular: Vec<u32> = vec![1, 2];
    let mut ends = Vec::with_capacity(edges);
    while ends.len() < edges {
        let from = random.u32(1..=people);
        let chosen = if random.u8(0..4) == 0 { None } else { popular.get(random.usize(0..popular.len())).copied() };
        let to = chosen.unwrap_or_else(|| random.u32(1..=people));
        if from != to {
            popular.extend([from, to]);
            ends.push((from, to));
        }
    }
    ends
}

fn ours(ends: &[(u32, u32)]) -> Graph {
    let mut builder = Builder::default();
    for (from, to) in ends {
        builder.add(Edge { from: *from, to: *to, kind: "friend", strength: 0.5 });
    }
    builder.build()
}

fn theirs(ends: &[(u32, u32)]) -> Result<Csr<(), (), petgraph::Directed>> {
    // An undirected one takes its edges one by one only, each in time proportional to the graph.
    let mut both: Vec<(u32, u32)> = ends.iter().flat_map(|(from, to)| [(*from, *to), (*to, *from)]).collect();
    both.sort_unstable();
    both.dedup();
    Csr::from_sorted_edges(&both).map_err(|_| anyhow::anyhow!("petgraph wants sorted edges"))
}

fn steps_between(graph: &Csr<(), (), petgraph::Directed>, from: u32, to: u32) -> Option<usize> {
    let mut steps = vec![usize::MAX; graph.node_count()];
    *steps.get_mut(from as usize)? = 0;
    let mut walk = Bfs::new(graph, from);
    while let Some(node) = walk.next(graph) {
        let here = *steps.get(node as usize)?;
        if node == to {
            return Some(here);
        }
        for next in graph.neighbors_slice(node) {
            let there = steps.get_mut(*next as usize)?;
            *there = (*there).min(here + 1);
        }
    }
    None
}
