//! CH-6, CH-7: what a message must obey right before it leaves: caps and quiet hours of the brand, windows and limits of the
//! channel.

use guanxi_e2e::environment::{example, plugin};
use guanxi_e2e::sql::Database;
use guanxi_e2e::{Host, Place, Tenant, eventually, now_millis, on_both};
use serde_json::{Value, json};

use crate::grants::repacked;

const CAMPAIGN: &str = "smallest-campaign";
const HOUR: i64 = 3_600_000;
/// Of a channel that takes short texts, one after each message of the person.
const STRICT: &str = r#"
contract = "0.1.0"
name = "strict"
version = "0.1.0"
title = { en = "Strict", zh = "严格" }
summary = { en = "A channel with rules.", zh = "有规则的渠道。" }

[connector]
channel = "strict"
addresses = ["*"]
idempotent = true

[[connector.rules]]
text = { characters = 20 }

[connector.rules.window]
classes = ["marketing"]
openings = [{ events = ["Message Received"], seconds = 3600, messages = 1 }]

[[connector.rules]]
from = "2999-01-01"
classes = ["reply"]
"#;

/// A zone in which it is about this hour of the day now, whenever that is.
fn zone_at(hour: i64) -> String {
    let east = (hour - now_millis().div_euclid(HOUR)).rem_euclid(24);
    // Names of these zones count hours to the west.
    if east > 12 { format!("Etc/GMT+{}", 24 - east) } else { format!("Etc/GMT-{east}") }
}

fn hello(user: &str) -> Value {
    json!({"type": "identify", "userId": user, "traits": {"name": "Ada"}})
}

fn lives(user: &str, zone: &str) -> Value {
    json!({"type": "identify", "userId": user, "traits": {"name": "Ada", "time_zone": zone}})
}

/// Writes on a channel.
fn writes(user: &str, channel: &str) -> Value {
    json!({"type": "track", "userId": user, "event": "Message Received", "channel": channel, "properties": {"text": "Hi"}})
}

async fn greets(tenant: &Tenant) {
    tenant.install_component(CAMPAIGN, example(CAMPAIGN), json!({}), json!({})).await;
}

/// Messages to somebody, once so many are in this status.
async fn messages(tenant: &Tenant, user: &str, status: &str, count: usize) -> Vec<Value> {
    let id = tenant.person(&format!("user:{user}"), |_| true).await["id"].clone();
    tenant.wait_for("/messages", count, |message| message["person"] == id && message["status"] == status).await
}

/// What stopped a campaign when it was last concerned with somebody.
async fn stopped(tenant: &Tenant, user: &str, campaign: &str) -> String {
    let id = tenant.person(&format!("user:{user}"), |_| true).await["id"].as_str().unwrap().to_owned();
    let all = tenant.list(&format!("/people/{id}/campaigns")).await;
    let why = all.iter().find(|answer| answer["installation"] == campaign).unwrap();
    let steps = why["steps"].as_array().unwrap();
    steps.iter().find(|step| step["holds"] == false).unwrap()["said"]["en"].as_str().unwrap().to_owned()
}

