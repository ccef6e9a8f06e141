//! Tenants, tokens, sessions and kept answers.

use std::time::Duration;

use futures::future::{Either, select};
use guanxi_domain::caller;
use guanxi_domain::ids::TokenId;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Dialect, KeptAnswer, Scope, Store, StoreError, TokenRow};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

fn token(tenant: TenantId) -> TokenRow {
    TokenRow {
        tenant,
        id: TokenId::from_uuid(make::uuid()),
        name: "shop".to_owned(),
        scopes: vec![caller::Scope::Ingest, caller::Scope::Read],
        created_at: NOW,
        expires_at: Some(NOW + 100),
        revoked_at: None,
    }
}

#[test]
fn tenants_have_one_slug_each_and_the_operator_is_none_of_them() {
    on_both(|store| async move {
        let mut ids = Vec::new();
        for slug in ["tea", "coffee", "water"] {
            ids.push(make::tenant(&store, slug).await);
        }
        assert_eq!(ids, [TenantId(1), TenantId(2), TenantId(3)]);
        let mut work = store.begin(Scope::Host).await.unwrap();
        let taken = work.create_tenant(&"tea".parse().unwrap(), "Tea again", NOW).await;
        assert!(matches!(taken, Err(StoreError::Conflict("tenant"))), "{taken:?}");
        drop(work);

        let mut work = store.read(Scope::Host).await.unwrap();
        let tea = work.tenant_by_slug("tea").await.unwrap().unwrap();
        assert_eq!((tea.id, tea.name.as_str(), tea.created_at), (TenantId(1), "tea", NOW));
        assert_eq!(work.tenant(TenantId(1)).await.unwrap(), Some(tea));
        for absent in ["-", "milk"] {
            assert_eq!(work.tenant_by_slug(absent).await.unwrap(), None);
        }
        for absent in [TenantId::OPERATOR, TenantId(9)] {
            assert_eq!(work.tenant(absent).await.unwrap(), None);
        }
        let first: Vec<TenantId> = work.tenants(None, 2).await.unwrap().into_iter().map(|t| t.id).collect();
        let rest: Vec<TenantId> = work.tenants(Some(first[1]), 2).await.unwrap().into_iter().map(|t| t.id).collect();
        assert_eq!([first, rest].concat(), ids);
    });
}

/// SQLite has one writer. PostgreSQL has many, and nobody waits.
#[test]
fn pl_7_who_wrote_little_writes_next() {
    on_both(|store| async move {
        let [busy, quiet] = [make::tenant(&store, "busy").await, make::tenant(&store, "quiet").await];
        let write = |tenant| {
            let store = store.clone();
            Box::pin(async move { store.begin_unhurried(Scope::Tenant(tenant)).await.unwrap() })
        };
        write(busy).await.commit().await.unwrap();
        let held = write(busy).await;
        let (mut more, mut little) = (write(busy), write(quiet));
        if store.dialect() == Dialect::Postgres {
            futures::join!(more, little);
            assert_eq!(held.commit_in_turn().await.unwrap(), Duration::ZERO);
            return;
        }
        assert!(futures::poll!(&mut more).is_pending() && futures::poll!(&mut little).is_pending());
        assert!(held.commit_in_turn().await.unwrap() > Duration::ZERO, "a tenant waited");
        let Either::Right((work, more)) = select(more, little).await else { panic!("who wrote more came first") };
        assert!(work.commit_in_turn().await.unwrap() > Duration::ZERO, "the other one waited");
        assert_eq!(more.await.commit_in_turn().await.unwrap(), Duration::ZERO);
    });
}

#[test]
fn tenants_created_at_once_get_numbers_of_their_own() {
    on_both(|store| async move {
        let create = |n: usize| {
            let store = store.clone();
            tokio::spawn(async move { make::tenant(&store, &format!("brand-{n}")).await.0 })
        };
        let mut ids = Vec::new();
        for task in (0..8).map(create).collect::<Vec<_>>() {
            ids.push(task.await.unwrap());
        }
        ids.sort_unstable();
        assert_eq!(ids, (1..=8).collect::<Vec<i64>>());
    });
}

