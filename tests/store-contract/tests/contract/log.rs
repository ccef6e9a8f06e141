//! The log: order, de-duplication, the fence, dead letters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use guanxi_domain::event::{Event, NewEvent};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Backlog, LogCursor, Scope, Store, StoreError};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

fn at(position: i64) -> LogCursor {
    LogCursor { position, people: 0 }
}

async fn append(store: &Store, tenant: TenantId, events: &[NewEvent]) -> Vec<Option<i64>> {
    let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
    let appended = work.append(tenant, events).await.unwrap();
    work.commit().await.unwrap();
    appended.into_iter().map(|appended| appended.position).collect()
}

fn message_ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.event.message_id.as_str()).collect()
}

#[test]
fn te_6_events_are_appended_in_order_and_read_back_whole() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let events: Vec<NewEvent> = (0..343).map(|n| make::event(&format!("m{n}"))).collect();
        let positions = append(&store, tenant, &events).await;
        assert_eq!(positions, (1..=343).map(Some).collect::<Vec<_>>());

        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        let read = work.read_log(tenant, 0, 1_000).await.unwrap();
        let expected: Vec<Event> = (1..).zip(events).map(|(position, event)| Event { position, event }).collect();
        assert_eq!(read, expected);
        assert_eq!(work.read_log(tenant, 340, 2).await.unwrap(), expected[340..342]);
        assert_eq!(work.event(tenant, 7).await.unwrap().as_ref(), Some(&expected[6]));
        assert_eq!(work.event(tenant, 344).await.unwrap(), None);
        let newest = work.events(tenant, None, 2).await.unwrap();
        let older = work.events(tenant, Some(newest[1].position), 2).await.unwrap();
        assert_eq!(message_ids(&[newest, older].concat()), ["m342", "m341", "m340", "m339"]);
        assert_eq!(work.head(tenant).await.unwrap(), 343);
        drop(work);
        assert_eq!(append(&store, tenant, &[]).await, []);
    });
}

#[test]
fn te_6_a_message_id_is_stored_once_within_a_call_and_across_calls() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let events = |ids: &[&str]| ids.iter().map(|id| make::event(id)).collect::<Vec<_>>();
        let first = append(&store, tenant, &events(&["a", "b", "a", "c", "b"])).await;
        assert_eq!(first, [Some(1), Some(2), None, Some(4), None]);
        let second = append(&store, tenant, &events(&["c", "d", "a"])).await;
        assert_eq!(second, [None, Some(6), None]);
        assert_eq!(append(&store, tenant, &events(&["a", "b"])).await, [None, None]);

        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        assert_eq!(message_ids(&work.read_log(tenant, 0, 9).await.unwrap()), ["a", "b", "c", "d"]);
        assert_eq!(work.head(tenant).await.unwrap(), 6, "the head names the last event");
        let other = make::tenant(&store, "coffee").await;
        assert_eq!(append(&store, other, &events(&["a"])).await, [Some(1)]);
    });
}

#[test]
fn te_6_positions_become_visible_in_order_under_eight_appenders() {
    on_both(|store| async move {
        const EACH: i64 = 20;
        let tenant = make::tenant(&store, "tea").await;
        let done = Arc::new(AtomicBool::new(false));
        let reader = tokio::spawn(follow(store.clone(), tenant, done.clone()));
        let appender = |n: i64| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..EACH {
                    let events: Vec<NewEvent> =
                        (0..5).map(|event| make::event(&format!("{n}-{round}-{event}"))).collect();
                    append(&store, tenant, &events).await;
                }
            })
        };
        for task in (0..8).map(appender).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        done.store(true, Ordering::SeqCst);
        let followed = reader.await.unwrap();
        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        let all: Vec<i64> = work.read_log(tenant, 0, 10_000).await.unwrap().iter().map(|e| e.position).collect();
        assert_eq!(all.len() as i64, 8 * EACH * 5);
        assert_eq!(followed, all, "who follows the log misses nothing");
    });
}

/// Reads on from the last position seen, as the engine does.
async fn follow(store: Store, tenant: TenantId, done: Arc<AtomicBool>) -> Vec<i64> {
    let mut seen: Vec<i64> = Vec::new();
    loop {
        let last_round = done.load(Ordering::SeqCst);
        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        let page = work.read_log(tenant, seen.last().copied().unwrap_or(0), 50).await.unwrap();
        drop(work);
        if page.is_empty() && last_round {
            return seen;
        }
        seen.extend(page.iter().map(|event| event.position));
        tokio::task::yield_now().await;
    }
}

#[test]
fn only_one_of_two_workers_advances_the_log() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        append(&store, tenant, &[make::event("a"), make::event("b")]).await;
        let mut work = store.begin(Scope::Host).await.unwrap();
        assert_eq!(work.backlogs().await.unwrap(), [Backlog { tenant, head: 2, position: 0 }]);
        work.advance(tenant, at(0), at(2)).await.unwrap();
        assert_eq!(work.position(tenant).await.unwrap(), 2);
        assert_eq!(work.backlogs().await.unwrap(), []);
        work.commit().await.unwrap();

        let late = {
            let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
            work.advance(tenant, at(0), at(1)).await
        };
        assert!(matches!(late, Err(StoreError::Fenced)), "{late:?}");

        let race = |_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
                let won = work.advance(tenant, at(2), at(3)).await.is_ok();
                work.commit().await.unwrap();
                won
            })
        };
        let mut winners = 0;
        for task in (0..8).map(race).collect::<Vec<_>>() {
            winners += u32::from(task.await.unwrap());
        }
        assert_eq!(winners, 1);
    });
}

#[test]
fn dead_letters_are_listed_and_taken_back() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let events: Vec<NewEvent> = (0..5).map(|n| make::event(&format!("m{n}"))).collect();
        append(&store, tenant, &events).await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        for position in [2, 3, 5] {
            work.bury(tenant, position, "first", 1, NOW).await.unwrap();
        }
        work.bury(tenant, 3, "again", 4, NOW + 1).await.unwrap();

        let page = work.dead_letters(tenant, None, 2).await.unwrap();
        let rest = work.dead_letters(tenant, Some(page[1].event.position), 2).await.unwrap();
        let positions: Vec<i64> = page.iter().chain(&rest).map(|letter| letter.event.position).collect();
        assert_eq!(positions, [5, 3, 2]);
        let letter = work.dead_letter(tenant, 3).await.unwrap().unwrap();
        assert_eq!((letter.reason.as_str(), letter.tries, letter.at), ("again", 4, NOW + 1));
        assert_eq!(letter.event.event, events[2]);
        assert!(work.unbury(tenant, 3).await.unwrap());
        assert!(!work.unbury(tenant, 3).await.unwrap());
        assert_eq!(work.dead_letter(tenant, 3).await.unwrap(), None);
    });
}
