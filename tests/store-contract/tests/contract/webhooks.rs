//! TE-6: addresses and what is on its way to them. Every notice is one worker's at a time, what became of it is written
//! once, and another tenant's do not exist.

use std::collections::HashSet;

use guanxi_domain::DAY;
use guanxi_domain::ids::{DeliveryId, WebhookId};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Delivery, DeliveryStatus, NoticeKind, Off, Webhook};
use guanxi_store::{DeliverySettled, Dialect, Scope, Store, StoreError};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{host, of};

const LEASE: i64 = 30_000;

fn webhook(address: &str) -> Webhook {
    Webhook {
        id: WebhookId::from_uuid(uuid()),
        address: address.to_owned(),
        kinds: vec![NoticeKind::Candidate, NoticeKind::Upgrade],
        off: None,
        rotated_at: None,
        failing_since: None,
        dropped: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn delivery(due_at: i64) -> Delivery {
    Delivery {
        id: DeliveryId::from_uuid(uuid()),
        kind: NoticeKind::Candidate,
        payload: r#"{"type":"guanxi.candidate"}"#.to_owned(),
        status: DeliveryStatus::Waiting,
        attempts: 0,
        due_at,
        http_status: None,
        error: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn settled(id: DeliveryId, attempts: u32, status: DeliveryStatus) -> DeliverySettled {
    DeliverySettled { id, attempts, status, due_at: NOW + 5, http_status: Some(500), error: None, now: NOW + 5 }
}

async fn subscribed(store: &Store, tenant: TenantId, address: &str) -> Webhook {
    let one = webhook(address);
    let mut work = of(store, tenant).await;
    work.insert_webhook(tenant, &one, b"sealed").await.unwrap();
    work.commit().await.unwrap();
    one
}

async fn queued(store: &Store, tenant: TenantId, webhook: WebhookId, dues: &[i64]) -> Vec<Delivery> {
    let all: Vec<Delivery> = dues.iter().map(|due| delivery(*due)).collect();
    let mut work = of(store, tenant).await;
    for one in &all {
        work.insert_delivery(tenant, webhook, one).await.unwrap();
    }
    work.commit().await.unwrap();
    all
}

#[test]
fn te_6_an_address_is_stored_once_and_changed_as_a_whole() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = subscribed(&store, acme, "https://a.example/").await;
        let other = subscribed(&store, acme, "https://b.example/").await;
        let mut work = of(&store, acme).await;
        assert_eq!(work.webhooks(acme).await.unwrap(), [one.clone(), other.clone()]);
        let again = work.insert_webhook(acme, &webhook("https://a.example/"), b"sealed").await;
        assert!(matches!(again, Err(StoreError::Conflict("address"))), "{again:?}");
        drop(work);

        let mut work = of(&store, acme).await;
        let taken = Webhook { address: "https://b.example/".to_owned(), ..one.clone() };
        assert!(matches!(work.put_webhook(acme, &taken).await, Err(StoreError::Conflict("address"))));
        drop(work);

        let mut work = of(&store, acme).await;
        let changed = Webhook {
            address: "https://c.example/".to_owned(),
            kinds: vec![NoticeKind::Import],
            off: Some(Off::SwitchedOff),
            updated_at: NOW + 1,
            ..one.clone()
        };
        assert!(work.put_webhook(acme, &changed).await.unwrap());
        assert_eq!(work.webhook(acme, one.id).await.unwrap(), Some(changed));
        assert!(!work.put_webhook(acme, &webhook("https://d.example/")).await.unwrap());
        assert!(work.delete_webhook(acme, one.id).await.unwrap());
        assert!(!work.delete_webhook(acme, one.id).await.unwrap());
        assert_eq!(work.webhooks(acme).await.unwrap(), [other]);
    });
}

#[test]
fn te_6_a_failing_address_says_since_when_and_is_switched_off_once() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = subscribed(&store, acme, "https://a.example/").await;
        let mut work = of(&store, acme).await;
        assert_eq!(work.note_webhook_fails(acme, one.id, NOW + 1).await.unwrap(), Some(NOW + 1));
        assert_eq!(work.note_webhook_fails(acme, one.id, NOW + 9).await.unwrap(), Some(NOW + 1));
        work.note_webhook_works(acme, one.id).await.unwrap();
        assert_eq!(work.note_webhook_fails(acme, one.id, NOW + 10).await.unwrap(), Some(NOW + 10));
        work.note_webhook_drops(acme, one.id, 3).await.unwrap();
        assert!(work.switch_webhook_off(acme, one.id, Off::Gone, NOW + 11).await.unwrap());
        assert!(!work.switch_webhook_off(acme, one.id, Off::Failing, NOW + 12).await.unwrap());
        let expected =
            Webhook { failing_since: Some(NOW + 10), dropped: 3, off: Some(Off::Gone), updated_at: NOW + 11, ..one };
        assert_eq!(work.webhook(acme, expected.id).await.unwrap(), Some(expected));
    });
}

