//! Who knows whom, through HTTP: told in bulk and by ordinary events, asked for as paths, acquaintances, reach and
//! standing, joined and parted with the people. And what channels tell of people.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_e2e::{Host, Tenant, client, eventually, now_millis, on_both};
use reqwest::Method;
use serde_json::{Value, json};

async fn relate(tenant: &Tenant, edges: Value) -> Value {
    tenant.api.post("/relations", &json!({ "edges": edges })).await.expect(202)
}

fn friends(one: &str, other: &str) -> Value {
    json!({"from": format!("user:{one}"), "to": format!("user:{other}"), "kind": "friend", "strength": 0.8, "mutual": true})
}

async fn id(tenant: &Tenant, user: &str) -> String {
    let person = tenant.person(&format!("user:{user}"), |_| true).await;
    person["id"].as_str().expect("an id").to_owned()
}

/// The strongest identities of people in an answer, in its order.
fn users(people: &Value) -> Vec<String> {
    let names = people.as_array().expect("people").iter().map(|one| one["identities"][0].as_str().unwrap_or("?"));
    names.map(|name| name.trim_start_matches("user:").to_owned()).collect()
}

async fn path(tenant: &Tenant, from: &str, to: &str) -> (Value, Vec<String>) {
    let path = tenant.api.get(&format!("/people/{from}/path?to={to}")).await.expect(200);
    assert_eq!(path["complete"], true);
    (path["steps"].clone(), users(&path["people"]))
}

#[test]
fn id_9_relations_answer_paths_acquaintances_and_reach() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let taken = relate(&tenant, json!([friends("ada", "bob"), friends("bob", "cho"), friends("cho", "dai")])).await;
        assert_eq!((&taken["accepted"], taken["position"].as_i64()), (&json!(3), Some(1)));
        let (ada, bob, cho, dai) =
            (id(&tenant, "ada").await, id(&tenant, "bob").await, id(&tenant, "cho").await, id(&tenant, "dai").await);
        assert_eq!(
            path(&tenant, &ada, &dai).await,
            (json!(3), ["ada", "bob", "cho", "dai"].map(String::from).to_vec())
        );
        assert_eq!(path(&tenant, &ada, &ada).await.0, 0);
        let common = tenant.api.get(&format!("/people/{ada}/common?with={cho}")).await.expect(200);
        assert_eq!((&common["count"], users(&common["people"])), (&json!(1), vec!["bob".to_owned()]));
        let reach = tenant.api.get(&format!("/people/{ada}/reach?steps=2")).await.expect(200);
        let counts: Vec<&Value> = reach["steps"].as_array().unwrap().iter().map(|step| &step["count"]).collect();
        assert_eq!((counts, &reach["total"], &reach["complete"]), (vec![&json!(1); 2], &json!(2), &json!(true)));
        assert_eq!(users(&reach["steps"][1]["people"]), ["cho"]);

        // An ordinary event tells of a relation, too, and names somebody whom nobody has seen.
        let followed = json!({"userId": "ada", "event": "Followed", "properties": {"target": "weibo:eve"}});
        tenant.call("track", &followed).await.expect(202);
        tenant.person("weibo:eve", |_| true).await;
        let page = tenant.api.get(&format!("/people/{ada}/relations?limit=1")).await.expect(200);
        assert_eq!((&page["total"], users(&json!([page["items"][0]["person"]]))), (&json!(2), vec!["bob".to_owned()]));
        let kinds: Vec<(&Value, &Value)> =
            page["items"][0]["relations"].as_array().unwrap().iter().map(|r| (&r["kind"], &r["outgoing"])).collect();
        assert_eq!(kinds, [(&json!("friend"), &json!(false)), (&json!("friend"), &json!(true))]);
        assert_eq!(page["items"][0]["relations"][0]["source"], "api");
        let cursor = page["next"].as_str().expect("another page");
        let page = tenant.api.get(&format!("/people/{ada}/relations?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(page["items"][0]["person"]["identities"][0], "weibo:eve");
        assert_eq!(page["items"][0]["relations"][0]["kind"], "follows");

        // What has ended leads nowhere, and nobody is made to say so.
        let mut ended = friends("bob", "cho");
        ended["remove"] = json!(true);
        let nobody = json!({"from": "user:nobody", "to": "user:ada", "kind": "friend", "remove": true});
        relate(&tenant, json!([ended, nobody])).await;
        assert_eq!(path(&tenant, &ada, &dai).await, (Value::Null, Vec::new()));
        assert_eq!(tenant.find("user:nobody").await, None);
        assert_eq!(path(&tenant, &bob, &ada).await.0, 1);
        host.stop().await;
    });
}

