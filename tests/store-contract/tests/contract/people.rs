//! People and their identities.

use std::collections::HashMap;

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::Cause;
use guanxi_domain::person::{Activity, Link, LinkState, Person, Provenance, Role, Stage, Touch};
use guanxi_store::{IdentityConflict, LinkRow, LogCursor, Newcomers, Scope, Settlement, StoreError};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

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
        changed.attributes.insert("name".to_owned(), "Łucja\u{1} 王".into());
        changed.facts.order_count = 2;
        changed.facts.revenue = 1_234;
        changed.updated_at = NOW + 7;
        changed.roles = vec![Role::OpinionLeader, Role::Promoter];
        changed.provenance.insert("name".to_owned(), Provenance { at: NOW, source: "shop".to_owned() });
        changed.activity.insert("page".to_owned(), Activity { count: 7, last: NOW });
        changed.first_touch = Some(Touch { at: NOW, channel: Some("wechat".to_owned()), touchpoint: None });
        let sent = Person { created_at: NOW + 7, ..changed.clone() };
        work.put_people(tenant, &[people[3].clone(), sent]).await.unwrap();

        assert_eq!(work.person(tenant, ids[3]).await.unwrap(), Some(changed.clone()));
        assert_eq!(work.person(tenant, PersonId::from_uuid(make::uuid())).await.unwrap(), None);
        let mut expected: HashMap<PersonId, Person> = people.into_iter().map(|person| (person.id, person)).collect();
        expected.insert(changed.id, changed);
        assert_eq!(work.people(tenant, &ids).await.unwrap(), expected);
        assert_eq!(work.people(tenant, &[]).await.unwrap(), HashMap::new());
        let from = work.cursor(tenant).await.unwrap();
        work.advance(tenant, from, LogCursor { people: 350, ..from }).await.unwrap();
        for (cap, count) in [(1_000, (343, true)), (344, (343, true)), (343, (350, false)), (0, (350, false))] {
            assert_eq!(work.count_people(tenant, cap).await.unwrap(), count);
        }
    });
}

#[test]
fn newcomers_are_stored_as_others_are_and_only_once() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let names =
            ["", " ", "NULL", "{a,b}", "\"quoted\"", "\\x41", "it's \\\"both\\\\", "two\nlines", "王小明 😀", "}"];
        let people: Vec<Person> =
            (1..).zip(names).map(|(number, name)| Person { number, ..make::person(name) }).collect();
        let links: Vec<LinkRow> = people.iter().zip(names).map(|(person, name)| odd_link(person.id, name)).collect();
        let all: (Vec<&Person>, Vec<&LinkRow>) = (people.iter().collect(), links.iter().collect());
        let newcomers =
            |people: &[&Person], links: &[&LinkRow]| Newcomers::of(store.dialect(), tenant, people, links).unwrap();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.add_newcomers(newcomers(&all.0, &all.1)).await.unwrap();
        work.commit().await.unwrap();

        let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let found = work.people(tenant, &ids).await.unwrap();
        let mut held = work.links(tenant, &ids).await.unwrap();
        for (person, row) in people.iter().zip(&links) {
            assert_eq!(found.get(&person.id), Some(person));
            assert_eq!(held.remove(&person.id).as_deref(), Some([row.link.clone()].as_slice()));
        }
        let identities: Vec<Identity> = links.iter().map(|row| row.link.identity.clone()).collect();
        assert_eq!(work.owners(tenant, &identities).await.unwrap().len(), names.len());
        drop(work);

        for (people, links, what) in [(&all.0[2..3], &[][..], "person"), (&[][..], &all.1[2..3], "identity")] {
            let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
            let refused = work.add_newcomers(newcomers(people, links)).await;
            assert!(matches!(refused, Err(StoreError::Conflict(of)) if of == what), "{refused:?}");
        }
    });
}

