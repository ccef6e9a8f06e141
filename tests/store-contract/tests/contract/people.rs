//! People and their identities.

use std::collections::HashMap;

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Person, Stage};
use guanxi_store::{IdentityConflict, IdentityRow, Scope};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

fn owned(identity: &Identity, person: PersonId, first_position: i64) -> IdentityRow {
    IdentityRow { identity: identity.clone(), person, first_position, created_at: NOW }
}

#[test]
fn people_are_stored_changed_and_counted() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let people: Vec<Person> = (0..343).map(|n| make::person(&format!("Person {n}"))).collect();
        let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &people).await.unwrap();

        let mut changed = people[3].clone();
        changed.stage = Stage::Customer;
        changed.attributes.insert("name".to_owned(), "Łucja\0 王".into());
        changed.facts.order_count = 2;
        changed.facts.revenue = 1_234;
        changed.updated_at = NOW + 7;
        let sent = Person { created_at: NOW + 7, ..changed.clone() };
        work.put_people(tenant, &[people[3].clone(), sent]).await.unwrap();

        assert_eq!(work.person(tenant, ids[3]).await.unwrap(), Some(changed.clone()));
        assert_eq!(work.person(tenant, PersonId::from_uuid(make::uuid())).await.unwrap(), None);
        let mut expected: HashMap<PersonId, Person> = people.into_iter().map(|person| (person.id, person)).collect();
        expected.insert(changed.id, changed);
        assert_eq!(work.people(tenant, &ids).await.unwrap(), expected);
        assert_eq!(work.people(tenant, &[]).await.unwrap(), HashMap::new());
        for (cap, count) in [(1_000, 343), (343, 343), (10, 10), (0, 0)] {
            assert_eq!(work.count_people(tenant, cap).await.unwrap(), count);
        }
    });
}

#[test]
fn id_2_an_identity_belongs_to_one_person() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let (ada, bob) = (make::person("Ada").id, make::person("Bob").id);
        let email = make::identity("email", "ada@example.com");
        let cookie = make::identity("anonymous", "c-1");
        let user = make::identity("user", "42");
        let card = make::identity("member_card", "ada@example.com");
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let rows = [owned(&cookie, ada, 1), owned(&email, ada, 2), owned(&user, ada, 3), owned(&email, bob, 3)];
        work.add_identities(tenant, &rows).await.unwrap();
        work.add_identities(tenant, &[owned(&email, bob, 4), owned(&card, bob, 4)]).await.unwrap();

        let asked = [email.clone(), cookie.clone(), card.clone(), make::identity("user", "43")];
        let owners = work.owners(tenant, &asked).await.unwrap();
        assert_eq!(owners, HashMap::from([(email.clone(), ada), (cookie.clone(), ada), (card.clone(), bob)]));
        let identities = work.identities(tenant, &[ada, bob]).await.unwrap();
        assert_eq!(identities, HashMap::from([(ada, vec![user, email, cookie]), (bob, vec![card])]));
    });
}

#[test]
fn id_2_contested_identities_are_noted_once() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let (ada, bob, eve) = (make::person("Ada").id, make::person("Bob").id, make::person("Eve").id);
        let conflict = |claimed_by: PersonId, position: i64| IdentityConflict {
            identity: make::identity("phone", "+49 30 901820"),
            person: ada,
            claimed_by,
            position,
            at: NOW,
        };
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let rows = [conflict(bob, 5), conflict(bob, 6), conflict(eve, 7)];
        work.add_conflicts(tenant, &rows).await.unwrap();
        work.add_conflicts(tenant, &rows).await.unwrap();
        assert_eq!(work.conflicts_of(tenant, ada).await.unwrap(), [conflict(bob, 5), conflict(eve, 7)]);
        assert_eq!(work.conflicts_of(tenant, bob).await.unwrap(), [conflict(bob, 5)]);
    });
}

#[test]
fn id_2_every_identity_of_a_large_batch_finds_its_owner() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let rows: Vec<IdentityRow> = (0..343)
            .map(|n| owned(&make::identity("user", &n.to_string()), PersonId::from_uuid(make::uuid()), n))
            .collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.add_identities(tenant, &rows).await.unwrap();
        let asked: Vec<Identity> = rows.iter().map(|row| row.identity.clone()).collect();
        let expected: HashMap<Identity, PersonId> = rows.iter().map(|row| (row.identity.clone(), row.person)).collect();
        assert_eq!(work.owners(tenant, &asked).await.unwrap(), expected);
    });
}
