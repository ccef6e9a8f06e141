//! PL-3: an operation is carried out as often as the least of plugin, operator and tenant says, and of what is known of a person
//! besides fields a plugin sees the classes that it is granted.

use std::ops::Range;

use guanxi_e2e::environment::example;
use guanxi_e2e::{Client, Host, Tenant, client, eventually, now_millis, on_both};
use reqwest::Method;
use serde_json::{Value, json};

use crate::grants::version;

const NAME: &str = "smallest-campaign";
const HERE: &str = "/installations/smallest-campaign";
const EVENTS: &str = r#"events = ["identify"]"#;
const PEOPLE: usize = 400;
const LIMIT: usize = 150;

/// Two time zones between which it is another day at any time; in neither is it midnight soon.
fn zones() -> [&'static str; 2] {
    match now_millis().div_euclid(3_600_000).rem_euclid(24) {
        9 | 10 => ["Etc/GMT-12", "Etc/GMT+12"],
        _ => ["Etc/GMT-14", "Etc/GMT+10"],
    }
}

async fn be_in(tenant: &Tenant, zone: &str) {
    tenant.api.put("/settings", &json!({"time_zone": zone})).await.expect(200);
}

/// The example's fields, and further lines of its campaign.
fn and(lines: &str) -> String {
    format!("fields = [{{ name = \"name\", purpose = \"to greet\" }}]\n{lines}")
}

fn hello(user: &str) -> Value {
    json!({"type": "identify", "userId": user, "traits": {"name": "Ada"}})
}

fn hellos(users: Range<usize>) -> Vec<Value> {
    users.map(|user| hello(&format!("user-{user}"))).collect()
}

/// Grants the example everything, with these words besides.
async fn grant(tenant: &Tenant, version: &str, key: &str, value: Value) -> Value {
    let mut grants = json!({"events": ["*"], "fields": ["name"], "operations": ["send"], "egress": [], "secrets": []});
    grants[key] = value;
    let wish = json!({"version": version, "mode": "live", "grants": grants});
    tenant.api.put(HERE, &wish).await.expect(200)
}

/// How many of all decisions were done, and why the others were refused.
async fn settled(tenant: &Tenant, count: usize) -> (usize, Vec<String>) {
    let all = tenant.wait_for("/decisions", count, |_| true).await;
    assert_eq!(all.len(), count);
    let operations = all.iter().map(|decision| &decision["operations"][0]);
    let (done, refused): (Vec<&Value>, Vec<&Value>) = operations.partition(|operation| operation["outcome"] == "done");
    let why = refused.into_iter().map(|operation| operation["refusal"].as_str().expect("a reason").to_owned());
    (done.len(), why.collect())
}

#[test]
fn pl_3_a_limit_is_kept_exactly_under_load_and_over_a_kill() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        be_in(&tenant, zones()[0]).await;
        tenant.install("sandbox", json!({})).await;
        tenant.install_component(NAME, example(NAME), json!({}), json!({})).await;
        let limit = |used: usize| json!([{"operation": "send", "per": "per-day", "most": LIMIT, "whose": "tenant", "used": used}]);
        let limited = grant(&tenant, "0.1.0", "limits", json!({"send": {"per-day": LIMIT}})).await;
        assert_eq!(limited["limits"], limit(0));
        assert_eq!(limited["grants"]["limits"], json!({"send": {"per-day": LIMIT}}));

        tenant.batch(&hellos(0..PEOPLE / 2)).await;
        eventually("the first decision", async || (!tenant.list("/decisions").await.is_empty()).then_some(())).await;
        host.kill().await;
        let host = Host::start(&place).await;
        let tenant = tenant.on(&host);
        tenant.batch(&hellos(PEOPLE / 2..PEOPLE)).await;
        let (done, refused) = settled(&tenant, PEOPLE).await;
        assert_eq!((done, refused.len()), (LIMIT, PEOPLE - LIMIT));
        let why = format!("`send` is limited to {LIMIT} a day by the tenant, and that is used up");
        assert!(refused.iter().all(|refusal| *refusal == why), "{refused:?}");
        assert_eq!(tenant.list("/messages").await.len(), LIMIT);
        assert_eq!(tenant.api.get(HERE).await.expect(200)["limits"], limit(LIMIT));
        assert_eq!(tenant.list("/installations").await.remove(0)["limits"].as_array().map(Vec::len), Some(0));
        host.stop().await;
    });
}

