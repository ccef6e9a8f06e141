//! CH-8: queues of each class, messages that wait untried, that are tried again or called off, what channels tell of them,
//! and how channels behave.

use guanxi_domain::breaker::Breaker;
use guanxi_domain::channel_rules::{Quota, QuotaScope};
use guanxi_domain::channel_state::ChannelState;
use guanxi_domain::delivery_receipt::{DeliveryReceipt, ReceiptState};
use guanxi_domain::ids::{InstallationId, MessageId};
use guanxi_domain::message::{Message, MessageAction, MessageClass, MessageStatus, Told};
use guanxi_domain::pace::Uses;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{MessageFilter, Released, Store, Work};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{host, installed, library, message, of};

const LEASE: i64 = 30_000;
const REPLY: MessageClass = MessageClass::Reply;
const MARKETING: MessageClass = MessageClass::Marketing;

async fn connector(store: &Store) -> (TenantId, InstallationId) {
    library(store).await;
    let acme = tenant(store, "acme").await;
    (acme, installed(store, acme, "webhook").await)
}

async fn sent_out(store: &Store, tenant: TenantId, messages: &[Message]) {
    let mut work = of(store, tenant).await;
    work.insert_messages(tenant, messages).await.unwrap();
    work.commit().await.unwrap();
}

async fn status(work: &mut Work, tenant: TenantId, id: MessageId) -> MessageStatus {
    work.message(tenant, id).await.unwrap().unwrap().status
}

#[test]
fn ch_8_each_class_is_a_queue_of_its_own() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let many: Vec<Message> = (0..300).map(|_| message(connector)).collect();
        let reply = Message { class: REPLY, ..message(connector) };
        sent_out(&store, acme, &many).await;
        sent_out(&store, acme, std::slice::from_ref(&reply)).await;

        let due = host(&store).await.due_queues(NOW, 10).await.unwrap();
        assert_eq!(due, [(acme, connector, MARKETING), (acme, connector, REPLY)]);
        let mut work = of(&store, acme).await;
        let urgent = MARKETING.before();
        assert_eq!(work.due_messages(acme, connector, urgent, NOW, 9).await.unwrap(), 1);
        assert_eq!(work.due_messages(acme, connector, &MessageClass::ALL, NOW, 9).await.unwrap(), 9, "counted so far");
        let taken = work.claim((acme, connector, REPLY), NOW, NOW + LEASE, 256).await.unwrap();
        assert_eq!(taken.iter().map(|one| one.message.id).collect::<Vec<_>>(), [reply.id]);
        assert_eq!(work.due_messages(acme, connector, urgent, NOW, 9).await.unwrap(), 0);
        assert_eq!(work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 256).await.unwrap().len(), 256);
    });
}

#[test]
fn ch_8_what_is_given_back_was_not_tried() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let one = message(connector);
        sent_out(&store, acme, std::slice::from_ref(&one)).await;
        let queue = (acme, connector, MARKETING);
        let mut work = of(&store, acme).await;
        let claimed = work.claim(queue, NOW, NOW + LEASE, 9).await.unwrap();
        assert_eq!((claimed[0].due_at, claimed[0].attempts_before), (NOW, 0));
        let back = |attempts| Released { id: one.id, attempts, reason: None, due_at: NOW + 50, now: NOW + 1 };
        work.release(acme, &[back(7)]).await.unwrap();
        assert_eq!(status(&mut work, acme, one.id).await, MessageStatus::Sending, "somebody else has it");
        work.release(acme, &[back(1)]).await.unwrap();
        let waits = work.message(acme, one.id).await.unwrap().unwrap();
        assert_eq!((waits.status, waits.attempts), (MessageStatus::Queued, 0));
        work.release(acme, &[back(0)]).await.unwrap();
        assert_eq!(work.message(acme, one.id).await.unwrap().unwrap().attempts, 0, "given back once");
        assert_eq!(work.claim(queue, NOW + 49, NOW + LEASE, 9).await.unwrap(), []);
        let again = work.claim(queue, NOW + 50, NOW + LEASE, 9).await.unwrap();
        assert_eq!((again[0].message.attempts, again[0].interrupted), (1, false));
    });
}