#[test]
fn pl_4_secrets_of_addresses_are_rotated_and_sealed_anew_beside_each_other() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let first = subscribed(&store, acme, "https://a.example/").await;
        let second = subscribed(&store, bolt, "https://a.example/").await;
        let mut read = store.read(Scope::Host).await.unwrap();
        let all = read.sealed_webhooks(None, 9).await.unwrap();
        let seen: Vec<_> = all.iter().map(|row| (row.tenant, row.slug.as_str(), row.id, row.name.clone())).collect();
        let expected = [(acme, "acme", first.id), (bolt, "bolt", second.id)];
        assert_eq!(seen, expected.map(|(tenant, slug, id)| (tenant, slug, id, id.to_string())));
        assert_eq!(read.sealed_webhooks(Some((acme, first.id)), 9).await.unwrap(), all[1..]);
        drop(read);

        let mut work = of(&store, acme).await;
        assert!(work.rotate_webhook(acme, first.id, b"sealed", b"rotated", NOW + 7).await.unwrap());
        assert!(!work.rotate_webhook(acme, first.id, b"sealed", b"late", NOW + 8).await.unwrap());
        assert_eq!(work.webhook(acme, first.id).await.unwrap().unwrap().rotated_at, Some(NOW + 7));
        assert!(!work.replace_webhook_secrets(acme, first.id, b"sealed", b"late").await.unwrap());
        assert!(work.replace_webhook_secrets(acme, first.id, b"rotated", b"anew").await.unwrap());
        assert_eq!(work.webhook_secrets(acme, first.id).await.unwrap().as_deref(), Some(b"anew".as_slice()));
        assert_eq!(work.webhook_secrets(acme, WebhookId::from_uuid(uuid())).await.unwrap(), None);
    });
}

#[test]
fn te_6_a_claim_counts_the_try_and_ends_with_its_lease() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = subscribed(&store, acme, "https://a.example/").await;
        let all = queued(&store, acme, one.id, &[NOW - 1, NOW - 3, NOW - 2, NOW + 1]).await;
        let mut read = store.read(Scope::Host).await.unwrap();
        assert_eq!(read.due_webhooks(NOW, 9).await.unwrap(), [(acme, one.id)]);
        assert_eq!(read.due_webhooks(NOW - 4, 9).await.unwrap(), []);
        drop(read);

        let mut work = of(&store, acme).await;
        let claimed = work.claim_deliveries(acme, one.id, NOW, NOW + LEASE, 2).await.unwrap();
        let taken = |it: &Delivery| Delivery {
            status: DeliveryStatus::Sending,
            attempts: 1,
            due_at: NOW + LEASE,
            updated_at: NOW,
            ..it.clone()
        };
        // Those that wait longest, in the order in which they happened.
        assert_eq!(claimed, [taken(&all[1]), taken(&all[2])]);
        let rest = work.claim_deliveries(acme, one.id, NOW, NOW + LEASE, 9).await.unwrap();
        assert_eq!(rest, [taken(&all[0])]);
        work.commit().await.unwrap();

        // Nobody said what became of them.
        let mut work = of(&store, acme).await;
        let again = work.claim_deliveries(acme, one.id, NOW + LEASE, NOW + 2 * LEASE, 9).await.unwrap();
        let tries: Vec<u32> = again.iter().map(|it| it.attempts).collect();
        assert_eq!(tries, [2, 2, 2, 1]);
        assert_eq!(again.iter().map(|it| it.id).collect::<Vec<_>>(), all.iter().map(|it| it.id).collect::<Vec<_>>());
    });
}

