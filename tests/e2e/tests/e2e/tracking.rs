//! CH-9: which links of messages are followed, and how messages fare.

use guanxi_e2e::{Answer, Host, Sink, Tenant, client, on_both};
use reqwest::Method;
use serde_json::{Value, json};

const SITE: [(&str, &str); 1] = [("GUANXI_PUBLIC_URL", "https://go.acme.example")];
const BROWSER: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1";
const TARGET: &str = "https://shop.example/new?from=crm";

async fn tracked(host: &Host, slug: &str, sink: &Sink, purposes: Value) -> Tenant {
    let tenant = host.tenant(slug).await;
    tenant.install_webhook(sink).await;
    let settings = json!({"tracking": {"links": true, "opens": true}, "purposes": purposes});
    tenant.api.put("/settings", &settings).await.expect(200);
    let content =
        json!({"text": format!("Look: {TARGET} !"), "buttons": [{"text": "Shop", "url": "https://shop.example/b"}]});
    tenant.api.put("/contents/look", &json!({"content": content})).await.expect(200);
    tenant.install("welcome", json!({"content": "look"})).await;
    tenant
}

async fn introduce(tenant: &Tenant, user: &str) {
    tenant.call("identify", &json!({"userId": user, "traits": {"name": "Ada"}})).await.expect(202);
}

/// The content that the channel got for a user.
async fn delivered(sink: &Sink, count: usize, user: &str) -> Value {
    let received = sink.wait_for(count).await;
    let mut bodies = received.iter().map(|received| received.json());
    bodies.find(|body| body["address"] == format!("user:{user}").as_str()).expect("a delivery")["content"].clone()
}

/// The path of a link that leads over the host, as it stands in a text.
fn path_in(text: &str) -> String {
    let (_, rest) = text.split_once("https://go.acme.example").expect("a link over the host");
    rest.split_whitespace().next().expect("a path").to_owned()
}

async fn visit(host: &Host, method: Method, path: &str, agent: &str) -> Answer {
    client::finish(host.stranger().request(method, path).header("user-agent", agent)).await
}

async fn rates(tenant: &Tenant, by: &str) -> Vec<Value> {
    let page = tenant.api.get(&format!("/messages/rates?by={by}")).await.expect(200);
    page["items"].as_array().expect("items").clone()
}

#[test]
fn ch_9_a_click_counts_once_and_programs_do_not() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &SITE).await;
        let sink = Sink::start().await;
        let tenant = tracked(&host, "acme", &sink, json!({})).await;
        introduce(&tenant, "ada").await;
        let content = delivered(&sink, 1, "ada").await;
        let path = path_in(content["text"].as_str().unwrap());
        assert!(content["text"].as_str().unwrap().ends_with(" !"), "{content}");
        assert!(path.starts_with("/l/") && path.len() < 48, "{path}");
        let button = path_in(content["buttons"][0]["url"].as_str().unwrap());
        assert_ne!(button, path);
        // What was decided is kept as it was.
        let kept = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await.remove(0);
        assert_eq!(kept["content"]["text"], format!("Look: {TARGET} !"));

        for (method, agent) in [(Method::HEAD, BROWSER), (Method::GET, "TelegramBot (like TwitterBot)")] {
            assert_eq!(visit(&host, method, &path, agent).await.status, 302);
        }
        for _ in 0..3 {
            let led = visit(&host, Method::GET, &path, BROWSER).await;
            assert_eq!((led.status, led.header("location")), (302, Some(TARGET)));
            assert_eq!(led.header("referrer-policy"), Some("no-referrer"));
        }
        let led = visit(&host, Method::GET, &button, BROWSER).await;
        assert_eq!(led.header("location"), Some("https://shop.example/b"));
        let pixel = path_in(content["pixel"].as_str().unwrap());
        let image = visit(&host, Method::GET, &pixel, BROWSER).await;
        assert_eq!((image.status, image.header("content-type")), (200, Some("image/gif")));

        let clicks = tenant.wait_for("/events", 3, |event| event["kind"] == "guanxi.click").await;
        let bots: Vec<bool> = clicks.iter().map(|click| click["properties"]["bot"].as_bool().unwrap()).collect();
        assert_eq!(bots.iter().filter(|bot| **bot).count(), 1, "{clicks:?}");
        assert_eq!(clicks.len(), 3, "each link once: {clicks:?}");
        let person =
            clicks.iter().find(|click| click["properties"]["url"] == TARGET && click["properties"]["bot"] == false);
        let person = person.expect("a click of a person");
        assert_eq!((&person["properties"]["message"], &person["properties"]["agent"]), (&kept["id"], &json!("mobile")));

        let fared = guanxi_e2e::eventually("the rates", async || {
            let all = rates(&tenant, "source").await;
            all.first().filter(|group| group["clicked"] == 1 && group["opened"] == 1).cloned()
        });
        let expected = json!({
            "channel": "webhook", "connector": "webhook", "campaign": "welcome", "content": "look",
            "sent": 1, "opened": 1, "clicked": 1, "replied": 0,
        });
        assert_eq!(fared.await, expected);
        let by_content = rates(&tenant, "content").await;
        assert_eq!((&by_content[0]["content"], &by_content[0]["channel"]), (&json!("look"), &Value::Null));
        host.stop().await;
    });
}

