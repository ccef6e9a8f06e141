//! Who is who, over HTTP: states of identities, joining by itself and by staff, the review queue, parting again.

use guanxi_e2e::{Client, Host, Tenant, client, on_both};
use reqwest::Method;
use serde_json::{Value, json};

async fn id_of(tenant: &Tenant, identity: &str) -> String {
    tenant.person(identity, |_| true).await["id"].as_str().expect("an id").to_owned()
}

async fn detail(tenant: &Tenant, id: &str) -> Value {
    tenant.api.get(&format!("/people/{id}")).await.expect(200)
}

/// A write key that may vouch for who is who.
async fn vouching(tenant: &Tenant) -> Client {
    let wish = json!({"name": "crm server", "scopes": ["ingest", "vouch"]});
    let token = tenant.api.post("/tokens", &wish).await.expect(201);
    tenant.ingest.with_token(token["token"].as_str().expect("a secret"))
}

#[test]
fn id_3_people_are_joined_only_where_that_is_sure() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        for call in [
            json!({"userId": "ada", "event": "A", "messageId": "1"}),
            json!({"anonymousId": "browser-1", "event": "B", "messageId": "2"}),
            json!({"userId": "bob", "event": "C", "messageId": "3", "context": {"traits": {"email": "bob@example.com"}}}),
        ] {
            tenant.call("track", &call).await.expect(202);
        }
        let (ada, bob) = (id_of(&tenant, "user:ada").await, id_of(&tenant, "user:bob").await);
        let browser = id_of(&tenant, "anonymous:browser-1").await;

        // Signing in joins the browser's past; a claim to somebody's email does not.
        let login = json!({"userId": "ada", "anonymousId": "browser-1", "event": "D", "messageId": "4"});
        tenant.call("track", &login).await.expect(202);
        let joined = tenant.person("user:ada", |person| person["facts"]["event_count"] == 3).await;
        let seen = detail(&tenant, joined["id"].as_str().unwrap()).await;
        let mut members: Vec<&str> =
            seen["members"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        members.sort_unstable();
        let mut expected = [ada.as_str(), browser.as_str()];
        expected.sort_unstable();
        assert_eq!(members, expected);
        assert_eq!(detail(&tenant, &browser).await["id"], joined["id"], "old ids lead there");

        let claim = json!({"userId": "ada", "traits": {"email": "bob@example.com"}, "messageId": "5"});
        tenant.call("identify", &claim).await.expect(202);
        tenant.person("user:ada", |person| person["facts"]["event_count"] == 4).await;
        let queue = tenant.list("/reviews").await;
        assert_eq!(queue.len(), 1);
        assert_eq!((&queue[0]["identity"], &queue[0]["cause"]), (&json!("email:bob@example.com"), &json!("exclusive")));
        assert_eq!(queue[0]["person"], json!(bob));
        let settle = json!({"with": ada, "reason": "asked both"});
        tenant.api.post(&format!("/people/{bob}/merge"), &settle).await.expect(200);
        assert_eq!(tenant.list("/reviews").await.len(), 0, "who is one person has no conflict with themselves");
        tenant.api.post(&format!("/people/{bob}/split"), &json!({"reason": "two after all"})).await.expect(200);

        // Who is trusted joins people whom others may not.
        tenant
            .call(
                "track",
                &json!({"anonymousId": "x", "event": "E", "context": {"traits": {"phone": "+8613800138000"}}}),
            )
            .await
            .expect(202);
        id_of(&tenant, "phone:+8613800138000").await;
        let server = vouching(&tenant).await;
        let known = json!({"userId": "bob", "traits": {"phone": "+86 138 0013 8000"}, "messageId": "6"});
        server.post("/v1/identify", &known).await.expect(202);
        let bob = tenant.person("user:bob", |person| person["facts"]["event_count"] == 3).await;
        let seen = detail(&tenant, bob["id"].as_str().unwrap()).await;
        let phone = seen["links"].as_array().unwrap().iter().find(|l| l["identity"] == "phone:+8613800138000").unwrap();
        assert_eq!(phone["state"], "verified");
    });
}

