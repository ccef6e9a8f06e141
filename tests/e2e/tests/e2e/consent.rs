//! ID-13: purposes, consent, an archive of a person, and forgetting a person.

use std::io::Read;

use guanxi_e2e::environment::guest;
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, Place, Reply, Sink, Tenant, eventually, host, on_both};
use serde_json::{Value, json};

const MARKETING: &str = "marketing";
const LOOKS_MAX: usize = 10_000;

fn settings() -> Value {
    json!({
        "region": "CN",
        "purposes": {
            "marketing": {"title": "营销", "basis": "consent", "days": 730},
            "profiling": {"title": "Profiling", "basis": "consent", "fields": ["name", "followers"]},
            "service": {"title": "Service", "basis": "contract"},
        },
    })
}

async fn id_of(tenant: &Tenant, identity: &str) -> String {
    tenant.person(identity, |_| true).await["id"].as_str().expect("an id").to_owned()
}

#[test]
fn id_13_settings_are_read_and_replaced_as_a_whole() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let empty = tenant.api.get("/settings").await;
        let first = empty.header("etag").expect("a revision").to_owned();
        assert_eq!(empty.expect(200)["purposes"], json!({}));
        let put = tenant.api.put("/settings", &settings()).await;
        assert_ne!(put.header("etag"), Some(first.as_str()));
        assert_eq!(put.expect(200)["purposes"]["marketing"]["days"], 730);
        assert_eq!(tenant.api.get("/settings").await.expect(200)["region"], "CN");
        // Somebody who read the empty ones does not overwrite what came since.
        let stale = tenant.api.request(reqwest::Method::PUT, "/settings").header("if-match", &first);
        let stale = guanxi_e2e::client::finish(guanxi_e2e::client::with_json(stale, &json!({}))).await;
        stale.problem(409, "conflict");
        for bad in [
            json!({"region": "China"}),
            json!({"purposes": {"": {"title": "x", "basis": "consent"}}}),
            json!({"purposes": {"a": {"title": "x", "basis": "maybe"}}}),
            json!({"purposes": {"a": {"title": "x", "basis": "consent", "days": 0}}}),
            json!({"attributes": {"a": {"title": "x", "kind": "text", "more": 1}}}),
            json!({"dimensions": {"a": {"title": "x", "half_life_days": -1}}}),
            json!({"purposes": {"a": {"title": "x", "basis": "consent", "fields": ["f".repeat(65)]}}}),
        ] {
            tenant.api.put("/settings", &bad).await.problem(400, "invalid");
        }
        assert_eq!(tenant.api.get("/settings").await.expect(200)["region"], "CN");
        let noted = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.settings").await;
        assert_eq!(noted[0]["properties"]["changed"], json!(["region", "purposes"]));
        // It is about nobody and stands in nobody's way.
        tenant.call("identify", &json!({"userId": "after"})).await.expect(202);
        tenant.person("user:after", |_| true).await;
        assert_eq!(tenant.list("/dead-letters").await, Vec::<Value>::new());
        host.stop().await;
    });
}

