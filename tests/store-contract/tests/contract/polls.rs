//! Channels that must be asked: one asks at a time, and what came of it is kept by whoever has the turn.

use guanxi_domain::ids::InstallationId;
use guanxi_store::{PollEnd, PollReset, PolledPage, Scope};
use guanxi_store_contract::make::{event, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::of;

fn page(lease: i64, cursor: &str, events: i64) -> PolledPage {
    PolledPage { lease, cursor: Some(cursor.to_owned()), events, now: 1_100, lease_until: 2_500 }
}

fn ended(lease: i64, due_at: i64, problem: Option<&str>) -> PollEnd {
    let (outcome, failures) = if problem.is_some() { ("retry-after", 1) } else { ("done", 0) };
    PollEnd { lease, due_at, failures, outcome: outcome.to_owned(), problem: problem.map(str::to_owned), now: 1_200 }
}

#[test]
fn co_6_a_channel_is_asked_by_one_at_a_time_and_goes_on_where_the_last_page_ended() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let id = InstallationId::from_uuid(uuid());
        let mut work = of(&store, acme).await;
        assert_eq!(work.poll(acme, id).await.unwrap(), None);
        assert_eq!(work.claim_poll(acme, id, 1_000, 2_000).await.unwrap(), None, "nobody has it asked");
        work.start_poll(acme, id, 900).await.unwrap();
        work.start_poll(acme, id, 950).await.unwrap();
        let first = work.claim_poll(acme, id, 1_000, 2_000).await.unwrap().expect("a turn");
        assert_eq!((first.lease, first.cursor.clone(), first.failures), (1, None, 0));
        assert_eq!(work.claim_poll(acme, id, 1_999, 3_000).await.unwrap(), None, "somebody asks");
        work.append(acme, &[event("a")]).await.unwrap();
        assert!(work.put_poll_page(acme, id, &page(1, "c-1", 1)).await.unwrap());
        work.commit().await.unwrap();

        // A page that does not come to its end takes its events with it.
        let mut lost = of(&store, acme).await;
        lost.append(acme, &[event("b")]).await.unwrap();
        assert!(lost.put_poll_page(acme, id, &page(1, "c-2", 1)).await.unwrap());
        drop(lost);
        let mut work = of(&store, acme).await;
        let row = work.poll(acme, id).await.unwrap().unwrap();
        assert_eq!((row.cursor.as_deref(), row.cursor_at, row.events), (Some("c-1"), 1_100, 1));
        assert_eq!(work.read_log(acme, 0, 9).await.unwrap().len(), 1);

        // Whoever takes over after the lease is the only one who keeps anything.
        let second = work.claim_poll(acme, id, 2_500, 4_000).await.unwrap().expect("the turn of one who is gone");
        assert_eq!((second.lease, second.cursor.as_deref()), (2, Some("c-1")));
        assert!(!work.put_poll_page(acme, id, &page(1, "c-3", 1)).await.unwrap());
        assert!(!work.end_poll(acme, id, &ended(1, 9_000, None)).await.unwrap());
        assert!(work.end_poll(acme, id, &ended(2, 9_000, Some("slow down"))).await.unwrap());
        let row = work.poll(acme, id).await.unwrap().unwrap();
        assert_eq!((row.due_at, row.lease_until, row.failures), (9_000, 0, 1));
        assert_eq!((row.outcome.as_deref(), row.problem.as_deref()), (Some("retry-after"), Some("slow down")));
        assert_eq!((row.polled_at, row.succeeded_at), (Some(1_200), Some(1_100)));
        work.commit().await.unwrap();
    });
}

#[test]
fn co_6_who_asks_meanwhile_is_heard_and_a_reset_ends_the_turn() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let id = InstallationId::from_uuid(uuid());
        let mut work = of(&store, acme).await;
        assert!(!work.ask_poll(acme, id, 900).await.unwrap(), "nothing to ask");
        work.start_poll(acme, id, 900).await.unwrap();
        work.claim_poll(acme, id, 1_000, 2_000).await.unwrap().expect("a turn");
        assert!(work.ask_poll(acme, id, 1_050).await.unwrap());
        assert!(work.put_poll_page(acme, id, &page(1, "c-1", 1)).await.unwrap());
        assert!(work.end_poll(acme, id, &ended(1, 9_000, None)).await.unwrap());
        assert_eq!(work.poll(acme, id).await.unwrap().unwrap().due_at, 1_050, "at once, not in a while");

        work.claim_poll(acme, id, 1_300, 3_000).await.unwrap().expect("the next turn");
        let reset = PollReset { at: 1_400, by: "tok".to_owned(), reason: "the shop lost a day".to_owned() };
        assert!(work.reset_poll(acme, id, None, &reset).await.unwrap());
        assert!(!work.put_poll_page(acme, id, &page(2, "c-2", 1)).await.unwrap(), "its turn is over");
        let row = work.poll(acme, id).await.unwrap().unwrap();
        assert_eq!((row.cursor, row.due_at, row.reset), (None, 1_400, Some(reset.clone())));
        assert_eq!(work.claim_poll(acme, id, 1_500, 3_000).await.unwrap().expect("at once").lease, 4);
        work.commit().await.unwrap();

        let mut work = of(&store, bolt).await;
        assert_eq!(work.poll(bolt, id).await.unwrap(), None);
        assert!(!work.ask_poll(bolt, id, 900).await.unwrap());
        assert!(!work.reset_poll(bolt, id, None, &reset).await.unwrap());
        work.commit().await.unwrap();
        // Without an installation that is switched on nobody is asked.
        assert_eq!(store.read(Scope::Host).await.unwrap().due_polls(9_999, 9).await.unwrap(), []);
        assert_eq!(store.read(Scope::Host).await.unwrap().unasked_channels(9).await.unwrap(), []);
    });
}
