//! Receipts: each once, the latest first.

use guanxi_domain::ids::{DecisionId, new_uuid};
use guanxi_domain::receipt::CallReceipt;
use guanxi_store::{DecisionQuery, DecisionRow, StoreError};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{decision, of, person_id};

#[test]
fn a_receipt_comes_back_as_it_was_written() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let row = decision(person_id());
        work.insert_decisions(acme, std::slice::from_ref(&row)).await.unwrap();
        assert_eq!(work.decision(acme, row.id).await.unwrap(), Some(row));
        assert_eq!(work.decision(acme, DecisionId::from_uuid(uuid())).await.unwrap(), None);
        work.insert_decisions(acme, &[]).await.unwrap();
    });
}

#[test]
fn ca_7_a_receipt_names_the_call_it_came_of() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let mut rows = [decision(person_id()), decision(person_id()), decision(person_id())];
        let ids = rows.each_ref().map(|row| row.id);
        let receipts = CallReceipt::of_each(&ids, &[[1; 32], [2; 32], [255; 32]], u64::MAX >> 1);
        for (row, receipt) in rows.iter_mut().zip(receipts) {
            row.call = Some(receipt);
        }
        work.insert_decisions(acme, &rows).await.unwrap();
        for row in rows {
            assert_eq!(work.decision(acme, row.id).await.unwrap(), Some(row));
        }
    });
}

#[test]
fn ca_7_configurations_are_kept_once_under_their_hash() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let mut work = of(&store, acme).await;
        work.keep_configurations(acme, &[("a", "{\"a\":1}"), ("b", "{}")]).await.unwrap();
        work.keep_configurations(acme, &[("a", "another")]).await.unwrap();
        assert_eq!(work.configuration(acme, "a").await.unwrap().as_deref(), Some("{\"a\":1}"));
        assert_eq!(work.configuration(acme, "c").await.unwrap(), None);
        work.commit().await.unwrap();
        assert_eq!(of(&store, bolt).await.configuration(bolt, "a").await.unwrap(), None);
    });
}

#[test]
fn ca_7_old_receipts_are_taken_away_the_oldest_first() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let at = |days: i64| DecisionId::from_uuid(new_uuid(NOW - days * 86_400_000, [7; 10]));
        let rows: Vec<_> = (0..6).map(|days| DecisionRow { id: at(days), ..decision(person_id()) }).collect();
        for tenant in [acme, bolt] {
            let mut work = of(&store, tenant).await;
            work.insert_decisions(tenant, &rows).await.unwrap();
            work.commit().await.unwrap();
        }
        let mut work = of(&store, acme).await;
        let all = DecisionQuery { person: None, before: None, limit: 10 };
        let before = NOW - 2 * 86_400_000;
        assert_eq!(work.forget_decisions(acme, before, 2).await.unwrap(), 2);
        assert_eq!(work.decisions(acme, &all).await.unwrap(), rows[..4]);
        assert_eq!(work.forget_decisions(acme, before, 2).await.unwrap(), 1);
        assert_eq!(work.forget_decisions(acme, before, 2).await.unwrap(), 0);
        assert_eq!(work.decisions(acme, &all).await.unwrap(), rows[..3]);
        work.commit().await.unwrap();
        assert_eq!(of(&store, bolt).await.decisions(bolt, &all).await.unwrap(), rows);
    });
}

#[test]
fn ca_6_shadows_are_receipts_that_backtests_pass_over() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let own = decision(person_id());
        let shadow = DecisionRow { shadow: true, installation: own.installation, ..decision(person_id()) };
        work.insert_decisions(acme, &[own.clone(), shadow.clone()]).await.unwrap();
        assert_eq!(work.decision(acme, shadow.id).await.unwrap(), Some(shadow));
        let first = DecisionId::from_uuid(new_uuid(0, [0; 10]));
        assert_eq!(work.decisions_after(acme, own.installation, first, i64::MAX, 10).await.unwrap(), [own]);
    });
}

#[test]
fn the_same_decision_is_kept_once() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let row = decision(person_id());
        work.insert_decisions(acme, std::slice::from_ref(&row)).await.unwrap();
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        let again = work.insert_decisions(acme, &[decision(person_id()), row.clone()]).await;
        assert!(matches!(again, Err(StoreError::Conflict("decision"))));
        drop(work);

        let all = DecisionQuery { person: None, before: None, limit: 10 };
        assert_eq!(of(&store, acme).await.decisions(acme, &all).await.unwrap(), [row]);
    });
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let (mei, other) = (person_id(), person_id());
        let mut rows: Vec<_> = (0..9).map(|n| decision(if n % 3 == 0 { mei } else { other })).collect();
        work.insert_decisions(acme, &rows).await.unwrap();
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        let mine: Vec<_> = rows.iter().filter(|row| row.person == mei).cloned().collect();

        for (person, expected) in [(None, &rows), (Some(mei), &mine)] {
            let mut listed = Vec::new();
            let mut query = DecisionQuery { person, before: None, limit: 2 };
            loop {
                let page = work.decisions(acme, &query).await.unwrap();
                let Some(last) = page.last() else { break };
                assert!(page.len() <= 2);
                query.before = Some(last.id);
                listed.extend(page);
            }
            assert_eq!(&listed, expected);
        }
    });
}