#[test]
fn ch_9_a_forged_link_leads_nowhere_and_an_erased_persons_neither() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &SITE).await;
        let sink = Sink::start().await;
        let tenant = tracked(&host, "acme", &sink, json!({})).await;
        introduce(&tenant, "ada").await;
        let content = delivered(&sink, 1, "ada").await;
        let path = path_in(content["text"].as_str().unwrap());
        let pixel = path_in(content["pixel"].as_str().unwrap());
        let code = path.strip_prefix("/l/").unwrap();
        let last = if code.ends_with('A') { "B" } else { "A" };
        let other_place = format!("/l/{}{last}", &code[..code.len() - 1]);
        let pixel_code = pixel.strip_prefix("/o/").unwrap().strip_suffix(".gif").unwrap();
        let as_link = format!("/l/{pixel_code}");
        let as_pixel = format!("/o/{code}.gif");
        let cut = &path[..path.len() - 4];
        for forged in ["/l/", "/l/x", "/o/x.gif", "/o/x", cut, &other_place, &as_link, &as_pixel] {
            assert_eq!(visit(&host, Method::GET, forged, BROWSER).await.status, 404, "{forged}");
        }
        assert_eq!(visit(&host, Method::GET, &path, BROWSER).await.status, 302);
        tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.click").await;

        let id = tenant.person("user:ada", |_| true).await["id"].as_str().unwrap().to_owned();
        let wish = json!({"reason": "asked", "confirm": id});
        tenant.api.post(&format!("/people/{id}/erase"), &wish).await.expect(202);
        tenant.wait_for("/erasures", 1, |erasure| erasure["status"] == "done").await;
        assert_eq!(visit(&host, Method::GET, &path, BROWSER).await.status, 404);
        assert_eq!(visit(&host, Method::GET, &pixel, BROWSER).await.status, 404);
        host.stop().await;
    });
}

#[test]
fn ch_9_nobody_is_followed_who_does_not_allow_it() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &SITE).await;
        let sink = Sink::start().await;
        let purposes = json!({"analytics": {"title": "Analytics", "basis": "consent"}});
        let tenant = tracked(&host, "acme", &sink, purposes).await;
        introduce(&tenant, "ada").await;
        let content = delivered(&sink, 1, "ada").await;
        assert_eq!(content["text"], format!("Look: {TARGET} !"));
        assert_eq!(content["pixel"], Value::Null);
        let granted = json!({"type": "track", "userId": "bob", "event": "Consent Granted", "properties": {"purpose": "analytics"}});
        let bob = json!({"type": "identify", "userId": "bob", "traits": {"name": "Bob"}});
        tenant.batch(&[granted, bob]).await;
        let content = delivered(&sink, 2, "bob").await;
        let path = path_in(content["text"].as_str().unwrap());

        // What another tenant's people follow is nobody else's to see.
        let rivals = Sink::start().await;
        let rival = tracked(&host, "rival", &rivals, json!({})).await;
        assert_eq!(visit(&host, Method::GET, &path, BROWSER).await.status, 302);
        tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.click").await;
        assert_eq!(rates(&rival, "channel").await, Vec::<Value>::new());
        introduce(&rival, "ada").await;
        let theirs = path_in(delivered(&rivals, 1, "ada").await["text"].as_str().unwrap());
        assert_eq!(visit(&host, Method::GET, &theirs, BROWSER).await.status, 302);
        rival.wait_for("/events", 1, |event| event["kind"] == "guanxi.click").await;
        assert_eq!(tenant.list("/events").await.iter().filter(|event| event["kind"] == "guanxi.click").count(), 1);
        host.stop().await;
    });
}

#[test]
fn ch_9_without_its_own_address_a_host_follows_nobody() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let sink = Sink::start().await;
        let tenant = tracked(&host, "acme", &sink, json!({})).await;
        introduce(&tenant, "ada").await;
        let content = delivered(&sink, 1, "ada").await;
        assert_eq!(content["text"], format!("Look: {TARGET} !"));
        host.stop().await;
    });
}