#[test]
fn pl_3_each_day_and_each_person_is_counted_anew_and_the_least_word_counts() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        let [home, elsewhere] = zones();
        for tenant in [&tenant, &rival] {
            be_in(tenant, home).await;
            tenant.install("sandbox", json!({})).await;
            tenant.install_component(NAME, example(NAME), json!({}), json!({})).await;
            grant(tenant, "0.1.0", "limits", json!({"send": {"per-day": 4, "per-person-per-day": 2}})).await;
        }
        // What a candidate says beside it is not done, and does not count.
        let beside = json!({"version": "0.1.1", "percent": 0, "guard": {"divergence": 1}});
        tenant.upload(version(&place, "0.1.1", EVENTS, &and("")).await).await;
        tenant.api.put(&format!("{HERE}/candidate"), &beside).await.expect(200);

        let each = "`send` is limited to 2 a day for each person by the tenant, and that is used up";
        let all = "`send` is limited to 4 a day by the tenant, and that is used up";
        let effective = async |tenant: &Tenant, count: usize| {
            let found = tenant.wait_for("/decisions", count, |decision| decision["shadow"] == false).await;
            assert_eq!(found.len(), count);
            let operation = |decision: &Value| decision["operations"][0]["refusal"].as_str().map(str::to_owned);
            let refused: Vec<String> = found.iter().filter_map(operation).collect();
            (count - refused.len(), refused)
        };
        tenant.batch(&[hello("ada"), hello("ada"), hello("ada")]).await;
        assert_eq!(effective(&tenant, 3).await, (2, vec![each.to_owned()]));
        tenant.batch(&[hello("bob"), hello("eve"), hello("mia")]).await;
        let (done, refused) = effective(&tenant, 6).await;
        assert_eq!((done, refused.len(), refused.iter().filter(|why| *why == all).count()), (4, 2, 1));

        be_in(&tenant, elsewhere).await;
        tenant.batch(&[hello("ada")]).await;
        assert_eq!(effective(&tenant, 7).await.0, 5, "it is another day there");
        assert_eq!(tenant.api.get(HERE).await.expect(200)["limits"][0]["used"], 1);
        // What it decides with effect counts with the installation.
        let canary = json!({"version": "0.1.1", "percent": 100, "guard": {"divergence": 1}});
        tenant.api.put(&format!("{HERE}/candidate"), &canary).await.expect(200);
        tenant.batch(&[hello("bob")]).await;
        assert_eq!(effective(&tenant, 8).await.0, 6);
        assert_eq!(tenant.api.get(HERE).await.expect(200)["limits"][0]["used"], 2);
        tenant.api.post(&format!("{HERE}/candidate/stop"), &json!({})).await.expect(200);

        let allowance = format!("/api/v1/plugins/{NAME}/allowance");
        let most =
            |limits: Value| json!({"events": ["*"], "fields": ["name"], "operations": ["send"], "limits": limits});
        host.operator().put(&allowance, &most(json!({"send": {"per-day": 1}}))).await.expect(200);
        let now = tenant.api.get(HERE).await.expect(200);
        let limit = |per: &str, most: u32, whose: &str, used: Value| json!({"operation": "send", "per": per, "most": most, "whose": whose, "used": used});
        assert_eq!(
            now["limits"],
            json!([limit("per-day", 1, "operator", json!(2)), limit("per-person-per-day", 2, "tenant", Value::Null)])
        );
        assert_eq!(now["forbidden"], json!(["limits: send unlimited per-day"]));
        tenant.batch(&[hello("zoe")]).await;
        let (_, refused) = effective(&tenant, 9).await;
        let by_operator = "`send` is limited to 1 a day by the operator, and that is used up";
        assert!(refused.iter().any(|why| why == by_operator), "{refused:?}");
        // Another tenant has a count of its own.
        rival.batch(&[hello("ada")]).await;
        assert_eq!(effective(&rival, 1).await.0, 1);

        for (limits, told) in [
            (json!({"send": {"per-day": 0}}), "from 1 to"),
            (json!({"send": {"per-day": 1_000_000_001}}), "from 1 to"),
            (json!({"emit": {"per-day": 1}}), "not among its operations"),
        ] {
            let refused =
                host.operator().put(&allowance, &most(limits.clone())).await.problem(400, "invalid").to_string();
            assert!(refused.contains(told), "{limits}: {refused}");
        }
        host.stop().await;
    });
}