/// A link whose words are as odd as the name.
fn odd_link(person: PersonId, name: &str) -> LinkRow {
    let mut row = make::link(&make::identity("user", &format!("u-{person}")), person, 7);
    row.link.source = name.to_owned();
    row.link.reason = (!name.is_empty()).then(|| name.to_owned());
    row.link.confidence = 1.0 / 3.0;
    row
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
        let rows = [make::link(&cookie, ada, 1), make::link(&email, bob, 2), make::link(&user, ada, 3)];
        work.put_links(tenant, &rows).await.unwrap();
        work.put_links(tenant, &[make::link(&email, ada, 2), make::link(&card, bob, 4)]).await.unwrap();

        let asked = [email.clone(), cookie.clone(), card.clone(), make::identity("user", "43")];
        let owners = work.owners(tenant, &asked).await.unwrap();
        assert_eq!(owners, HashMap::from([(email.clone(), ada), (cookie.clone(), ada), (card.clone(), bob)]));
        let links = work.links(tenant, &[ada, bob]).await.unwrap();
        let named = |person| links[&person].iter().map(|link: &Link| link.identity.clone()).collect::<Vec<_>>();
        assert_eq!((named(ada), named(bob)), (vec![user, email.clone(), cookie], vec![card]));

        let mut wrong = make::link(&email, ada, 2);
        wrong.link.state = LinkState::Invalid;
        wrong.link.confidence = 0.0;
        wrong.link.reason = Some("bounced".to_owned());
        wrong.link.changed_by = Some("tok_1".to_owned());
        work.put_links(tenant, &[make::link(&email, ada, 2), wrong.clone()]).await.unwrap();
        assert_eq!(work.links(tenant, &[ada]).await.unwrap()[&ada][1], wrong.link);
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
            cause: Cause::Unverified,
            position,
            at: NOW,
            settled: None,
        };
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let rows = [conflict(bob, 5), conflict(bob, 6), conflict(eve, 7)];
        work.add_conflicts(tenant, &rows).await.unwrap();
        work.add_conflicts(tenant, &rows).await.unwrap();
        assert_eq!(work.conflicts_of(tenant, &[ada]).await.unwrap(), [conflict(bob, 5), conflict(eve, 7)]);
        assert_eq!(work.conflicts_of(tenant, &[bob]).await.unwrap(), [conflict(bob, 5)]);
        assert_eq!(work.conflicts_of(tenant, &[ada, bob, eve]).await.unwrap().len(), 2);

        let settlement = Settlement { resolved: false, by: "tok_1".to_owned(), at: NOW + 1 };
        work.settle_conflicts(tenant, &conflict(bob, 5).identity, bob, &settlement).await.unwrap();
        assert_eq!(work.open_conflicts(tenant, None, 9).await.unwrap(), [conflict(eve, 7)]);
        assert_eq!(work.count_conflicts(tenant, 9).await.unwrap(), 1);
        assert_eq!(work.conflicts_of(tenant, &[bob]).await.unwrap()[0].settled, Some(settlement));
    });
}

#[test]
fn id_2_every_identity_of_a_large_batch_finds_its_owner() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let rows: Vec<LinkRow> = (0..343)
            .map(|n| make::link(&make::identity("user", &n.to_string()), PersonId::from_uuid(make::uuid()), n))
            .collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_links(tenant, &rows).await.unwrap();
        let asked: Vec<Identity> = rows.iter().map(|row| row.link.identity.clone()).collect();
        let expected: HashMap<Identity, PersonId> =
            rows.iter().map(|row| (row.link.identity.clone(), row.person)).collect();
        assert_eq!(work.owners(tenant, &asked).await.unwrap(), expected);
    });
}

#[test]
fn id_6_groups_know_their_members_and_are_one_in_lists() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut people: Vec<Person> = ["Ada", "Bob", "Eve", "inner", "outer", "Zoë"].map(make::person).into();
        let [ada, bob, eve, inner, outer, zoe] = std::array::from_fn(|index| people[index].id);
        for (index, merged_into, root) in [(0, inner, outer), (1, inner, outer), (2, outer, outer), (3, outer, outer)] {
            people[index].membership.merged_into = Some(merged_into);
            people[index].membership.root = Some(root);
        }
        people[3].membership.is_group = true;
        people[4].membership.is_group = true;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &people).await.unwrap();

        let members = work.members(tenant, &[outer, zoe]).await.unwrap();
        assert_eq!(members, HashMap::from([(outer, sorted(&[ada, bob, eve, inner]))]));
        for (person, expected) in
            [(4, sorted(&[ada, bob, eve])), (3, sorted(&[ada, bob])), (0, vec![ada]), (5, vec![zoe])]
        {
            assert_eq!(work.leaves(tenant, &people[person]).await.unwrap(), expected, "{person}");
        }
        assert_eq!(work.count_people(tenant, 99).await.unwrap(), (2, true));
        work.dissolve(tenant, &[inner, zoe]).await.unwrap();
        assert_eq!(work.person(tenant, inner).await.unwrap(), None);
        assert!(work.person(tenant, zoe).await.unwrap().is_some(), "no group");
    });
}

fn sorted(ids: &[PersonId]) -> Vec<PersonId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}