#[test]
fn ch_7_nobody_gets_more_than_the_caps_allow_on_all_channels_together() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        greets(&tenant).await;
        let caps = json!({"caps": {
            "weekly": {"title": "Weekly", "limit": 2, "days": 7},
            "replies": {"title": "Replies", "limit": 1, "hours": 1, "classes": ["reply"]},
            "elsewhere": {"title": "Elsewhere", "limit": 1, "days": 7, "channel": "sms"},
        }});
        let kept = tenant.api.put("/settings", &caps).await.expect(200);
        assert_eq!(kept["caps"]["weekly"]["classes"], json!(["marketing"]));
        let noted = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.settings").await;
        assert_eq!(noted[0]["properties"]["changed"], json!(["caps"]));

        // All at once: of those that are under way together no more leave, either.
        tenant.batch(&[hello("ada"), hello("ada"), hello("ada"), hello("ada"), hello("bob")]).await;
        let refused = messages(&tenant, "ada", "failed", 2).await;
        let why = "the cap “Weekly” is reached: 2 messages to one person in 7 days";
        assert!(refused.iter().all(|message| message["reason"] == why), "{refused:?}");
        assert_eq!(messages(&tenant, "ada", "sent", 2).await.len(), 2);
        assert_eq!(messages(&tenant, "bob", "sent", 1).await.len(), 1);
        // Later ones neither, and the log and the page on why not tell it.
        tenant.batch(&[hello("ada")]).await;
        assert_eq!(messages(&tenant, "ada", "failed", 3).await.len(), 3);
        assert_eq!(stopped(&tenant, "ada", CAMPAIGN).await, format!("sandbox: failed: {why}"));
        let told = |event: &Value| event["kind"] == "guanxi.message" && event["properties"]["status"] == "failed";
        let told = tenant.wait_for("/events", 3, told).await;
        assert!(told.iter().all(|event| event["properties"]["reason"] == why), "{told:?}");

        // Another channel is no way around them.
        let other = STRICT.split("[[connector.rules]]").next().unwrap().replace("strict", "other");
        let other = repacked(&place, &plugin("sandbox"), &other).await;
        tenant.install_component("other", other, json!({}), json!({})).await;
        let off = json!({"version": "0.1.0", "mode": "off", "grants": "requested"});
        tenant.api.put("/installations/sandbox", &off).await.expect(200);
        tenant.batch(&[hello("ada")]).await;
        let failed = messages(&tenant, "ada", "failed", 4).await;
        assert!(failed.iter().any(|message| message["channel"] == "other" && message["reason"] == why), "{failed:?}");

        // Whoever is joined with somebody who got one counts as one with them.
        tenant.batch(&[hello("cy")]).await;
        messages(&tenant, "cy", "sent", 1).await;
        let raised = json!({"caps": {"weekly": {"title": "Weekly", "limit": 3, "days": 7}}});
        tenant.api.put("/settings", &raised).await.expect(200);
        let (cy, bob) = (tenant.person("user:cy", |_| true).await, tenant.person("user:bob", |_| true).await);
        let path = format!("/people/{}/merge", cy["id"].as_str().unwrap());
        tenant.api.post(&path, &json!({"with": bob["id"], "reason": "the same phone"})).await.expect(200);
        tenant.batch(&[hello("cy"), hello("cy")]).await;
        let refused = tenant
            .wait_for("/messages", 1, |message| {
                message["reason"] == "the cap “Weekly” is reached: 3 messages to one person in 7 days"
            })
            .await;
        assert_eq!(refused.len(), 1);
        host.stop().await;
    });
}

#[test]
fn ch_7_messages_wait_until_it_is_day_where_the_person_is() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        tenant.install("sandbox", json!({})).await;
        tenant.install("welcome", json!({})).await;
        tenant.install_component("answers", plugin("welcome"), json!({"class": "reply"}), json!({})).await;
        let (night, day) = (zone_at(3), zone_at(14));
        let settings = json!({"time_zone": night, "quiet_hours": {"from": "22:00", "to": "08:00"}});
        assert_eq!(
            tenant.api.put("/settings", &settings).await.expect(200)["quiet_hours"]["classes"],
            json!(["marketing"])
        );

        tenant.batch(&[lives("ada", &night), lives("bob", &day), hello("cy"), lives("dan", &night)]).await;
        // Day where he is.
        assert_eq!(messages(&tenant, "bob", "sent", 2).await.len(), 2);
        // Night where they are, by their own time zone or the brand's: replies leave, advertising waits untried.
        let quiet = "quiet hours until 08:00 in Etc/GMT";
        let is_quiet = |message: &Value| message["reason"].as_str().is_some_and(|why| why.contains(quiet));
        for user in ["ada", "cy", "dan"] {
            assert_eq!(messages(&tenant, user, "sent", 1).await[0]["class"], "reply", "{user}");
            let person = tenant.person(&format!("user:{user}"), |_| true).await["id"].clone();
            let waits = |message: &Value| message["person"] == person && is_quiet(message);
            let waits = tenant.wait_for("/messages", 1, waits).await.remove(0);
            assert_eq!((&waits["status"], &waits["attempts"]), (&json!("queued"), &json!(0)), "{waits}");
            let detail = tenant.api.get(&format!("/messages/{}", waits["id"].as_str().unwrap())).await.expect(200);
            assert_eq!(detail["tries"], json!([]));
        }
        assert!(stopped(&tenant, "ada", "welcome").await.contains(quiet));
        let database = Database::of(&place).await;
        let due = database.number("select min(due_at) from messages where status = 'queued'").await;
        assert!((4 * HOUR..=5 * HOUR).contains(&(due - now_millis())), "at eight in the morning: {due}");

        // One moves to where it is day; the message of another holds no longer than the night.
        tenant.batch(&[lives("ada", &day)]).await;
        tenant.person("user:ada", |ada| ada["attributes"]["time_zone"] == day.as_str()).await;
        database.execute("update messages set due_at = 0 where status = 'queued'").await;
        assert_eq!(messages(&tenant, "ada", "sent", 2).await.len(), 2);
        let soon = now_millis() + HOUR;
        let expiry = format!("update messages set due_at = 0, expires_at = {soon} where status = 'queued'");
        let expired = eventually("what holds no longer than the night", async || {
            // One that is just being looked at is not queued.
            database.execute(&expiry).await;
            let all = tenant.list("/messages?status=expired").await;
            (all.len() == 2).then_some(all)
        });
        for message in expired.await {
            let why = message["reason"].as_str().unwrap();
            assert!(why.starts_with("it could not wait any longer: quiet hours until 08:00"), "{why}");
        }
        database.close().await;

        // What is unreadable is told with its place.
        for bad in [
            json!({"quiet_hours": {"from": "22:00", "to": "22:00"}}),
            json!({"quiet_hours": {"from": "10 pm", "to": "08:00"}}),
            json!({"quiet_hours": {"from": "22:00", "to": "08:00", "classes": []}}),
            json!({"caps": {"a": {"title": "A", "limit": 0, "days": 1}}}),
            json!({"caps": {"a": {"title": "A", "limit": 1}}}),
        ] {
            tenant.api.put("/settings", &bad).await.problem(400, "invalid");
        }
        host.stop().await;
    });
}