#[test]
fn id_9_joined_people_are_one_and_parted_ones_have_their_own_again() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        relate(&tenant, json!([friends("ada", "bob"), friends("rob", "cho")])).await;
        let (ada, bob, rob, cho) =
            (id(&tenant, "ada").await, id(&tenant, "bob").await, id(&tenant, "rob").await, id(&tenant, "cho").await);
        assert_eq!(path(&tenant, &ada, &cho).await.0, Value::Null);
        // Two browsers of one person: identities of which a person may have several.
        let other = json!([{"from": "anonymous:x", "to": "user:ada", "kind": "friend"},
                           {"from": "anonymous:y", "to": "user:cho", "kind": "friend"}]);
        relate(&tenant, other).await;
        let x = tenant.person("anonymous:x", |_| true).await["id"].as_str().unwrap().to_owned();
        let y = tenant.person("anonymous:y", |_| true).await["id"].as_str().unwrap().to_owned();
        let wish = json!({"with": y, "reason": "the same browser"});
        tenant.api.post(&format!("/people/{x}/merge"), &wish).await.expect(200);
        let (steps, people) = path(&tenant, &ada, &cho).await;
        assert_eq!((steps, people.len()), (json!(2), 3));
        let common = tenant.api.get(&format!("/people/{ada}/common?with={cho}")).await.expect(200);
        assert_eq!(common["count"], 1);
        let joined = tenant.api.get(&format!("/people/{x}/relations")).await.expect(200);
        assert_eq!(joined["total"], 2);
        assert_eq!(joined["items"][1]["relations"][0]["kind"], "friend");

        let wish = json!({"reason": "two browsers after all"});
        tenant.api.post(&format!("/people/{y}/split"), &wish).await.expect(200);
        assert_eq!(path(&tenant, &ada, &cho).await.0, Value::Null);
        assert_eq!(path(&tenant, &y, &rob).await.0, 2);
        assert_eq!(path(&tenant, &x, &bob).await.0, 2);
        host.stop().await;
    });
}

/// Makes somebody an employee.
async fn hire(tenant: &Tenant, id: &str) {
    let request = tenant.api.request(Method::PATCH, &format!("/people/{id}"));
    client::finish(client::with_json(request, &json!({"roles": ["employee"]}))).await.expect(200);
}

/// Mutual followers as on a social network: whoever is known gets to know more.
fn network(people: usize, edges: usize) -> BTreeSet<(usize, usize)> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut popular = vec![0, 1];
    let mut network = BTreeSet::new();
    while network.len() < edges {
        let one = random.usize(0..people);
        let other = if random.bool() { popular[random.usize(0..popular.len())] } else { random.usize(0..people) };
        if one != other && network.insert((one.min(other), one.max(other))) {
            popular.extend([one, other]);
        }
    }
    network
}

fn steps_from(network: &BTreeSet<(usize, usize)>, start: usize) -> BTreeMap<usize, usize> {
    let mut near: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (one, other) in network {
        near.entry(*one).or_default().push(*other);
        near.entry(*other).or_default().push(*one);
    }
    let mut steps = BTreeMap::from([(start, 0)]);
    let mut ring = vec![start];
    while !ring.is_empty() {
        let mut next = Vec::new();
        for node in ring {
            for other in near.get(&node).into_iter().flatten() {
                if !steps.contains_key(other) {
                    steps.insert(*other, steps[&node] + 1);
                    next.push(*other);
                }
            }
        }
        ring = next;
    }
    steps
}

#[test]
fn id_9_a_network_is_walked_as_it_is_and_survives_a_restart() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let network = network(1_500, 4_000);
        let edges: Vec<Value> = network.iter().map(|(a, b)| friends(&format!("{a}"), &format!("{b}"))).collect();
        for piece in edges.chunks(500) {
            relate(&tenant, json!(piece)).await;
        }
        let (start, _) = *network.first().expect("edges");
        let expected = steps_from(&network, start);
        let at = |steps: usize| expected.values().filter(|found| **found == steps).count();
        let start = id(&tenant, &start.to_string()).await;
        let (far, steps) = expected.iter().max_by_key(|(_, steps)| **steps).expect("somebody");
        let far = id(&tenant, &far.to_string()).await;
        host.stop().await;
        let host = Host::start(&place).await;
        let tenant = tenant.on(&host);
        for _ in 0..2 {
            let reach = tenant.api.get(&format!("/people/{start}/reach?steps=3")).await.expect(200);
            let counts: Vec<u64> =
                reach["steps"].as_array().unwrap().iter().map(|step| step["count"].as_u64().unwrap()).collect();
            assert_eq!(counts, [at(1) as u64, at(2) as u64, at(3) as u64]);
            assert_eq!(path(&tenant, &start, &far).await.0, *steps);
        }
        // Everybody's influence is 1 on the average; more relations make more of it.
        let person = |id: String| {
            let tenant = tenant.clone();
            async move { tenant.api.get(&format!("/people/{id}")).await.expect(200) }
        };
        let standing = eventually("a standing", async || {
            let found = person(start.clone()).await["standing"].clone();
            (!found.is_null()).then_some(found)
        })
        .await;
        assert_eq!(standing["connections"], at(1));
        assert!(standing["influence"].as_f64().unwrap() > 1.0, "{standing}");
        assert_eq!(standing["path_distance"], Value::Null, "nobody leads to the brand yet");
        hire(&tenant, &far).await;
        eventually("the distance to an employee", async || {
            (person(start.clone()).await["standing"]["path_distance"] == *steps).then_some(())
        })
        .await;
        host.stop().await;
    });
}

