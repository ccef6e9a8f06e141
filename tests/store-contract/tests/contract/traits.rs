//! Tags and scores.

use std::collections::HashMap;

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::person::{HeldTag, Score, Tag};
use guanxi_store::{Scope, TagRow};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

fn tag(person: PersonId, dimension: &str, name: &str, weight: f64) -> TagRow {
    let tag = Tag { dimension: dimension.to_owned(), name: name.to_owned(), weight };
    TagRow { person, held: HeldTag { tag, source: "staff".to_owned(), at: NOW, half_life: None } }
}

#[test]
fn tags_are_put_on_changed_and_taken_off() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let (ada, bob, eve) = (make::person("Ada").id, make::person("Bob").id, make::person("Eve").id);
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let rows = [
            tag(ada, "interest", "tea", 0.2),
            tag(ada, "interest", "coffee", 1.0),
            tag(bob, "mood", "calm", 0.0),
            tag(ada, "interest", "tea", 0.5),
        ];
        work.put_tags(tenant, &rows).await.unwrap();
        let mut stronger = tag(bob, "mood", "calm", 0.25);
        stronger.held.source = "welcome".to_owned();
        stronger.held.half_life = Some(86_400_000);
        work.put_tags(tenant, std::slice::from_ref(&stronger)).await.unwrap();
        let expected =
            HashMap::from([(ada, vec![rows[1].held.clone(), rows[3].held.clone()]), (bob, vec![stronger.held])]);
        assert_eq!(work.tags(tenant, &[ada, bob, eve]).await.unwrap(), expected);

        let named = |person, dimension: &str, name: &str| (person, dimension.to_owned(), name.to_owned());
        let off = [named(ada, "interest", "tea"), named(bob, "interest", "coffee"), named(eve, "mood", "calm")];
        work.remove_tags(tenant, &off).await.unwrap();
        work.remove_tags(tenant, &off).await.unwrap();
        let left = work.tags(tenant, &[ada, bob]).await.unwrap();
        assert_eq!((&left[&ada][..], left[&bob].len()), (&[rows[1].held.clone()][..], 1));
    });
}

#[test]
fn va_1_scores_keep_their_terms_and_are_replaced_by_name() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let (ada, bob) = (make::person("Ada").id, make::person("Bob").id);
        let installation = InstallationId::from_uuid(make::uuid());
        let score = |name: &str, value: f64| Score {
            name: name.to_owned(),
            value,
            terms: vec![("recency".to_owned(), value / 2.0), ("reach".to_owned(), 1e-9)],
            installation,
            at: NOW,
        };
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let rows = [(ada, score("value", 1.0)), (ada, score("churn", 0.1)), (ada, score("value", 3.0))];
        work.put_scores(tenant, &rows).await.unwrap();
        work.put_scores(tenant, &[(ada, score("churn", -0.7)), (bob, score("value", 2.0))]).await.unwrap();
        let expected =
            HashMap::from([(ada, vec![score("churn", -0.7), score("value", 3.0)]), (bob, vec![score("value", 2.0)])]);
        assert_eq!(work.scores(tenant, &[ada, bob, make::person("Eve").id]).await.unwrap(), expected);

        let odd = Score { terms: vec![("reach".to_owned(), f64::NAN)], ..score("odd", 0.0) };
        work.put_scores(tenant, &[(bob, odd)]).await.unwrap();
        let read = work.scores(tenant, &[bob]).await.unwrap();
        assert!(read[&bob][0].terms[0].1.is_nan(), "{read:?}");
    });
}