#[test]
fn pl_4_a_version_that_raises_a_limit_waits() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        tenant.install_component(NAME, example(NAME), json!({}), json!({})).await;
        for (number, lines) in [
            ("0.2.0", "limits = { send = { per-day = 10 } }"),
            ("0.3.0", "limits = { send = { per-day = 20 } }"),
            ("0.4.0", ""),
        ] {
            tenant.upload(version(&place, number, EVENTS, &and(lines)).await).await;
        }
        let wish = |number: &str| json!({"version": number, "mode": "live"});
        let limits =
            |installed: &Value| (installed["limits"][0]["most"].clone(), installed["limits"][0]["whose"].clone());

        // Less than before is nothing to ask for.
        let lower = tenant.api.put(HERE, &wish("0.2.0")).await.expect(200);
        assert_eq!(limits(&lower), (json!(10), json!("plugin")));
        let waits = tenant.api.put(HERE, &wish("0.3.0")).await.expect(202);
        assert_eq!(waits["upgrade"]["asks"], json!(["limits: send 20 per-day"]));
        assert_eq!((&waits["version"], limits(&waits).0), (&json!("0.2.0"), json!(10)));
        let mut approval = json!({"version": "0.3.0", "asked_at": waits["upgrade"]["asked_at"]});
        let lists =
            json!({"events": ["*"], "fields": ["name"], "operations": ["send"], "limits": {"send": {"per-day": 21}}});
        approval["grants"] = lists;
        let more =
            tenant.api.post(&format!("{HERE}/upgrade/approve"), &approval).await.problem(400, "invalid").to_string();
        assert!(more.contains("limits: send 21 per-day is more than the plugin requests"), "{more}");
        approval["grants"]["limits"]["send"]["per-day"] = json!(15);
        let approved = tenant.api.post(&format!("{HERE}/upgrade/approve"), &approval).await.expect(200);
        assert_eq!((&approved["version"], limits(&approved)), (&json!("0.3.0"), (json!(15), json!("tenant"))));
        assert_eq!(approved["withheld"], json!(["limits: send 20 per-day"]));

        let waits = tenant.api.put(HERE, &wish("0.4.0")).await.expect(202);
        assert_eq!(waits["upgrade"]["asks"], json!(["limits: send unlimited per-day"]));
        host.stop().await;
    });
}

/// What the campaign saw of a person the last time, of so many times.
async fn seen(tenant: &Tenant, times: usize) -> Value {
    let all = tenant.wait_for("/decisions", times, |_| true).await;
    assert_eq!(all.len(), times);
    let last = all.iter().max_by_key(|decision| decision["position"].as_i64()).expect("a decision");
    let decision = tenant.api.get(&format!("/decisions/{}", last["id"].as_str().expect("an id"))).await.expect(200);
    decision["input"]["person"].clone()
}

async fn edit(api: &Client, person: &str) {
    let edit = json!({"stage": "fan", "roles": ["promoter"]});
    let request = client::with_json(api.request(Method::PATCH, &format!("/people/{person}")), &edit);
    client::finish(request).await.expect(200);
    let tag = |dimension: &str| json!({"dimension": dimension, "name": "tea", "weight": 1});
    let tags = json!({"people": [person], "add": [tag("interest"), tag("mood")]});
    api.post("/people/tags", &tags).await.expect(200);
}

