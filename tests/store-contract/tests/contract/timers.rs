//! Timers: they ring once.

use guanxi_store::Timer;
use guanxi_store_contract::make::{NOW, tenant};
use guanxi_store_contract::on_both;

use crate::given::{host, installed, library, of, timer};

#[test]
fn a_second_put_moves_the_timer() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        library(&store).await;
        let installation = installed(&store, acme, "campaign").await;
        let mut work = of(&store, acme).await;
        let first = Timer { installation, ..timer(acme, "remind", NOW) };
        let moved = Timer { due_at: NOW + 10, payload: "2".to_owned(), ..first.clone() };
        let moved_again = Timer { due_at: NOW + 20, payload: "3".to_owned(), ..first.clone() };
        let other = Timer { key: "other".to_owned(), due_at: NOW + 15, ..first.clone() };
        work.put_timers(acme, std::slice::from_ref(&first)).await.unwrap();
        work.put_timers(acme, &[moved, other.clone(), moved_again.clone()]).await.unwrap();
        assert_eq!(work.timers_of(acme, first.person).await.unwrap(), [other, moved_again]);
    });
}

#[test]
fn due_timers_come_from_every_tenant_earliest_first() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let mut work = host(&store).await;
        assert_eq!(work.next_timer().await.unwrap(), None);
        let (a, b, c) = (timer(acme, "a", NOW - 2), timer(bolt, "b", NOW - 3), timer(acme, "c", NOW));
        let later = timer(bolt, "later", NOW + 1);
        work.put_timers(acme, &[a.clone(), c.clone()]).await.unwrap();
        work.put_timers(bolt, &[later.clone(), b.clone()]).await.unwrap();
        assert_eq!(work.due_timers(NOW, 10).await.unwrap(), [b.clone(), a.clone(), c]);
        assert_eq!(work.due_timers(NOW, 2).await.unwrap(), [b.clone(), a]);
        assert_eq!(work.due_timers(NOW - 4, 10).await.unwrap(), []);
        assert_eq!(work.next_timer().await.unwrap(), Some(b.due_at));
    });
}

#[test]
fn only_what_still_rings_then_is_taken() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        library(&store).await;
        let installation = installed(&store, acme, "campaign").await;
        let mut work = of(&store, acme).await;
        let [stays, moves, stops] = ["a", "b", "c"].map(|key| Timer { installation, ..timer(acme, key, NOW) });
        let seen = [stays.clone(), moves.clone(), stops.clone()];
        work.put_timers(acme, &seen).await.unwrap();
        let moved = Timer { due_at: NOW + 1, ..moves };
        work.put_timers(acme, std::slice::from_ref(&moved)).await.unwrap();
        work.delete_timers(acme, &[(stops.installation, stops.person, stops.key.clone())]).await.unwrap();
        assert_eq!(work.take_timers(acme, &seen).await.unwrap(), [stays]);
        assert_eq!(work.take_timers(acme, &seen).await.unwrap(), []);
        assert_eq!(work.timers_of(acme, moved.person).await.unwrap(), [moved]);
        assert_eq!(work.take_timers(acme, &[]).await.unwrap(), []);
    });
}

#[test]
fn each_timer_is_taken_by_one_of_many() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let all: Vec<Timer> = (0..300).map(|n| timer(acme, &format!("t{n}"), NOW + n)).collect();
        let mut work = of(&store, acme).await;
        work.put_timers(acme, &all).await.unwrap();
        work.commit().await.unwrap();

        let takers = (0..4).map(|_| {
            let (store, all) = (store.clone(), all.clone());
            tokio::spawn(async move {
                let mut work = of(&store, acme).await;
                let taken = work.take_timers(acme, &all).await.unwrap();
                work.commit().await.unwrap();
                taken
            })
        });
        let mut taken: Vec<Timer> =
            futures::future::join_all(takers).await.into_iter().flat_map(Result::unwrap).collect();
        taken.sort_by_key(|timer| timer.due_at);
        assert_eq!(taken, all);
        assert_eq!(host(&store).await.next_timer().await.unwrap(), None);
    });
}

#[test]
fn cancelled_timers_are_gone_and_strangers_stay() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let all: Vec<Timer> = (0..70).map(|n| timer(acme, "t", NOW + n)).collect();
        work.put_timers(acme, &all).await.unwrap();
        let gone: Vec<_> =
            all[..69].iter().map(|timer| (timer.installation, timer.person, timer.key.clone())).collect();
        work.delete_timers(acme, &gone).await.unwrap();
        work.delete_timers(acme, &gone).await.unwrap();
        work.delete_timers(acme, &[(all[69].installation, all[69].person, "u".to_owned())]).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(host(&store).await.due_timers(NOW + 100, 100).await.unwrap(), all[69..]);
    });
}