#[test]
fn id_13_messages_need_consent_when_they_are_decided_and_when_they_leave() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        tenant.install_webhook(&sink).await;
        tenant.install("welcome", json!({})).await;
        tenant.api.put("/settings", &settings()).await.expect(200);

        // Nobody asked: the campaign does not see the bound name, and may not write.
        let ada = json!({"userId": "ada-1001", "traits": {"name": "Ada", "email": "ada@example.com"}});
        tenant.call("identify", &ada).await.expect(202);
        let decision = tenant.wait_for("/decisions", 1, |_| true).await.remove(0);
        let receipt = tenant.api.get(&format!("/decisions/{}", decision["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(receipt["input"]["person"]["fields"], json!([]), "{receipt}");
        let id = id_of(&tenant, "user:ada-1001").await;
        assert_eq!(tenant.list("/messages").await, Vec::<Value>::new());

        // Given by an event of the sender's own, it counts at once.
        let granted = |user: &str, purpose: &str| {
            json!({"type": "track", "userId": user, "event": "Consent Granted",
                "properties": {"purpose": purpose, "evidence": "form 7"}})
        };
        let bo = json!({"type": "identify", "userId": "bo-2002", "traits": {"name": "Bo"}});
        tenant.batch(&[granted("bo-2002", MARKETING), granted("bo-2002", "profiling"), bo]).await;
        let sent = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        assert_eq!(sent[0]["person"], id_of(&tenant, "user:bo-2002").await);

        // Noted by staff, shown with its reason, and withdrawn again.
        let path = format!("/people/{id}/consents");
        let word = |granted: bool| json!({"purpose": MARKETING, "granted": granted, "evidence": "on the phone"});
        let state = |page: &Value| {
            let of = page["items"].as_array().unwrap().iter().find(|c| c["purpose"] == MARKETING).unwrap();
            (of["allowed"].as_bool().unwrap(), of["word"]["granted"].clone())
        };
        assert_eq!(state(&tenant.api.get(&path).await.expect(200)), (false, Value::Null));
        assert_eq!(state(&tenant.api.post(&path, &word(true)).await.expect(200)), (true, json!(true)));
        assert_eq!(state(&tenant.api.post(&path, &word(false)).await.expect(200)), (false, json!(false)));
        for bad in [
            json!({"purpose": "service", "granted": false}),
            json!({"purpose": "newsletter", "granted": true}),
            json!({"purpose": MARKETING}),
            json!({"purpose": MARKETING, "granted": true, "expires_at": 1}),
            json!({"purpose": MARKETING, "granted": true, "evidence": "x".repeat(1_001)}),
        ] {
            tenant.api.post(&path, &bad).await.problem(400, "invalid");
        }
        // An event that cannot be read is kept for staff to see, and changes nothing.
        tenant.batch(&[json!({"type": "track", "userId": "ada-1001", "event": "Consent Withdrawn"})]).await;
        let letter = tenant.wait_for("/dead-letters", 1, |_| true).await.remove(0);
        assert!(letter["reason"].as_str().unwrap().starts_with("properties.purpose"), "{letter}");
        host.stop().await;
    });
}

#[test]
fn id_13_what_waits_does_not_leave_once_consent_is_withdrawn_or_the_link_invalid() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        tenant.install_webhook(&sink).await;
        tenant.install("welcome", json!({})).await;
        tenant
            .api
            .put("/settings", &json!({"purposes": {"marketing": {"title": "M", "basis": "consent"}}}))
            .await
            .expect(200);
        sink.behave(|_| Reply::Status(503));
        for user in ["withdraws-1", "mistaken-2"] {
            tenant.batch(&[
                json!({"type": "track", "userId": user, "event": "Consent Granted", "properties": {"purpose": MARKETING}}),
                json!({"type": "identify", "userId": user, "traits": {"name": "Ada"}}),
            ]).await;
        }
        sink.wait_for(2).await;
        let (first, second) = (id_of(&tenant, "user:withdraws-1").await, id_of(&tenant, "user:mistaken-2").await);
        let word = json!({"purpose": MARKETING, "granted": false});
        tenant.api.post(&format!("/people/{first}/consents"), &word).await.expect(200);
        let action = json!({"action": "invalidate", "identity": "user:mistaken-2", "reason": "wrong person"});
        let answer = tenant.api.post(&format!("/people/{second}/identities"), &action).await;
        assert!(answer.status < 300, "{}", answer.text());
        sink.behave(|_| Reply::Status(200));
        let failed = tenant.wait_for("/messages", 2, |message| message["status"] == "failed").await;
        let reason = |person: &str| {
            failed.iter().find(|m| m["person"] == person).unwrap()["reason"].as_str().unwrap().to_owned()
        };
        assert_eq!(reason(&first), "consent for `marketing` was withdrawn");
        assert_eq!(reason(&second), "the link to `user:mistaken-2` is invalid");
        host.stop().await;
    });
}

