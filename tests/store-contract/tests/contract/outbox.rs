//! The outbox: every message is one worker's at a time, and what became of it is written once.

use std::collections::HashSet;

use guanxi_domain::ids::{InstallationId, MessageId};
use guanxi_domain::message::{Message, MessageClass, MessageStatus};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Released, Settled, Store};
use guanxi_store_contract::make::{NOW, tenant};
use guanxi_store_contract::{on_both, on_both_empty, open};

use crate::given::{host, installed, library, message, of};

const LEASE: i64 = 30_000;
const MARKETING: MessageClass = MessageClass::Marketing;

async fn queue(store: &Store) -> (TenantId, InstallationId) {
    library(store).await;
    let acme = tenant(store, "acme").await;
    (acme, installed(store, acme, "webhook").await)
}

async fn sent_out(store: &Store, tenant: TenantId, messages: &[Message]) {
    let mut work = of(store, tenant).await;
    work.insert_messages(tenant, messages).await.unwrap();
    work.commit().await.unwrap();
}

fn settled(id: MessageId, status: MessageStatus) -> Settled {
    Settled { id, attempts: 1, status, reason: None, channel_id: None, due_at: NOW, now: NOW + 5 }
}

#[test]
fn a_claim_counts_the_try_and_takes_the_longest_waiting_first() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let mut all: Vec<Message> = (0..5).map(|_| message(connector)).collect();
        for (one, due) in all.iter_mut().zip([3, 1, 2, 0, -7]) {
            one.not_before = NOW - due;
        }
        let other = message(InstallationId::from_uuid(guanxi_store_contract::make::uuid()));
        sent_out(&store, acme, &all).await;
        sent_out(&store, acme, &[other]).await;

        let mut work = of(&store, acme).await;
        let claimed = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 3).await.unwrap();
        assert!(claimed.iter().all(|one| !one.interrupted));
        let taken: Vec<Message> = claimed.into_iter().map(|one| one.message).collect();
        let as_taken =
            |one: &Message| Message { status: MessageStatus::Sending, attempts: 1, updated_at: NOW, ..one.clone() };
        assert_eq!(taken, [&all[0], &all[2], &all[1]].map(as_taken));
        for one in &taken {
            assert_eq!(work.message(acme, one.id).await.unwrap().as_ref(), Some(one));
        }
        let rest = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 3).await.unwrap();
        assert_eq!(rest.iter().map(|one| one.message.id).collect::<Vec<_>>(), [all[3].id]);
        assert_eq!(work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 3).await.unwrap(), []);
    });
}

#[test]
fn eight_workers_never_claim_the_same_message() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let all: Vec<Message> = (0..1_000).map(|_| message(connector)).collect();
        sent_out(&store, acme, &all).await;

        let workers = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let mut work = of(&store, acme).await;
                    let claimed = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 37).await.unwrap();
                    work.commit().await.unwrap();
                    if claimed.is_empty() {
                        return mine;
                    }
                    assert!(claimed.iter().all(|one| !one.interrupted && one.message.attempts == 1));
                    mine.extend(claimed.into_iter().map(|one| one.message.id));
                }
            })
        });
        let taken: Vec<MessageId> =
            futures::future::join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
        let distinct: HashSet<MessageId> = taken.iter().copied().collect();
        assert_eq!(distinct.len(), taken.len(), "a message was claimed twice");

        // A worker that met only rows locked by others ended early: nothing may be left behind by all of them.
        let mut work = of(&store, acme).await;
        let left = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 1_000).await.unwrap();
        assert_eq!(taken.len() + left.len(), all.len());
    });
}

#[test]
fn a_claim_that_is_not_committed_changes_nothing() {
    on_both_empty(|url| async move {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        let (acme, connector) = queue(&store).await;
        sent_out(&store, acme, &[message(connector)]).await;
        let mut work = of(&store, acme).await;
        assert_eq!(work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap().len(), 1);
        drop(work);
        // Closing waits for the rollback, which PostgreSQL does after the drop.
        store.close().await;

        let store = open(&url).await;
        let mut work = of(&store, acme).await;
        let again = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        assert_eq!(again.iter().map(|one| (one.interrupted, one.message.attempts)).collect::<Vec<_>>(), [(false, 1)]);
        drop(work);
        store.close().await;
    });
}

