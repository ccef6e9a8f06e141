//! Timelines, the history that campaigns see, and orders.

use std::collections::HashMap;

use guanxi_domain::event::{Event, NewEvent};
use guanxi_domain::ids::PersonId;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{HistoryQuery, OrderRow, Scope, TimelineRow, Work};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

/// Events 1 to 12: odd ones of the first person, even ones of the second; every third is an order; times run
/// backwards in pairs.
async fn happen(work: &mut Work, tenant: TenantId) -> (PersonId, PersonId) {
    let (ada, bob) = (make::person("Ada").id, make::person("Bob").id);
    let events: Vec<NewEvent> = (1..=12)
        .map(|n| NewEvent {
            kind: if n % 3 == 0 { "Order Completed" } else { "page" }.to_owned(),
            occurred_at: NOW + i64::from(n / 4) * 100,
            ..make::event(&n.to_string())
        })
        .collect();
    work.append(tenant, &events).await.unwrap();
    let rows: Vec<TimelineRow> = (1..)
        .zip(&events)
        .map(|(position, event)| TimelineRow {
            person: if position % 2 == 1 { ada } else { bob },
            occurred_at: event.occurred_at,
            position,
            kind: event.kind.clone(),
        })
        .collect();
    work.add_timeline(tenant, &rows).await.unwrap();
    work.add_timeline(tenant, &rows).await.unwrap();
    (ada, bob)
}

fn positions(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.position).collect()
}

#[test]
fn a_timeline_is_paged_newest_first() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let (ada, bob) = happen(&mut work, tenant).await;
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = work.timeline(tenant, ada, before, 4).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.event.occurred_at, last.position));
            seen.extend(positions(&page));
        }
        assert_eq!(seen, [11, 9, 7, 5, 3, 1]);
        assert_eq!(positions(&work.timeline(tenant, bob, None, 2).await.unwrap()), [12, 10]);
    });
}

#[test]
fn history_is_of_the_wanted_kinds_and_as_long_as_wanted() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let (ada, bob) = happen(&mut work, tenant).await;
        let stranger = make::person("Eve").id;
        let queries = [
            HistoryQuery { person: ada, before: (NOW + 200, 9) },
            HistoryQuery { person: bob, before: (NOW + 300, 12) },
            HistoryQuery { person: stranger, before: (i64::MAX, i64::MAX) },
        ];
        for (kinds, limit, of_ada, of_bob) in [
            (&["*"][..], 3, &[7, 5, 3][..], &[10, 8, 6][..]),
            (&["Order Completed"], 9, &[3], &[6]),
            (&["Order Completed", "page"], 1, &[7], &[10]),
            (&["page", "*"], 9, &[7, 5, 3, 1], &[10, 8, 6, 4, 2]),
            (&["unheard-of"], 9, &[], &[]),
            (&[], 9, &[], &[]),
        ] {
            let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            let history = work.history(tenant, &queries, &kinds, limit).await.unwrap();
            let of = |person| history.get(&person).map_or_else(Vec::new, |events| positions(events));
            assert_eq!((of(ada), of(bob), of(stranger)), (of_ada.to_vec(), of_bob.to_vec(), vec![]), "{kinds:?}");
        }
    });
}

#[test]
fn history_of_many_people_comes_at_once() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let events: Vec<NewEvent> = (0..343).map(|n| make::event(&n.to_string())).collect();
        work.append(tenant, &events).await.unwrap();
        let rows: Vec<TimelineRow> = (1..=343)
            .map(|position| TimelineRow {
                person: PersonId::from_uuid(make::uuid()),
                occurred_at: NOW,
                position,
                kind: "page".to_owned(),
            })
            .collect();
        work.add_timeline(tenant, &rows).await.unwrap();
        let queries: Vec<HistoryQuery> =
            rows.iter().map(|row| HistoryQuery { person: row.person, before: (NOW + 1, 0) }).collect();
        let history = work.history(tenant, &queries, &["page".to_owned()], 3).await.unwrap();
        let found: HashMap<PersonId, Vec<i64>> =
            history.iter().map(|(person, events)| (*person, positions(events))).collect();
        assert_eq!(found, rows.iter().map(|row| (row.person, vec![row.position])).collect());
    });
}

#[test]
fn an_order_is_stored_once_and_changed() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let ada = make::person("Ada").id;
        let order = |id: &str, ordered_at: i64| OrderRow {
            order_id: id.to_owned(),
            person: ada,
            amount: 9_900,
            refunded: 0,
            currency: None,
            ordered_at,
            position: 1,
        };
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_orders(tenant, &[order("o-1", NOW), order("o-2", NOW + 1), order("o-3", NOW + 2)]).await.unwrap();
        let first = OrderRow { refunded: 1, ..order("o-1", NOW) };
        let refunded = OrderRow { refunded: 9_900, currency: Some("EUR".to_owned()), position: 2, ..first.clone() };
        work.put_orders(tenant, &[first, refunded.clone()]).await.unwrap();

        let ids = ["o-1".to_owned(), "o-9".to_owned()];
        assert_eq!(work.orders(tenant, &ids).await.unwrap(), HashMap::from([("o-1".to_owned(), refunded.clone())]));
        let newest = work.orders_of(tenant, ada, 2).await.unwrap();
        assert_eq!(newest, [order("o-3", NOW + 2), order("o-2", NOW + 1)]);
        assert_eq!(work.orders_of(tenant, ada, 9).await.unwrap()[2], refunded);
    });
}