/// Somebody about whom there is a row in as many tables as possible.
async fn busy_person(tenant: &Tenant, sink: &Sink) -> String {
    tenant.install_webhook(sink).await;
    tenant.install("welcome", json!({})).await;
    tenant.install("win-back", json!({})).await;
    tenant.install("social-value", json!({})).await;
    tenant.install("ror", json!({})).await;
    // It logs everything that it is told of her.
    tenant.install_component("talk", guest("talkative"), json!({}), json!({})).await;
    let here = |message: &str, event: &str, properties: Value| {
        json!({"type": "track", "userId": "zoe-7001", "anonymousId": "anon-zoe-7001", "messageId": message,
            "event": event, "properties": properties, "context": {"traits": {"email": "zoe@example.com"}}})
    };
    tenant
        .batch(&[
            json!({"type": "identify", "userId": "zoe-7001", "messageId": "hello-zoe@example.com",
                "traits": {"name": "Zoe Zhao", "email": "Zoe@Example.com", "phone": "+86 138 0013 8000", "city": "上海"}}),
            here("o1", "Order Completed", json!({"order_id": "shop-70017001", "total": 120})),
            here("c1", "Consent Granted", json!({"purpose": MARKETING, "evidence": "signed by zoe@example.com"})),
            here("p1", "Product Viewed", json!({"note": "call zoe-7001 at 8613800138000"})),
            // Somebody else mentions her, claims her address, and another event of hers cannot be read.
            json!({"type": "track", "userId": "max-8002", "event": "Referred", "messageId": "r1",
                "properties": {"friend": "zoe@example.com", "when": "today"}}),
            json!({"type": "identify", "userId": "max-8002", "messageId": "r2", "traits": {"name": "Max", "email": "zoe@example.com"}}),
            here("bad", "Order Completed", json!({"total": 1})),
        ])
        .await;
    let id = id_of(tenant, "user:zoe-7001").await;
    tenant.wait_for("/dead-letters", 1, |_| true).await;
    let tags = json!({"people": [id], "add": [{"dimension": "interest", "name": "tea", "weight": 1.0}]});
    drop(tenant.api.post("/people/tags", &tags).await);
    id
}

#[test]
fn id_13_an_archive_holds_everything_about_a_person() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let id = busy_person(&tenant, &sink).await;
        tenant.wait_for("/messages", 1, |message| message["person"] == id && message["status"] == "sent").await;
        let here = json!({"title": "In 上海", "filter": {"attribute": "city", "eq": "上海"}});
        tenant.api.put("/segments/shanghai", &here).await.expect(200);
        let file = "user id,member card\nzoe-7001,C-1\nmax-8002,C-2\n";
        let import = tenant.api.post_bytes("/imports?name=cards.csv", "text/csv", file).await.expect(201);
        let start = format!("/imports/{}/start", import["id"].as_str().unwrap());
        tenant.api.send(reqwest::Method::POST, &start).await.expect(200);
        tenant.person("member_card:C-1", |_| true).await;
        let answer = tenant.api.get(&format!("/people/{id}/export")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/zip")));
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.body.to_vec())).expect("an archive");
        let mut read = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).expect(name).read_to_string(&mut text).expect("text");
            text
        };
        let mut list = |name: &str| -> Vec<Value> { serde_json::from_str(&read(name)).expect(name) };
        assert_eq!(list("profile.json")[0]["attributes"]["city"]["value"], "上海");
        let identities: Vec<String> =
            list("identities.json").iter().filter_map(|one| one["identity"].as_str().map(str::to_owned)).collect();
        for identity in ["user:zoe-7001", "email:zoe@example.com", "phone:+8613800138000", "anonymous:anon-zoe-7001"] {
            assert!(identities.contains(&identity.to_owned()), "{identity} in {identities:?}");
        }
        assert_eq!(list("orders.json")[0]["order_id"], "shop-70017001");
        assert_eq!(list("consents.json")[0]["evidence"], "signed by zoe@example.com");
        assert!(list("events.json").len() >= 4);
        assert!(!list("decisions.json").is_empty() && !list("scores.json").is_empty());
        assert_eq!(list("messages.json")[0]["attempts"][0]["outcome"], "sent");
        assert_eq!(list("segments.json"), [json!({"segment": "shanghai", "title": "In 上海"})]);
        assert_eq!(list("imports.json")[0]["file"], "cards.csv");
        let index = read("index.html");
        assert!(index.contains("Zoe Zhao") && index.contains("events.json"), "{index}");
        tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.exported").await;
        host.stop().await;
    });
}