#[test]
fn a_lease_that_ends_unsettled_is_claimed_as_interrupted() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let one = message(connector);
        sent_out(&store, acme, std::slice::from_ref(&one)).await;
        let mut work = of(&store, acme).await;
        work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        assert_eq!(work.claim((acme, connector, MARKETING), NOW + LEASE - 1, NOW + 2 * LEASE, 10).await.unwrap(), []);
        let again = work.claim((acme, connector, MARKETING), NOW + LEASE, NOW + 2 * LEASE, 10).await.unwrap();
        assert_eq!(again.len(), 1);
        assert!(again[0].interrupted);
        assert_eq!((again[0].message.id, again[0].message.attempts), (one.id, 2));
    });
}

#[test]
fn a_message_is_settled_to_any_status() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let all: Vec<Message> = MessageStatus::ALL.iter().map(|_| message(connector)).collect();
        sent_out(&store, acme, &all).await;
        let mut work = of(&store, acme).await;
        work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        let ends: Vec<Settled> = all
            .iter()
            .zip(MessageStatus::ALL)
            .map(|(one, status)| Settled {
                reason: Some(format!("was {}", status.as_str())),
                channel_id: (status == MessageStatus::Sent).then(|| "m-1".to_owned()),
                ..settled(one.id, status)
            })
            .collect();
        work.settle(acme, &ends).await.unwrap();
        for (one, end) in all.iter().zip(&ends) {
            let expected = Message {
                status: end.status,
                reason: end.reason.clone(),
                channel_id: end.channel_id.clone(),
                attempts: 1,
                updated_at: NOW + 5,
                ..one.clone()
            };
            assert_eq!(work.message(acme, one.id).await.unwrap(), Some(expected));
        }
    });
}

#[test]
fn a_settled_message_stays_settled() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let one = message(connector);
        sent_out(&store, acme, std::slice::from_ref(&one)).await;
        let mut work = of(&store, acme).await;
        work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        let sent = Settled { channel_id: Some("m-1".to_owned()), ..settled(one.id, MessageStatus::Sent) };
        work.settle(acme, &[sent]).await.unwrap();
        work.settle(acme, &[settled(one.id, MessageStatus::Queued)]).await.unwrap();
        let kept = work.message(acme, one.id).await.unwrap().unwrap();
        assert_eq!((kept.status, kept.channel_id.as_deref()), (MessageStatus::Sent, Some("m-1")));
        assert_eq!(work.claim((acme, connector, MARKETING), NOW + 9 * LEASE, NOW + 10 * LEASE, 10).await.unwrap(), []);
    });
}

#[test]
fn a_retry_keeps_the_channels_id_and_waits_for_its_time() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let one = message(connector);
        sent_out(&store, acme, std::slice::from_ref(&one)).await;
        let mut work = of(&store, acme).await;
        work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        let retry = Settled { due_at: NOW + 100, ..settled(one.id, MessageStatus::Queued) };
        work.settle(acme, &[Settled { channel_id: Some("m-1".to_owned()), ..retry.clone() }]).await.unwrap();
        work.settle(acme, &[retry]).await.unwrap();
        assert_eq!(work.claim((acme, connector, MARKETING), NOW + 99, NOW + LEASE, 10).await.unwrap(), []);
        let again = work.claim((acme, connector, MARKETING), NOW + 100, NOW + LEASE, 10).await.unwrap();
        assert!(!again[0].interrupted);
        assert_eq!((again[0].message.attempts, again[0].message.channel_id.as_deref()), (2, Some("m-1")));
    });
}

#[test]
fn ch_7_what_is_given_back_untried_waits_and_counts_no_try() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let [one, other] = [message(connector), message(connector)];
        sent_out(&store, acme, &[one.clone(), other.clone()]).await;
        let mut work = of(&store, acme).await;
        work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        let back = |id, attempts| Released {
            id,
            attempts,
            reason: Some("quiet hours".to_owned()),
            due_at: NOW + 2 * LEASE,
            now: NOW + 5,
        };
        work.settle(acme, &[settled(other.id, MessageStatus::Sent)]).await.unwrap();
        // What has ended stays, and so does what another try has in hand by now.
        work.release(acme, &[back(other.id, 1), back(one.id, 7)]).await.unwrap();
        assert_eq!(work.message(acme, other.id).await.unwrap().unwrap().status, MessageStatus::Sent);
        assert_eq!(work.message(acme, one.id).await.unwrap().unwrap().status, MessageStatus::Sending);
        work.release(acme, &[back(one.id, 1)]).await.unwrap();
        let waits = work.message(acme, one.id).await.unwrap().unwrap();
        assert_eq!(
            (waits.status, waits.attempts, waits.reason.as_deref()),
            (MessageStatus::Queued, 0, Some("quiet hours"))
        );
        assert_eq!(
            work.claim((acme, connector, MARKETING), NOW + 2 * LEASE - 1, NOW + 3 * LEASE, 10).await.unwrap(),
            []
        );
        let again = work.claim((acme, connector, MARKETING), NOW + 2 * LEASE, NOW + 3 * LEASE, 10).await.unwrap();
        assert_eq!(again.iter().map(|one| (one.interrupted, one.message.attempts)).collect::<Vec<_>>(), [(false, 1)]);
        work.release(acme, &[Released { reason: None, ..back(one.id, 1) }]).await.unwrap();
        let kept = work.message(acme, one.id).await.unwrap().unwrap();
        assert_eq!(kept.reason.as_deref(), Some("quiet hours"), "a reason stays until there is another");
    });
}