#[test]
fn ch_8_what_ended_badly_is_queued_again_with_its_tries() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let with = |status| Message { status, attempts: 12, expires_at: Some(NOW - 1), ..message(connector) };
        let all: Vec<Message> = MessageStatus::ALL.into_iter().map(with).collect();
        let erased = Message { address: String::new(), ..with(MessageStatus::Failed) };
        sent_out(&store, acme, &all).await;
        sent_out(&store, acme, std::slice::from_ref(&erased)).await;
        let mut work = of(&store, acme).await;
        let ids: Vec<MessageId> = all.iter().map(|one| one.id).chain([erased.id]).collect();
        let again = work.retry_messages(acme, &ids, &MessageStatus::ENDED_BADLY, NOW + 5).await.unwrap();
        let mut expected: Vec<MessageId> =
            all.iter().filter(|one| MessageStatus::ENDED_BADLY.contains(&one.status)).map(|one| one.id).collect();
        expected.sort_unstable();
        assert_eq!(again.iter().map(|one| one.id).collect::<Vec<_>>(), expected);
        let as_again = |one: &Message| (one.status, one.attempts, one.expires_at, one.updated_at);
        assert!(again.iter().all(|one| as_again(one) == (MessageStatus::Queued, 12, None, NOW + 5)), "{again:?}");
        let claimed = work.claim((acme, connector, MARKETING), NOW + 5, NOW + LEASE, 99).await.unwrap();
        let tried = claimed.iter().find(|one| one.message.id == expected[0]).unwrap();
        assert_eq!((tried.message.attempts, tried.attempts_before), (13, 12));
    });
}

#[test]
fn ch_8_only_what_waits_is_called_off() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let all: Vec<Message> =
            MessageStatus::ALL.into_iter().map(|status| Message { status, ..message(connector) }).collect();
        sent_out(&store, acme, &all).await;
        let mut work = of(&store, acme).await;
        let ids: Vec<MessageId> = all.iter().map(|one| one.id).collect();
        let off = work.cancel_messages(acme, &ids, NOW + 5).await.unwrap();
        assert_eq!(
            off.iter().map(|one| (one.id, one.status)).collect::<Vec<_>>(),
            [(ids[0], MessageStatus::Cancelled)]
        );
        assert_eq!(work.cancel_messages(acme, &ids, NOW + 6).await.unwrap(), []);
        let left = work.claim((acme, connector, MARKETING), NOW, NOW + LEASE, 99).await.unwrap();
        assert_eq!(left.iter().map(|one| one.message.id).collect::<Vec<_>>(), [ids[1]], "the one under way");
    });
}

#[test]
fn ch_8_messages_are_found_by_connector_status_and_time() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let other = installed(&store, acme, "other").await;
        let at = |connector, status, at| Message {
            id: MessageId::from_uuid(guanxi_domain::ids::new_uuid(at, uuid().into_bytes()[6..].try_into().unwrap())),
            status,
            ..message(connector)
        };
        let failed = MessageStatus::Failed;
        let all = [
            at(connector, failed, NOW),
            at(connector, MessageStatus::Expired, NOW + 10),
            at(connector, MessageStatus::Sent, NOW + 20),
            at(other, failed, NOW + 30),
        ];
        sent_out(&store, acme, &all).await;
        let mut work = of(&store, acme).await;
        let every =
            MessageFilter { connector: None, statuses: vec![failed, MessageStatus::Expired], from: 0, to: NOW + 99 };
        let ids = |numbers: &[usize]| numbers.iter().map(|n| all[*n].id).collect::<Vec<_>>();
        for (filter, expected) in [
            (every.clone(), ids(&[0, 1, 3])),
            (MessageFilter { connector: Some(connector), ..every.clone() }, ids(&[0, 1])),
            (MessageFilter { statuses: vec![failed], ..every.clone() }, ids(&[0, 3])),
            (MessageFilter { from: NOW + 10, to: NOW + 30, ..every.clone() }, ids(&[1])),
        ] {
            assert_eq!(work.filtered_messages(acme, &filter, None, 99).await.unwrap(), expected, "{filter:?}");
        }
        assert_eq!(work.filtered_messages(acme, &every, Some(all[0].id), 1).await.unwrap(), ids(&[1]));

        let action = |at, action: &str| MessageAction {
            message: all[0].id,
            at,
            action: action.to_owned(),
            actor: "tok_1".to_owned(),
        };
        let asked = [action(NOW, "retry"), action(NOW + 1, "cancel")];
        work.add_message_actions(acme, &asked).await.unwrap();
        work.add_message_actions(acme, &asked).await.unwrap();
        assert_eq!(work.message_actions(acme, all[0].id).await.unwrap(), asked);
    });
}