#[test]
fn va_2_scorers_see_how_near_somebody_is() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("ror", json!({})).await;
        relate(&tenant, json!([friends("ada", "bob"), friends("bob", "staff")])).await;
        let staff = id(&tenant, "staff").await;
        hire(&tenant, &staff).await;
        tenant.person("user:ada", |ada| ada["standing"]["path_distance"] == 2).await;
        tenant.call("identify", &json!({"userId": "ada", "traits": {"trust": 1.0}})).await.expect(202);
        let ada = tenant.person("user:ada", |ada| ada["scores"][0]["name"] == "ror").await;
        let proximity = ada["scores"][0]["terms"].as_array().unwrap().iter().find(|term| term["name"] == "proximity");
        let value = proximity.and_then(|term| term["value"].as_f64()).expect("a term");
        assert!((value - 1.0 / 3.0).abs() < 1e-9, "two steps away: {value}");
        host.stop().await;
    });
}

#[test]
fn id_8_signals_are_shown_with_their_freshness() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let (now, day) = (now_millis(), 86_400_000);
        let old = json!({"value": "sad", "observed_at": now - 3 * day});
        let signals = json!({"followers": 1200, "mood": old, "bad one": 1, "pages": ["tea", "茶"]});
        tenant
            .call("identify", &json!({"userId": "ada", "traits": {"name": "Ada", "signals": signals}}))
            .await
            .expect(202);
        let ada = tenant.person("user:ada", |ada| ada["signals"][0]["kind"] == "followers").await;
        let shown: Vec<(&Value, &Value, &Value)> = ada["signals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|signal| (&signal["kind"], &signal["value"], &signal["fresh"]))
            .collect();
        assert_eq!(
            shown,
            [
                (&json!("followers"), &json!(1200), &json!(true)),
                (&json!("mood"), &json!("sad"), &json!(false)),
                (&json!("pages"), &json!(["tea", "茶"]), &json!(true)),
            ]
        );
        assert_eq!(ada["attributes"], json!({"name": "Ada"}), "signals are no attribute");
        // What was observed earlier does not replace what is known.
        let older = json!({"followers": {"value": 7, "observed_at": now - day}, "mood": "glad"});
        tenant.call("identify", &json!({"userId": "ada", "traits": {"signals": older}})).await.expect(202);
        let ada = tenant.person("user:ada", |ada| ada["signals"][1]["value"] == "glad").await;
        assert_eq!((&ada["signals"][0]["value"], &ada["signals"][1]["fresh"]), (&json!(1200), &json!(true)));
        host.stop().await;
    });
}

#[test]
fn id_9_what_is_no_relation_is_refused_and_changes_nothing() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let good = friends("ada", "bob");
        let with = |name: &str, value: Value| {
            let mut edge = good.clone();
            edge[name] = value;
            edge
        };
        for bad in [
            json!([]),
            json!(vec![&good; 501]),
            json!([good, with("kind", json!("Friend of mine"))]),
            json!([good, with("kind", json!("x".repeat(33)))]),
            json!([good, with("strength", json!(1.5))]),
            json!([good, with("strength", json!(-0.1))]),
            json!([good, with("at", json!(-1))]),
            json!([good, with("to", json!("user:ada"))]),
            json!([good, with("to", json!("ada"))]),
            json!([good, with("to", json!("per_1"))]),
            json!([good, with("weight", json!(1))]),
        ] {
            tenant.api.post("/relations", &json!({ "edges": bad })).await.problem(400, "invalid");
        }
        assert_eq!(tenant.list("/people").await.len(), 0);
        // A person who does not exist has no relations, and nobody else suffers for it.
        let ghost = with("to", json!("per_01h2xcejqtf2nbrexx3vqjhp41"));
        relate(&tenant, json!([ghost, good])).await;
        let ada = id(&tenant, "ada").await;
        let page = tenant.api.get(&format!("/people/{ada}/relations")).await.expect(200);
        assert_eq!(page["total"], 1);
        for path in ["path", "common", "path?to=per_1", "reach?steps=x", "path?to=per_01h2xcejqtf2nbrexx3vqjhp41"] {
            let answer = tenant.api.get(&format!("/people/{ada}/{path}")).await;
            assert!(
                answer.text().contains("invalid") || answer.text().contains("not-found"),
                "{path}: {}",
                answer.text()
            );
        }
        host.stop().await;
    });
}
