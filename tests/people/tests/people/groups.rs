//! ID-6: people who were joined and parted again are what they would be had they never been joined.

use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::Verb;
use guanxi_domain::tenant::TenantId;
use guanxi_people_tests::{Lab, action, event, identity};
use guanxi_store_contract::on_both_empty;
use serde_json::json;

const WHO: [&str; 3] = ["user:ada", "email:bob@example.com", "wechat_openid:oEve"];

/// What ordinary events say, by person: everything but places in the log and numbers, which the actions shift.
async fn story(lab: &Lab, tenant: TenantId) -> Vec<String> {
    let mut lines = Vec::new();
    for (table, columns, condition) in [
        (
            "people",
            "id is_group merged_into root_id stage roles attributes provenance event_count order_count revenue \
             first_seen last_seen last_order_at activity first_touch last_touch created_at updated_at",
            "1 = 1",
        ),
        ("identities", "kind value person_id state source confidence reason changed_by created_at", "1 = 1"),
        ("timeline", "person_id occurred_at kind", "kind <> 'guanxi.identity'"),
        ("orders", "order_id person_id amount refunded currency ordered_at", "1 = 1"),
        ("tags", "person_id dimension name weight source at half_life", "1 = 1"),
        ("plugin_states", "installation_id person_id state", "1 = 1"),
        ("scores", "person_id name value", "1 = 1"),
    ] {
        lines
            .extend(lab.rows(tenant, table, columns, condition).await.into_iter().map(|row| format!("{table}: {row}")));
    }
    lines
}

async fn happen(lab: &Lab, tenant: TenantId, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let who = WHO[number % 3];
        let properties = match number % 5 {
            0 => json!({"traits": {"name": format!("Name {number}"), "city": who}}),
            1 => json!({"traits": {"city": null}}),
            _ => json!({"order_id": format!("o-{number}"), "total": number}),
        };
        let kind = if number % 5 < 2 { "identify" } else { "Order Completed" };
        lab.append(tenant, &[event(number, kind, &[who], properties)]).await;
    }
    lab.engine(4).catch_up(tenant).await.expect("a decision");
}

async fn person(lab: &Lab, tenant: TenantId, index: usize) -> PersonId {
    lab.owner(tenant, &identity(WHO[index])).await.expect("a person")
}

async fn act(lab: &Lab, tenant: TenantId, number: usize, person: PersonId, verb: Verb) {
    lab.append(tenant, &[action(number, person, verb)]).await;
    lab.engine(4).catch_up(tenant).await.expect("a decision");
}

#[test]
fn id_6_parted_people_are_as_if_they_had_never_been_joined() {
    on_both_empty(|url| async move {
        let lab = Lab::open(&url).await;
        let apart = lab.tenant().await;
        happen(&lab, apart, 0..90).await;

        let joined = lab.tenant().await;
        happen(&lab, joined, 0..30).await;
        let [ada, bob, eve] =
            [person(&lab, joined, 0).await, person(&lab, joined, 1).await, person(&lab, joined, 2).await];
        let before = story(&lab, joined).await;
        act(&lab, joined, 1_000, ada, Verb::Merge { with: bob }).await;
        act(&lab, joined, 1_001, ada, Verb::Split).await;
        assert_eq!(story(&lab, joined).await, before, "nothing happened in between");

        act(&lab, joined, 1_002, ada, Verb::Merge { with: bob }).await;
        happen(&lab, joined, 30..60).await;
        act(&lab, joined, 1_003, eve, Verb::Merge { with: bob }).await;
        happen(&lab, joined, 60..90).await;
        let mut work = lab.store.read(guanxi_store::Scope::Tenant(joined)).await.unwrap();
        let root = work.person(joined, ada).await.unwrap().unwrap().root();
        let group = work.person(joined, root).await.unwrap().unwrap();
        assert_eq!(group.facts.event_count, 90);
        assert_eq!(group.facts.order_count, 54);
        assert_eq!(group.attributes["name"], "Name 85", "the latest word counts");
        drop(work);
        act(&lab, joined, 1_004, bob, Verb::Split).await;
        act(&lab, joined, 1_005, eve, Verb::Split).await;
        assert_eq!(story(&lab, joined).await, story(&lab, apart).await);
        act(&lab, joined, 1_006, eve, Verb::Split).await;
        let refused = lab.rows(joined, "identity_actions", "action outcome", "outcome = 'refused'").await;
        assert_eq!(refused.len(), 1, "who stands alone cannot be parted");
    });
}