#[test]
fn expired_messages_are_claimed_so_that_they_can_be_settled() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let one = Message { expires_at: Some(NOW - 1), ..message(connector) };
        sent_out(&store, acme, std::slice::from_ref(&one)).await;
        let mut work = of(&store, acme).await;
        let claimed = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        assert_eq!(claimed[0].message.expires_at, Some(NOW - 1));
        work.settle(acme, &[settled(one.id, MessageStatus::Expired)]).await.unwrap();
        assert_eq!(work.message(acme, one.id).await.unwrap().unwrap().status, MessageStatus::Expired);
        assert_eq!(host_next_due(work, &store).await, None);
    });
}

async fn host_next_due(work: guanxi_store::Work, store: &Store) -> Option<i64> {
    work.commit().await.unwrap();
    host(store).await.next_due(NOW - 100).await.unwrap()
}

#[test]
fn queues_with_something_due_are_found_in_every_tenant() {
    on_both(|store| async move {
        let (acme, first) = queue(&store).await;
        let second = installed(&store, acme, "second").await;
        let bolt = tenant(&store, "bolt").await;
        let third = installed(&store, bolt, "third").await;
        let idle = installed(&store, bolt, "idle").await;
        assert_eq!(host(&store).await.next_due(NOW - 100).await.unwrap(), None);

        let at = |connector, not_before| Message { not_before, ..message(connector) };
        sent_out(&store, acme, &[at(first, NOW - 1), at(first, NOW - 2), at(second, NOW + 50)]).await;
        let done = Message { status: MessageStatus::Sent, ..at(idle, NOW - 90) };
        sent_out(&store, bolt, &[at(third, NOW - 3), done]).await;

        let mut work = host(&store).await;
        assert_eq!(work.next_due(NOW - 100).await.unwrap(), Some(NOW - 3));
        assert_eq!(work.next_due(NOW).await.unwrap(), Some(NOW + 50), "what is due is not waited for");
        assert_eq!(work.due_queues(NOW, 10).await.unwrap(), [(bolt, third, MARKETING), (acme, first, MARKETING)]);
        assert_eq!(work.due_queues(NOW, 1).await.unwrap(), [(bolt, third, MARKETING)]);
        assert_eq!(
            work.due_queues(NOW + 50, 10).await.unwrap(),
            [(bolt, third, MARKETING), (acme, first, MARKETING), (acme, second, MARKETING)]
        );

        work.claim((bolt, third, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        work.claim((acme, first, MARKETING), NOW, NOW + LEASE, 10).await.unwrap();
        assert_eq!(work.due_queues(NOW, 10).await.unwrap(), []);
        assert_eq!(work.next_due(NOW).await.unwrap(), Some(NOW + 50));
        assert_eq!(work.due_queues(NOW + LEASE, 10).await.unwrap().len(), 3);
    });
}

#[test]
fn five_hundred_are_claimed_and_settled_at_once() {
    on_both(|store| async move {
        let (acme, connector) = queue(&store).await;
        let all: Vec<Message> = (0..501).map(|_| message(connector)).collect();
        sent_out(&store, acme, &all).await;
        let mut work = of(&store, acme).await;
        let claimed = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 500).await.unwrap();
        let ends: Vec<Settled> = claimed.iter().map(|one| settled(one.message.id, MessageStatus::Sent)).collect();
        work.settle(acme, &ends).await.unwrap();
        work.settle(acme, &[]).await.unwrap();
        let counts = work.message_counts(acme).await.unwrap();
        assert_eq!(counts, [(MessageStatus::Queued, 1), (MessageStatus::Sent, 500)]);
    });
}