fn receipt(connector: InstallationId, channel_id: &str, state: ReceiptState, at: i64) -> DeliveryReceipt {
    let channel_id = Some(channel_id.to_owned());
    DeliveryReceipt { connector, message: None, channel_id, state, at, reason: Some("why".to_owned()), gone: false }
}

#[test]
fn ch_8_receipts_find_their_messages_and_are_noted_once() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let other = installed(&store, acme, "other").await;
        let sent = |connector, channel_id: &str| Message {
            status: MessageStatus::Sent,
            channel_id: Some(channel_id.to_owned()),
            ..message(connector)
        };
        let (first, second, theirs) = (sent(connector, "m-1"), sent(connector, "m-2"), sent(other, "m-1"));
        let doubtful = Message { status: MessageStatus::Uncertain, ..message(connector) };
        sent_out(&store, acme, &[first.clone(), second.clone(), theirs.clone()]).await;
        sent_out(&store, acme, std::slice::from_ref(&doubtful)).await;
        let by_our_id = DeliveryReceipt {
            message: Some(doubtful.id),
            ..receipt(connector, "m-9", ReceiptState::Delivered, NOW + 4)
        };
        let told = [
            receipt(connector, "m-1", ReceiptState::Delivered, NOW + 1),
            receipt(connector, "m-1", ReceiptState::Read, NOW + 2),
            receipt(connector, "m-2", ReceiptState::Failed, NOW + 3),
            receipt(connector, "m-0", ReceiptState::Delivered, NOW + 3),
            by_our_id,
        ];
        let mut work = of(&store, acme).await;
        for _ in 0..2 {
            let meant = work.apply_receipts(acme, &told, NOW + 9).await.unwrap();
            let meant: Vec<MessageId> = meant.into_iter().map(|(message, _)| message.id).collect();
            assert_eq!(meant, [first.id, first.id, second.id, doubtful.id]);
        }
        let read = Told { delivered_at: Some(NOW + 1), read_at: Some(NOW + 2), ..Told::default() };
        let kept = Message { told: read, reason: None, ..first.clone() };
        assert_eq!(work.message(acme, first.id).await.unwrap(), Some(kept));
        let lost = work.message(acme, second.id).await.unwrap().unwrap();
        assert_eq!(
            (lost.status, lost.told.bounced_at, lost.updated_at),
            (MessageStatus::Failed, Some(NOW + 3), NOW + 9)
        );
        let known = work.message(acme, doubtful.id).await.unwrap().unwrap();
        assert_eq!((known.status, known.told.delivered_at), (MessageStatus::Sent, Some(NOW + 4)));
        assert_eq!(work.message(acme, theirs.id).await.unwrap(), Some(theirs), "another connector's message");
    });
}

