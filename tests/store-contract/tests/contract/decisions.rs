//! Receipts: each once, the latest first.

use guanxi_domain::ids::DecisionId;
use guanxi_store::{DecisionQuery, StoreError};
use guanxi_store_contract::make::{tenant, uuid};
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