#[test]
fn id_4_id_5_staff_link_confirm_dispute_and_find_invalid() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.call("track", &json!({"userId": "ada", "event": "A"})).await.expect(202);
        tenant.call("track", &json!({"userId": "bob", "event": "A"})).await.expect(202);
        let (ada, bob) = (id_of(&tenant, "user:ada").await, id_of(&tenant, "user:bob").await);
        let act = |id: &str, action: &str, identity: &str| {
            let wish = json!({"action": action, "identity": identity, "reason": "called the customer"});
            let (api, path) = (tenant.api.clone(), format!("/people/{id}/identities"));
            async move { api.post(&path, &wish).await }
        };
        let card = "member_card:8000-1";
        act(&ada, "link", card).await.expect(200);
        act(&bob, "link", card).await.expect(409);
        act(&bob, "confirm", card).await.expect(409);
        act(&ada, "dispute", card).await.expect(200);
        act(&ada, "invalidate", card).await.expect(200);
        let seen = detail(&tenant, &ada).await;
        let link = seen["links"].as_array().unwrap().iter().find(|link| link["identity"] == card).unwrap();
        assert_eq!((&link["state"], &link["reason"]), (&json!("invalid"), &json!("called the customer")));
        assert!(tenant.find(card).await.is_none(), "an invalid link leads to nobody");
        act(&bob, "link", card).await.expect(200);
        assert_eq!(id_of(&tenant, card).await, bob);

        let history = tenant.list(&format!("/people/{ada}/identities")).await;
        let done: Vec<&str> = history.iter().map(|action| action["action"].as_str().unwrap()).collect();
        assert_eq!(done, ["invalidate", "dispute", "link"]);
        for (path, wish, status) in [
            ("identities", json!({"action": "link", "identity": "phone:12", "reason": "x"}), 400),
            ("identities", json!({"action": "link", "identity": card, "reason": " "}), 400),
            ("identities", json!({"action": "fly", "identity": card, "reason": "x"}), 400),
            ("merge", json!({"with": "per_01h2xcejqtf2nbrexx3vqjhp41", "reason": "x"}), 400),
            ("merge", json!({"with": ada, "reason": "x"}), 409),
            ("split", json!({"reason": "x"}), 409),
        ] {
            tenant.api.post(&format!("/people/{ada}/{path}"), &wish).await.expect(status);
        }
        assert_eq!(tenant.list("/dead-letters").await.len(), 0);
    });
}

#[test]
fn id_6_two_busy_people_are_joined_and_parted_under_load() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let buy = |who: &str, number: usize| {
            json!({"type": "track", "userId": who, "event": "Order Completed", "messageId": format!("{who}-{number}"),
                   "properties": {"order_id": format!("{who}-{number}"), "total": number}})
        };
        for round in 0..5 {
            let batch: Vec<Value> = (0..40).flat_map(|n| ["ada", "bob"].map(|who| buy(who, round * 40 + n))).collect();
            tenant.call("batch", &json!({"batch": batch})).await.expect(202);
            let (ada, bob) = (id_of(&tenant, "user:ada").await, id_of(&tenant, "user:bob").await);
            let leaves = |seen: &Value, one: &str| -> String {
                let members = seen["members"].as_array().unwrap();
                members.iter().map(|m| m["id"].as_str().unwrap().to_owned()).find(|id| id == one).unwrap()
            };
            let wish = json!({"with": bob, "reason": "the same phone"});
            let joined = tenant.api.post(&format!("/people/{ada}/merge"), &wish).await.expect(200);
            let root = joined["action"]["person"].as_str().unwrap().to_owned();
            let batch: Vec<Value> = (0..40).map(|n| buy("ada", 1_000 + round * 40 + n)).collect();
            tenant.call("batch", &json!({"batch": batch})).await.expect(202);
            let seen = detail(&tenant, &root).await;
            let part = format!("/people/{}/split", leaves(&seen, &ada));
            tenant.api.post(&part, &json!({"reason": "two brothers"})).await.expect(200);
        }
        let of = |who: &'static str, count: i64| {
            let tenant = tenant.clone();
            async move { tenant.person(&format!("user:{who}"), move |p| p["facts"]["order_count"] == count).await }
        };
        let (ada, bob) = (of("ada", 400).await, of("bob", 200).await);
        assert_eq!(bob["facts"]["revenue"], 100 * (0..200).sum::<i64>());
        assert_eq!(ada["facts"]["revenue"], 100 * ((0..200).sum::<i64>() + (1_000..1_200).sum::<i64>()));
        let mine = tenant.list(&format!("/people/{}/timeline", bob["id"].as_str().unwrap())).await;
        assert!(mine.iter().all(|entry| entry["identities"][0] != "user:ada"), "{mine:?}");
    });
}

#[test]
fn id_7_tg_2_staff_edit_and_tag_people() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.call("identify", &json!({"userId": "ada", "traits": {"city": "杭州", "old": 1}})).await.expect(202);
        let ada = id_of(&tenant, "user:ada").await;
        let path = format!("/people/{ada}");
        let edit = json!({"attributes": {"city": "上海", "old": null}, "stage": "fan", "roles": ["promoter", "opinion-leader"]});
        let request = client::with_json(tenant.api.request(Method::PATCH, &path), &edit);
        let seen = client::finish(request).await.expect(200);
        assert_eq!(seen["attributes"], json!({"city": "上海"}));
        assert_eq!((&seen["stage"], &seen["roles"]), (&json!("fan"), &json!(["opinion-leader", "promoter"])));
        assert_eq!(seen["provenance"]["city"]["source"], "staff");
        let tags = json!({"people": [ada], "add": [{"dimension": "interest", "name": "tea", "weight": 0.5}]});
        tenant.api.post("/people/tags", &tags).await.expect(200);
        assert_eq!(detail(&tenant, &ada).await["tags"][0]["name"], "tea");
        let off = json!({"people": [ada], "remove": [{"dimension": "interest", "name": "tea"}]});
        tenant.api.post("/people/tags", &off).await.expect(200);
        assert_eq!(detail(&tenant, &ada).await["tags"], json!([]));
        let bad = json!({"people": [ada], "add": [{"dimension": "", "name": "tea"}]});
        tenant.api.post("/people/tags", &bad).await.expect(400);
    });
}