#[test]
fn id_13_nothing_is_found_of_somebody_who_was_erased() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let id = busy_person(&tenant, &sink).await;
        tenant.wait_for("/messages", 1, |message| message["person"] == id && message["status"] == "sent").await;
        let database = Database::of(&place).await;
        let there = traces(&database, &place).await;
        assert!(
            there.iter().any(|trace| trace.starts_with("plugin_logs.line: ")),
            "the search finds what is there: {there:?}"
        );
        let revenue = "select cast(coalesce(sum(amount), 0) as bigint) from orders";
        let before = database.number(revenue).await;

        // A file that nobody has started yet may be full of people who are erased.
        let file = "user id,name\nzoe-7001,Zoe Zhao\n";
        let import = tenant.api.post_bytes("/imports?name=old.csv", "text/csv", file).await.expect(201);

        let erase = format!("/people/{id}/erase");
        tenant.api.post(&erase, &json!({"reason": "asked", "confirm": "yes"})).await.problem(400, "invalid");
        tenant.api.post(&erase, &json!({"reason": " ", "confirm": id})).await.problem(400, "invalid");
        let wish = json!({"reason": "asked by zoe@example.com", "confirm": id});
        let asked = tenant.api.post(&erase, &wish).await.expect(202);
        assert_eq!(asked["reason"], "asked by [erased]");
        let path = format!("/erasures/{}", asked["id"].as_str().unwrap());
        let done = eventually("the erasure is done", async || {
            let erasure = tenant.api.get(&path).await.expect(200);
            (erasure["status"] == "done").then_some(erasure)
        })
        .await;
        assert_eq!(done["people"], json!([id]), "{done}");
        tenant.api.get(&format!("/people/{id}")).await.problem(404, "not-found");
        assert_eq!(tenant.find("email:zoe@example.com").await, None);
        // What others' rows said of her is changed by events, which are decided a moment later.
        eventually("others forget her, too", async || traces(&database, &place).await.is_empty().then_some(())).await;
        assert_eq!(database.number(revenue).await, before, "amounts stay");
        let import = tenant.api.get(&format!("/imports/{}", import["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(import["status"], "failed", "{import}");
        assert!(import["error"].as_str().unwrap().contains("erased"), "{import}");
        let max = tenant.person("user:max-8002", |_| true).await;
        assert_eq!(max["name"], "Max");

        // Whoever comes under the same name is somebody new.
        tenant.call("identify", &json!({"userId": "zoe-7001"})).await.expect(202);
        let again = id_of(&tenant, "user:zoe-7001").await;
        assert_ne!(again, id);
        // Erasing somebody who is gone is no error, and asks for nobody.
        tenant.api.post(&erase, &wish).await.problem(404, "not-found");

        // An older back-up that is restored forgets again what the list says; here it is the new one.
        let exported = host::run_well(&place, ["erasures", "export"]).await;
        assert!(exported.contains(&id) && !exported.contains("zoe"), "{exported}");
        let list = place.data_dir().join("erasures.jsonl");
        std::fs::write(&list, exported.replace(&id, &again)).expect("a list");
        let applied = host::run_well(&place, ["erasures", "apply", list.to_str().unwrap()]).await;
        assert!(applied.contains("1 people will be forgotten again."), "{applied}");
        eventually("it is done again", async || tenant.find("user:zoe-7001").await.is_none().then_some(())).await;
        database.close().await;
        host.stop().await;
    });
}

/// Looking for somebody reads one state: they are found whole, or not at all.
#[test]
fn id_13_who_is_looked_for_while_they_are_erased_is_there_or_not() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        for user in 0..24 {
            tenant.call("identify", &json!({"userId": format!("u{user}")})).await.expect(202);
        }
        for user in 0..24 {
            let identity = format!("user:u{user}");
            let id = id_of(&tenant, &identity).await;
            let wish = json!({"reason": "asked", "confirm": id});
            // As often as possible, for the moment to be hit is short.
            let look = || async {
                for _ in 0..LOOKS_MAX {
                    if tenant.find(&identity).await.is_none() {
                        return;
                    }
                }
                panic!("{identity} is still there");
            };
            let erase = async { tenant.api.post(&format!("/people/{id}/erase"), &wish).await.expect(202) };
            tokio::join!(erase, look(), look(), look(), look());
        }
        host.stop().await;
    });
}

