//! Relations between people, and what the graph says of these.

use std::collections::HashMap;

use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Person, Role, Signal};
use guanxi_domain::relations::Standing;
use guanxi_store::{EdgeRemoval, EdgeRow, Scope, SignalRow};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;
use serde_json::json;

fn edge(from: u32, to: u32, kind: &str) -> EdgeRow {
    EdgeRow { from, to, kind: kind.to_owned(), strength: 0.5, source: "api".to_owned(), at: NOW }
}

#[test]
fn id_9_relations_are_stored_changed_and_read_in_order() {
    on_both(|store| async move {
        let (tenant, other) = (make::tenant(&store, "tea").await, make::tenant(&store, "rival").await);
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let edges: Vec<EdgeRow> = (0..300).map(|n| edge(1 + n / 20, 100 + n % 20, "friend")).collect();
        work.put_edges(tenant, &edges).await.unwrap();
        let stronger = EdgeRow { strength: 0.9, source: "import".to_owned(), at: NOW + 1, ..edges[0].clone() };
        // Repetitions within one call: the last one holds.
        work.put_edges(tenant, &[edges[0].clone(), stronger.clone(), edge(7, 1, "follows")]).await.unwrap();

        let mut expected: Vec<EdgeRow> = edges.clone();
        expected[0] = stronger.clone();
        expected.push(edge(7, 1, "follows"));
        expected.sort_by(|a, b| (a.from, a.to, &a.kind).cmp(&(b.from, b.to, &b.kind)));
        let mut found: Vec<EdgeRow> = Vec::new();
        loop {
            let page = work.edges_after(tenant, found.last(), 64).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, expected);
        let between = work.edges_between(tenant, &[1, 2], &[7, 100]).await.unwrap();
        assert_eq!(between.len(), 3);
        assert!(between.contains(&stronger) && between.contains(&edge(7, 1, "follows")));
        assert_eq!(work.edges_between(tenant, &[], &[7]).await.unwrap(), []);

        let removal = |from: &[u32], to: &[u32], kind: &str| EdgeRemoval {
            from: from.to_vec(),
            to: to.to_vec(),
            kind: kind.to_owned(),
        };
        let removals =
            [removal(&[1, 2], &[100, 101], "friend"), removal(&[7], &[1], "friend"), removal(&[], &[1], "friend")];
        work.remove_edges(tenant, &removals).await.unwrap();
        assert_eq!(work.edges_between(tenant, &[1, 2], &[100, 101]).await.unwrap(), []);
        assert_eq!(work.edges_after(tenant, None, 1_000).await.unwrap().len(), 297);
        work.commit().await.unwrap();
        assert_eq!(store.read(Scope::Host).await.unwrap().tenants_with_edges().await.unwrap(), [tenant]);
        let mut foreign = store.read(Scope::Tenant(other)).await.unwrap();
        assert_eq!(foreign.edges_after(other, None, 10).await.unwrap(), []);
    });
}

#[test]
fn id_9_standings_and_the_people_behind_numbers() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let mut people: Vec<Person> = ["Ada", "Bob", "Cho", "Both"].map(make::person).to_vec();
        people[0].roles = vec![Role::Employee];
        people[1].roles = vec![Role::OpinionLeader, Role::Promoter];
        people[2].roles = vec![Role::Promoter];
        let group = people[3].id;
        people[3].membership.is_group = true;
        for leaf in [1, 2] {
            people[leaf].membership.merged_into = Some(group);
            people[leaf].membership.root = Some(group);
        }
        work.put_people(tenant, &people).await.unwrap();
        let numbers: Vec<u32> = people.iter().map(|person| person.number).collect();
        let mut beacons = work.beacons(tenant).await.unwrap();
        beacons.sort_unstable();
        assert_eq!(beacons, numbers[..2]);
        let mut joined = work.joined_numbers(tenant).await.unwrap();
        joined.sort_unstable();
        assert_eq!(joined, [(numbers[1], numbers[3]), (numbers[2], numbers[3])]);
        let found = work.people_numbered(tenant, &[numbers[0], 1_000_000]).await.unwrap();
        assert_eq!(found, HashMap::from([(numbers[0], people[0].clone())]));

        let standing = |influence, distance| Standing { influence, distance, connections: 3 };
        let rows = [(1, standing(0.5, None)), (2, standing(1.0, Some(2))), (9, standing(7.0, Some(0)))];
        work.put_standings(tenant, &rows, NOW).await.unwrap();
        work.put_standings(tenant, &[(2, standing(1.5, None))], NOW).await.unwrap();
        work.remove_standings(tenant, &[1, 5]).await.unwrap();
        assert_eq!(work.standings(tenant, &[1, 2]).await.unwrap(), HashMap::from([(2, standing(1.5, None))]));
        assert_eq!(work.standings_after(tenant, 2, 10).await.unwrap(), rows[2..]);
        assert_eq!(work.standings_after(tenant, 0, 1).await.unwrap(), [(2, standing(1.5, None))]);
    });
}

#[test]
fn id_8_signals_are_kept_by_kind_and_source() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let ada = PersonId::from_uuid(make::uuid());
        let row = |kind: &str, source: &str, value: serde_json::Value| SignalRow {
            person: ada,
            signal: Signal {
                kind: kind.to_owned(),
                source: source.to_owned(),
                value,
                observed_at: NOW,
                expires_at: Some(NOW + 1),
            },
        };
        let rows = [row("followers", "weibo", json!(7)), row("mood", "api", json!("glad"))];
        work.put_signals(tenant, &rows).await.unwrap();
        let changed = row("followers", "weibo", json!(["茶", "tea"]));
        work.put_signals(tenant, &[rows[0].clone(), changed.clone()]).await.unwrap();
        let gone = (ada, "mood".to_owned(), "api".to_owned());
        work.remove_signals(tenant, &[gone.clone(), gone]).await.unwrap();
        assert_eq!(work.signals(tenant, &[ada]).await.unwrap(), HashMap::from([(ada, vec![changed.signal])]));
        assert_eq!(work.signals(tenant, &[]).await.unwrap(), HashMap::new());
    });
}