#[test]
fn te_6_only_the_latest_try_puts_a_notice_back_and_an_end_is_an_end() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = subscribed(&store, acme, "https://a.example/").await;
        let it = queued(&store, acme, one.id, &[NOW]).await.remove(0);
        let mut work = of(&store, acme).await;
        work.claim_deliveries(acme, one.id, NOW, NOW + 1, 9).await.unwrap();
        work.claim_deliveries(acme, one.id, NOW + 2, NOW + LEASE, 9).await.unwrap();
        assert!(!work.retry_delivery(acme, one.id, it.id, NOW + 3).await.unwrap(), "a worker has it");
        // The first worker wakes up: that it failed is of no matter any more.
        assert!(!work.settle_delivery(acme, one.id, &settled(it.id, 1, DeliveryStatus::Waiting)).await.unwrap());
        assert!(work.settle_delivery(acme, one.id, &settled(it.id, 2, DeliveryStatus::Waiting)).await.unwrap());
        let waits = work.delivery(acme, one.id, it.id).await.unwrap().unwrap();
        assert_eq!((waits.status, waits.due_at, waits.http_status), (DeliveryStatus::Waiting, NOW + 5, Some(500)));

        work.claim_deliveries(acme, one.id, NOW + 6, NOW + LEASE, 9).await.unwrap();
        // That it arrived counts, whoever says so.
        let arrived = DeliverySettled { http_status: Some(204), ..settled(it.id, 1, DeliveryStatus::Delivered) };
        assert!(work.settle_delivery(acme, one.id, &arrived).await.unwrap());
        assert!(!work.settle_delivery(acme, one.id, &settled(it.id, 3, DeliveryStatus::Failed)).await.unwrap());
        let done = work.delivery(acme, one.id, it.id).await.unwrap().unwrap();
        assert_eq!((done.status, done.attempts, done.http_status), (DeliveryStatus::Delivered, 3, Some(204)));
        assert_eq!(work.claim_deliveries(acme, one.id, NOW + LEASE, NOW + 2 * LEASE, 9).await.unwrap(), []);

        assert!(work.retry_delivery(acme, one.id, it.id, NOW + 9).await.unwrap());
        let again = work.claim_deliveries(acme, one.id, NOW + 9, NOW + LEASE, 9).await.unwrap();
        assert_eq!((again.len(), again[0].id, again[0].attempts), (1, it.id, 4));
    });
}

#[test]
fn te_6_eight_workers_never_claim_the_same_notice() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = subscribed(&store, acme, "https://a.example/").await;
        let all = queued(&store, acme, one.id, &[NOW; 200]).await;
        let workers = (0..8).map(|_| {
            let (store, id) = (store.clone(), one.id);
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let mut work = of(&store, acme).await;
                    let claimed = work.claim_deliveries(acme, id, NOW, NOW + LEASE, 7).await.unwrap();
                    work.commit().await.unwrap();
                    if claimed.is_empty() {
                        return mine;
                    }
                    assert!(claimed.iter().all(|it| it.attempts == 1));
                    mine.extend(claimed.into_iter().map(|it| it.id));
                }
            })
        });
        let taken: Vec<DeliveryId> =
            futures::future::join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(taken.iter().copied().collect::<HashSet<_>>().len(), taken.len(), "one was claimed twice");
        // A worker that met only rows locked by others ended early: nothing may be left behind by all of them.
        let mut work = of(&store, acme).await;
        let left = work.claim_deliveries(acme, one.id, NOW, NOW + LEASE, 1_000).await.unwrap();
        assert_eq!(taken.len() + left.len(), all.len());
    });
}