#[test]
fn tokens_are_found_by_hash_until_they_are_revoked() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let (shop, other) = (token(tenant), TokenRow { expires_at: None, ..token(tenant) });
        let mut work = store.begin(Scope::Host).await.unwrap();
        work.insert_token(tenant, &shop, b"hash-1").await.unwrap();
        work.insert_token(tenant, &other, b"hash-2").await.unwrap();
        assert_eq!(work.token_by_hash(b"hash-1").await.unwrap(), Some(shop.clone()));
        assert_eq!(work.token_by_hash(b"hash-9").await.unwrap(), None);
        assert_eq!(work.tokens(tenant).await.unwrap(), [shop.clone(), other.clone()]);

        assert!(work.revoke_token(tenant, shop.id, NOW + 5).await.unwrap());
        assert!(work.revoke_token(tenant, shop.id, NOW + 9).await.unwrap());
        assert!(!work.revoke_token(tenant, TokenId::from_uuid(make::uuid()), NOW).await.unwrap());
        let revoked = work.token_by_hash(b"hash-1").await.unwrap().unwrap();
        assert_eq!(revoked.revoked_at, Some(NOW + 5));
        let again = work.insert_token(tenant, &token(tenant), b"hash-1").await;
        assert!(matches!(again, Err(StoreError::Conflict("token"))), "{again:?}");
    });
}

#[test]
fn sessions_end_with_their_time_their_token_or_by_themselves() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let token = token(tenant);
        let mut work = store.begin(Scope::Host).await.unwrap();
        work.insert_token(tenant, &token, b"token").await.unwrap();
        work.insert_session(tenant, b"short", token.id, NOW, NOW + 10).await.unwrap();
        work.insert_session(tenant, b"long", token.id, NOW, NOW + 1_000).await.unwrap();

        assert_eq!(work.session(b"short", NOW + 9).await.unwrap(), Some(token.clone()));
        assert_eq!(work.session(b"short", NOW + 10).await.unwrap(), None);
        assert_eq!(work.session(b"long", NOW + 99).await.unwrap(), Some(token.clone()));
        assert_eq!(work.session(b"long", NOW + 100).await.unwrap(), None, "its token has expired");
        work.delete_session(b"short").await.unwrap();
        assert_eq!(work.session(b"short", NOW).await.unwrap(), None);
        work.revoke_token(tenant, token.id, NOW + 1).await.unwrap();
        assert_eq!(work.session(b"long", NOW + 2).await.unwrap(), None);
    });
}

#[test]
fn an_answer_is_kept_once_and_forgotten_in_time() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let answer = KeptAnswer { fingerprint: vec![1, 2], status: 201, body: "{\"é\":1}".to_owned() };
        keep(&store, tenant, &answer).await.unwrap();
        let second = KeptAnswer { fingerprint: vec![3], status: 200, body: String::new() };
        let again = keep(&store, tenant, &second).await;
        assert!(matches!(again, Err(StoreError::Conflict("idempotency key"))), "{again:?}");

        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        assert_eq!(work.kept_answer(tenant, "key").await.unwrap(), Some(answer));
        assert_eq!(work.forget_answers(tenant, NOW).await.unwrap(), 0);
        assert_eq!(work.forget_answers(tenant, NOW + 1).await.unwrap(), 1);
        assert_eq!(work.kept_answer(tenant, "key").await.unwrap(), None);
    });
}

async fn keep(store: &Store, tenant: TenantId, answer: &KeptAnswer) -> Result<(), StoreError> {
    let mut work = store.begin(Scope::Tenant(tenant)).await?;
    work.keep_answer(tenant, "key", answer, NOW).await?;
    work.commit().await
}