#[test]
fn ch_6_a_channel_gets_what_its_rules_let_through() {
    on_both(|place: Place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let strict = repacked(&place, &plugin("sandbox"), STRICT).await;
        tenant.install_component("strict", strict, json!({}), json!({})).await;
        greets(&tenant).await;

        // Nobody who did not write is written to; elsewhere does not count, and neither does long ago.
        let mut long_ago = writes("cy", "strict");
        long_ago["timestamp"] = json!(now_millis() - 2 * HOUR);
        tenant.batch(&[hello("ada"), writes("bob", "sms"), hello("bob"), long_ago, hello("cy")]).await;
        let closed = "the reply window is closed: no Message Received within 1 hour";
        for user in ["ada", "bob", "cy"] {
            assert_eq!(messages(&tenant, user, "failed", 1).await[0]["reason"], closed, "{user}");
        }
        // Whoever writes gets one message, until they write again.
        tenant.batch(&[writes("ada", "strict"), hello("ada")]).await;
        messages(&tenant, "ada", "sent", 1).await;
        tenant.batch(&[hello("ada")]).await;
        let failed = messages(&tenant, "ada", "failed", 2).await;
        let used =
            "the reply window is used up: the channel takes no more messages until the person writes or acts again";
        assert!(failed.iter().any(|message| message["reason"] == used), "{failed:?}");
        tenant.batch(&[writes("ada", "strict"), hello("ada")]).await;
        messages(&tenant, "ada", "sent", 2).await;

        // A text of 21 characters, and one of as many bytes in fewer characters.
        let named = |user: &str, name: &str| json!({"type": "identify", "userId": user, "traits": {"name": name}});
        let (long, short) = (named("dan", "Bartholomew III"), named("eve", "阿达阿达阿"));
        tenant.batch(&[writes("dan", "strict"), long, writes("eve", "strict"), short]).await;
        let refused = messages(&tenant, "dan", "failed", 1).await.remove(0);
        assert_eq!(refused["reason"], "the text has 22 characters, and the channel takes 20");
        assert!(stopped(&tenant, "dan", CAMPAIGN).await.ends_with("the channel takes 20"));
        messages(&tenant, "eve", "sent", 1).await;

        // Rules that make no sense do not come in.
        let bad = STRICT.replace("seconds = 3600", "seconds = 0");
        let bare = place.data_dir().join("bad.toml").display().to_string();
        std::fs::write(&bare, bad).unwrap();
        let component = place.data_dir().join("bare.wasm").display().to_string();
        let arguments = ["plugin", "pack", &component, "--manifest", &bare, "--out", &component];
        let refused = guanxi_e2e::host::run(&place, arguments).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("connector.rules.0.window.openings.seconds"), "{said}");
        host.stop().await;
    });
}