#[test]
fn ch_8_a_channel_that_rests_or_pauses_has_no_due_queue() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        sent_out(&store, acme, &[message(connector)]).await;
        let mut work = of(&store, acme).await;
        assert_eq!(work.channel_state(acme, connector).await.unwrap(), ChannelState::default());
        let state = ChannelState {
            breaker: Breaker { failures: 5, openings: 1, open_until: Some(NOW + 10) },
            paused_until: Some(NOW + 5),
            reason: Some("no answer".to_owned()),
        };
        work.put_channel_state(acme, connector, &state, NOW).await.unwrap();
        work.put_channel_state(acme, connector, &state, NOW).await.unwrap();
        assert_eq!(work.channel_state(acme, connector).await.unwrap(), state);
        assert_eq!(work.channel_states(acme).await.unwrap(), [(connector, state.clone())]);
        work.commit().await.unwrap();
        for (at, due) in [(NOW, 0), (NOW + 9, 0), (NOW + 10, 1)] {
            assert_eq!(host(&store).await.due_queues(at, 9).await.unwrap().len(), due, "{at}");
        }
        let mut work = of(&store, acme).await;
        assert!(!work.claim_probe(acme, connector, NOW + 9, NOW + 99).await.unwrap(), "it rested longer");
        assert!(work.claim_probe(acme, connector, NOW + 10, NOW + 99).await.unwrap());
        assert!(!work.claim_probe(acme, connector, NOW + 10, NOW + 99).await.unwrap(), "one is enough");
        work.commit().await.unwrap();
        assert_eq!(host(&store).await.due_queues(NOW + 98, 9).await.unwrap(), []);
        let mut work = of(&store, acme).await;
        work.reset_channel_state(acme, connector).await.unwrap();
        assert_eq!(work.channel_state(acme, connector).await.unwrap(), ChannelState::default());
    });
}

#[test]
fn ch_8_what_of_quotas_is_used_outlives_a_fresh_start() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let quotas = [Quota { scope: QuotaScope::Installation, limit: 1_000, per_seconds: 86_400 }];
        let mut work = of(&store, acme).await;
        let uses = work.lock_uses(acme, connector).await.unwrap();
        assert_eq!(uses, Uses::default());
        let uses = uses.take(&quotas, NOW, 400);
        work.put_uses(acme, connector, &uses).await.unwrap();
        work.put_channel_state(acme, connector, &ChannelState::default(), NOW).await.unwrap();
        work.reset_channel_state(acme, connector).await.unwrap();
        work.commit().await.unwrap();
        let mut work = of(&store, acme).await;
        let kept = work.lock_uses(acme, connector).await.unwrap();
        assert_eq!((kept.left(&quotas, NOW + 1), kept), (Some(600), uses));
    });
}

#[test]
fn ch_8_workers_who_share_a_quota_never_take_more_than_it_has() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let quotas = [Quota { scope: QuotaScope::Installation, limit: 25, per_seconds: 86_400 }];
        let workers = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut taken = 0;
                for _ in 0..5 {
                    let mut work = of(&store, acme).await;
                    let uses = work.lock_uses(acme, connector).await.unwrap();
                    let count = uses.left(&quotas, NOW).unwrap().min(2);
                    work.put_uses(acme, connector, &uses.take(&quotas, NOW, count)).await.unwrap();
                    work.commit().await.unwrap();
                    taken += count;
                }
                taken
            })
        });
        let taken: u32 = futures::future::join_all(workers).await.into_iter().map(Result::unwrap).sum();
        assert_eq!(taken, 25);
    });
}

#[test]
fn ch_8_what_went_to_an_address_lately_is_known() {
    on_both(|store| async move {
        let (acme, connector) = connector(&store).await;
        let to = |status, updated_at| Message { status, updated_at, ..message(connector) };
        let mut all = [
            to(MessageStatus::Sent, NOW - 5),
            to(MessageStatus::Sent, NOW - 50),
            to(MessageStatus::Failed, NOW - 5),
            to(MessageStatus::Sending, NOW),
        ];
        let mei = all[0].person;
        all.iter_mut().for_each(|one| one.person = mei);
        sent_out(&store, acme, &all).await;
        let mut work = of(&store, acme).await;
        let mut arrivals = work.arrivals(acme, connector, &[mei], NOW - 10).await.unwrap();
        arrivals.sort_by_key(|arrival| arrival.at);
        let found: Vec<(MessageId, i64)> = arrivals.iter().map(|arrival| (arrival.message, arrival.at)).collect();
        assert_eq!(found, [(all[0].id, NOW - 5), (all[3].id, NOW)]);
        assert_eq!(arrivals[0].address, all[0].address);
    });
}