/// Where any name of hers stands: every column of every table, and on SQLite the bytes of the file.
async fn traces(database: &Database, place: &Place) -> Vec<String> {
    let names = ["zoe-7001", "zoe@example.com", "8613800138000", "zoe zhao", "shop-70017001"];
    let mut found = Vec::new();
    for (table, column) in columns(database, place).await {
        for name in names {
            let text = match place.database_url() {
                Some(_) => format!("strpos(lower(cast({column} as text)), '{name}') > 0"),
                None => format!("instr(lower(cast({column} as text)), '{name}') > 0"),
            };
            if database.number(&format!("select count(*) from {table} where {text}")).await > 0 {
                found.push(format!("{table}.{column}: {name}"));
            }
        }
    }
    if place.database_url().is_none() && found.is_empty() {
        database.execute("pragma wal_checkpoint(truncate)").await;
        for file in ["guanxi.db", "guanxi.db-wal"] {
            let bytes = std::fs::read(place.data_dir().join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            found.extend(names.iter().filter(|name| text.contains(**name)).map(|name| format!("{file}: {name}")));
        }
    }
    found
}

async fn columns(database: &Database, place: &Place) -> Vec<(String, String)> {
    match place.database_url() {
        Some(_) => {
            database
                .rows(
                    "select cast(table_name as text), cast(column_name as text) from information_schema.columns
                     where table_schema = any (current_schemas(false)) and data_type = 'text'",
                )
                .await
        }
        None => {
            database
                .rows(
                    "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c
                     where m.type = 'table' and m.name not like 'sqlite_%' and lower(c.type) in ('text', 'blob')",
                )
                .await
        }
    }
}

#[test]
fn id_13_a_group_stands_by_the_latest_word_of_anybody_in_it_and_is_erased_as_a_whole() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.api.put("/settings", &settings()).await.expect(200);
        let said = |user: &str, event: &str, at: i64| json!({"type": "track", "userId": user, "event": event, "timestamp": at, "properties": {"purpose": MARKETING}});
        let now = guanxi_e2e::now_millis();
        let words = [
            said("one-1", "Consent Granted", now - 3_000),
            said("two-2", "Consent Withdrawn", now - 2_000),
            // Comes in last and was said first: it changes nothing.
            said("one-1", "Consent Withdrawn", now - 9_000),
        ];
        tenant.batch(&words).await;
        let (one, two) = (id_of(&tenant, "user:one-1").await, id_of(&tenant, "user:two-2").await);
        let allowed = async |id: &str| {
            let page = tenant.api.get(&format!("/people/{id}/consents")).await.expect(200);
            let of = page["items"].as_array().unwrap().iter().find(|c| c["purpose"] == MARKETING).unwrap().clone();
            of["allowed"].as_bool().unwrap()
        };
        tenant.wait_for("/events", 3, |event| event["kind"].as_str().unwrap().starts_with("Consent")).await;
        tenant.person("user:one-1", |one| one["facts"]["event_count"] == 2).await;
        assert_eq!((allowed(&one).await, allowed(&two).await), (true, false));

        let wish = json!({"with": two, "reason": "the same"});
        let merged = tenant.api.post(&format!("/people/{one}/merge"), &wish).await;
        assert!(merged.status < 300, "{}", merged.text());
        assert!(!allowed(&one).await, "withdrawn later by the other");
        let word = json!({"purpose": MARKETING, "granted": true});
        tenant.api.post(&format!("/people/{one}/consents"), &word).await.expect(200);
        assert!(allowed(&two).await, "given again for both");

        let group = id_of(&tenant, "user:one-1").await;
        let wish = json!({"reason": "asked", "confirm": one});
        let asked = tenant.api.post(&format!("/people/{one}/erase"), &wish).await.expect(202);
        assert_eq!(asked["person"], group);
        let done = tenant.wait_for("/erasures", 1, |erasure| erasure["status"] == "done").await.remove(0);
        let mut people: Vec<&str> = done["people"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        people.sort_unstable();
        let mut expected = [one.as_str(), two.as_str(), group.as_str()];
        expected.sort_unstable();
        assert_eq!(people, expected);
        for id in expected {
            tenant.api.get(&format!("/people/{id}")).await.problem(404, "not-found");
        }
        host.stop().await;
    });
}