#[test]
fn pl_3_a_plugin_sees_only_the_classes_that_it_is_granted() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("ror", json!({})).await;
        let installed = tenant.install_component(NAME, example(NAME), json!({}), json!({})).await;
        assert_eq!(installed["grants"]["classes"], json!(["roles", "scores", "stage", "tags"]));
        tenant.batch(&[hello("ada")]).await;
        seen(&tenant, 1).await;
        let person = tenant.person("user:ada", |_| true).await["id"].as_str().expect("an id").to_owned();
        edit(&tenant.api, &person).await;
        tenant.person("user:ada", |person| person["tags"].as_array().is_some_and(|tags| tags.len() == 2)).await;
        let dimensions = |person: &Value| -> Vec<Value> {
            person["tags"].as_array().expect("tags").iter().map(|tag| tag["dimension"].clone()).collect()
        };

        // Without a word of classes it sees all of them, as before there were any.
        tenant.batch(&[hello("ada")]).await;
        let all = seen(&tenant, 2).await;
        assert_eq!((&all["stage"], &all["roles"]), (&json!("fan"), &json!(["consumer", "promoter"])));
        assert_eq!((dimensions(&all), &all["scores"][0][0]), (vec![json!("interest"), json!("mood")], &json!("ror")));

        let some = grant(&tenant, "0.1.0", "classes", json!(["tags:interest", "stage"])).await;
        assert_eq!(some["withheld"], json!(["classes: roles", "classes: scores", "classes: tags"]));
        tenant.batch(&[hello("ada")]).await;
        let person_seen = seen(&tenant, 3).await;
        assert_eq!((&person_seen["stage"], &person_seen["roles"]), (&json!("fan"), &json!(["consumer"])));
        assert_eq!((dimensions(&person_seen), &person_seen["scores"]), (vec![json!("interest")], &json!([])));
        grant(&tenant, "0.1.0", "classes", json!([])).await;
        tenant.batch(&[hello("ada")]).await;
        let nothing = seen(&tenant, 4).await;
        assert_eq!((&nothing["stage"], &nothing["roles"]), (&json!("prospect"), &json!(["consumer"])));
        assert_eq!((&nothing["tags"], &nothing["scores"]), (&json!([]), &json!([])));

        // A version that names classes for a purpose sees them for as long as the person allows that.
        let classes = r#"classes = [{ name = "tags", purpose = "profiling" }]"#;
        tenant.upload(version(&place, "0.2.0", EVENTS, &and(classes)).await).await;
        let wish = json!({"version": "0.2.0", "mode": "live", "grants": "requested"});
        assert_eq!(tenant.api.put(HERE, &wish).await.expect(200)["grants"]["classes"], json!(["tags"]));
        let purposes = json!({"profiling": {"title": "Profiling", "basis": "consent"}});
        tenant.api.put("/settings", &json!({"purposes": purposes})).await.expect(200);
        tenant.batch(&[hello("ada")]).await;
        assert_eq!(seen(&tenant, 5).await["tags"], json!([]));
        let consent = json!({"purpose": "profiling", "granted": true});
        tenant.api.post(&format!("/people/{person}/consents"), &consent).await.expect(200);
        tenant.batch(&[hello("ada")]).await;
        let allowed = seen(&tenant, 6).await;
        assert_eq!((dimensions(&allowed).len(), &allowed["scores"]), (2, &json!([])));

        // Who asks for all of them again asks for more, and of what is no class there is nothing to grant.
        tenant.upload(version(&place, "0.3.0", EVENTS, &and("")).await).await;
        let waits = tenant.api.put(HERE, &json!({"version": "0.3.0", "mode": "live"})).await.expect(202);
        assert_eq!(waits["upgrade"]["asks"], json!(["classes: roles", "classes: scores", "classes: stage"]));
        let lists = json!({"events": ["*"], "fields": ["name"], "operations": ["send"], "classes": ["email"]});
        let wish = json!({"version": "0.2.0", "mode": "live", "grants": lists});
        let refused = tenant.api.put(HERE, &wish).await.problem(400, "invalid").to_string();
        assert!(refused.contains("classes: email is not requested"), "{refused}");
        let parts: Vec<String> = (0..300).map(|part| format!("tags:{part}")).collect();
        let wish = json!({"version": "0.2.0", "mode": "live", "grants": {"classes": parts}});
        let refused = tenant.api.put(HERE, &wish).await.problem(400, "invalid").to_string();
        assert!(refused.contains("at most 256 entries"), "{refused}");
        host.stop().await;
    });
}