#[test]
fn te_6_what_ended_long_ago_or_very_often_is_forgotten_and_what_waits_stays() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = subscribed(&store, acme, "https://a.example/").await;
        let all = queued(&store, acme, one.id, &[NOW - 9, NOW, NOW, NOW, NOW]).await;
        let mut work = of(&store, acme).await;
        assert_eq!(work.waiting_deliveries(acme, one.id, 9).await.unwrap(), 5);
        assert_eq!(work.waiting_deliveries(acme, one.id, 3).await.unwrap(), 3);
        // The oldest goes on waiting; the others end.
        for it in &all[1..] {
            work.claim_deliveries(acme, one.id, NOW, NOW + LEASE, 9).await.unwrap();
            assert!(work.settle_delivery(acme, one.id, &settled(it.id, 1, DeliveryStatus::Delivered)).await.unwrap());
        }
        assert!(work.settle_delivery(acme, one.id, &settled(all[0].id, 1, DeliveryStatus::Waiting)).await.unwrap());
        assert_eq!(work.forget_deliveries(acme, one.id, NOW - DAY, 9).await.unwrap(), 0);
        assert_eq!(work.forget_deliveries(acme, one.id, NOW - DAY, 2).await.unwrap(), 2);
        let left = |page: Vec<Delivery>| page.into_iter().map(|it| it.id).collect::<Vec<_>>();
        let page = work.deliveries(acme, one.id, None, 9).await.unwrap();
        assert_eq!(left(page), [all[4].id, all[3].id, all[0].id]);
        let page = work.deliveries(acme, one.id, Some(all[4].id), 1).await.unwrap();
        assert_eq!(left(page), [all[3].id]);
        assert_eq!(work.forget_deliveries(acme, one.id, NOW + DAY, 9).await.unwrap(), 2);
        assert_eq!(work.give_up_deliveries(acme, one.id, "off", NOW + 1).await.unwrap(), 1);
        let gone = work.delivery(acme, one.id, all[0].id).await.unwrap().unwrap();
        assert_eq!((gone.status, gone.error.as_deref()), (DeliveryStatus::Failed, Some("off")));
        assert_eq!(work.waiting_deliveries(acme, one.id, 9).await.unwrap(), 0);
    });
}

#[test]
fn te_1_another_tenants_addresses_and_notices_do_not_exist() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let one = subscribed(&store, acme, "https://a.example/").await;
        let it = queued(&store, acme, one.id, &[NOW]).await.remove(0);
        // Whoever is bolt sees nothing of it; on PostgreSQL not even by naming acme.
        let mut work = of(&store, bolt).await;
        let named = if store.dialect() == Dialect::Postgres { vec![bolt, acme] } else { vec![bolt] };
        for tenant in named {
            assert_eq!(work.webhooks(tenant).await.unwrap(), []);
            assert_eq!(work.webhook(tenant, one.id).await.unwrap(), None);
            assert_eq!(work.webhook_secrets(tenant, one.id).await.unwrap(), None);
            assert_eq!(work.deliveries(tenant, one.id, None, 9).await.unwrap(), []);
            assert_eq!(work.delivery(tenant, one.id, it.id).await.unwrap(), None);
            assert_eq!(work.waiting_deliveries(tenant, one.id, 9).await.unwrap(), 0);
            assert_eq!(work.claim_deliveries(tenant, one.id, NOW, NOW + LEASE, 9).await.unwrap(), []);
            assert!(!work.retry_delivery(tenant, one.id, it.id, NOW).await.unwrap());
            assert_eq!(work.give_up_deliveries(tenant, one.id, "theirs", NOW).await.unwrap(), 0);
            assert_eq!(work.forget_deliveries(tenant, one.id, NOW + DAY, 0).await.unwrap(), 0);
            assert!(!work.put_webhook(tenant, &Webhook { off: Some(Off::Gone), ..one.clone() }).await.unwrap());
            assert!(!work.switch_webhook_off(tenant, one.id, Off::Gone, NOW).await.unwrap());
            assert_eq!(work.note_webhook_fails(tenant, one.id, NOW).await.unwrap(), None);
            assert!(!work.rotate_webhook(tenant, one.id, b"sealed", b"theirs", NOW).await.unwrap());
            assert!(!work.replace_webhook_secrets(tenant, one.id, b"sealed", b"theirs").await.unwrap());
            assert!(!work.delete_webhook(tenant, one.id).await.unwrap());
        }
        if store.dialect() == Dialect::Postgres {
            assert_eq!(work.due_webhooks(NOW, 9).await.unwrap(), []);
            assert_eq!(work.sealed_webhooks(None, 9).await.unwrap(), []);
        }
        // The same address is somebody else's as well.
        work.insert_webhook(bolt, &webhook("https://a.example/"), b"sealed").await.unwrap();
        work.commit().await.unwrap();
        let mut work = host(&store).await;
        assert_eq!(work.webhook(acme, one.id).await.unwrap(), Some(one.clone()));
        assert_eq!(work.delivery(acme, one.id, it.id).await.unwrap(), Some(it));
    });
}
