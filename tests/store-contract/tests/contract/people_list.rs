//! The list of people: paging and search.

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::person::{Person, Score};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{LinkRow, PeopleCursor, PeopleOrder, PeopleQuery, Scope, Work};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

fn query(order: PeopleOrder, after: Option<PeopleCursor>, limit: u32) -> PeopleQuery {
    PeopleQuery { search: None, order, after, limit }
}

fn score(person: &Person, value: f64) -> (PersonId, Score) {
    let installation = InstallationId::from_uuid(make::uuid());
    (person.id, Score { name: "value".to_owned(), value, terms: Vec::new(), installation, at: NOW })
}

#[test]
fn pages_of_the_newest_lose_and_repeat_nobody_while_people_come_in() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let people: Vec<Person> = (0..23).map(|n| make::person(&format!("P{n}"))).collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &people).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = work.list_people(tenant, &query(PeopleOrder::Newest, after, 5)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(PeopleCursor::Newest(last.id));
            seen.extend(page.iter().map(|person| person.id));
            work.put_people(tenant, &[make::person("Late")]).await.unwrap();
        }
        let expected: Vec<PersonId> = people.iter().rev().map(|person| person.id).collect();
        assert_eq!(seen, expected);
    });
}

#[test]
fn pages_by_score_lose_and_repeat_nobody_where_scores_are_equal() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let people: Vec<Person> = (0..23).map(|n| make::person(&format!("P{n}"))).collect();
        let values = |n: usize| (n / 7) as f64 - 1.5;
        let scores: Vec<_> = people.iter().enumerate().map(|(n, person)| score(person, values(n))).collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &people).await.unwrap();
        work.put_people(tenant, &[make::person("Without")]).await.unwrap();
        work.put_scores(tenant, &scores).await.unwrap();
        let order = || PeopleOrder::Score("value".to_owned());
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = work.list_people(tenant, &query(order(), after, 5)).await.unwrap();
            let Some(last) = page.last() else { break };
            let value = work.scores(tenant, &[last.id]).await.unwrap()[&last.id][0].value;
            after = Some(PeopleCursor::Score(value, last.id));
            seen.extend(page.iter().map(|person| person.id));
        }
        let expected: Vec<PersonId> = people.iter().rev().map(|person| person.id).collect();
        assert_eq!(seen, expected);
        let other = query(PeopleOrder::Score("churn".to_owned()), None, 5);
        assert_eq!(work.list_people(tenant, &other).await.unwrap(), []);
    });
}

#[test]
fn people_are_found_by_name_and_by_identity() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let names = ["Ada Lovelace", "adam", "王小明", "Zoë"];
        let people: Vec<Person> = names.into_iter().map(make::person).collect();
        let identities = [
            ("email", "ada@example.com", 0),
            ("phone", "+49 30 901820", 1),
            ("user", "zed", 2),
            ("wechat_openid", "oZ:9", 3),
        ];
        let rows: Vec<LinkRow> = identities
            .into_iter()
            .map(|(kind, value, person)| make::link(&make::identity(kind, value), people[person].id, 1))
            .collect();
        let scores: Vec<_> = people.iter().map(|person| score(person, 1.0)).collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &people).await.unwrap();
        work.put_links(tenant, &rows).await.unwrap();
        work.put_scores(tenant, &scores).await.unwrap();

        for (search, expected) in [
            ("ada", &["adam", "Ada Lovelace"][..]),
            (" ADA L", &["Ada Lovelace"]),
            ("王", &["王小明"]),
            ("ZOË", &["Zoë"]),
            ("love", &[]),
            ("a%", &[]),
            ("Ada@Example.com", &["Ada Lovelace"]),
            ("email:ada@example.com", &["Ada Lovelace"]),
            ("+49 (30) 901820", &["adam"]),
            ("zed", &["王小明"]),
            ("oZ:9", &["Zoë"]),
            ("wechat_openid:oZ:9", &["Zoë"]),
            ("user:oZ:9", &[]),
            ("\0", &["Zoë", "王小明", "adam", "Ada Lovelace"]),
        ] {
            for order in [PeopleOrder::Newest, PeopleOrder::Score("value".to_owned())] {
                assert_eq!(found(&mut work, tenant, search, order).await, expected, "{search}");
            }
        }
    });
}

async fn found(work: &mut Work, tenant: TenantId, search: &str, order: PeopleOrder) -> Vec<String> {
    let query = PeopleQuery { search: Some(search.to_owned()), order, after: None, limit: 10 };
    let people = work.list_people(tenant, &query).await.unwrap();
    people.iter().filter_map(Person::display_name).collect()
}

#[test]
fn people_of_a_common_name_are_found_page_by_page() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let people: Vec<Person> = (0..5_200).map(|n| make::person(&format!("王{n}"))).collect();
        let odd = make::person("李雷");
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &people).await.unwrap();
        work.put_people(tenant, std::slice::from_ref(&odd)).await.unwrap();
        work.put_links(tenant, &[make::link(&make::identity("user", "王"), odd.id, 1)]).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let search = Some("王".to_owned());
            let wish = PeopleQuery { search, ..query(PeopleOrder::Newest, after, 500) };
            let page = work.list_people(tenant, &wish).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(PeopleCursor::Newest(last.id));
            seen.extend(page.iter().map(|person| person.id));
        }
        let expected: Vec<PersonId> = std::iter::once(&odd).chain(people.iter().rev()).map(|one| one.id).collect();
        assert_eq!(seen, expected);
    });
}
