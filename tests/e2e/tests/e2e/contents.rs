//! CH-4: what a brand says more than once, in each person's language and on each channel in its own way.

use guanxi_e2e::{Host, Sink, Tenant, client, on_both};
use reqwest::Method;
use serde_json::{Value, json};

fn hello() -> Value {
    json!({
        "text": "Hello {{name}}", "url": "https://shop.example/",
        "buttons": [{"text": "Shop", "url": "https://shop.example/new"}],
        "languages": {"zh": {"text": "{{name}}，您好", "channels": {"webhook": {"title": "新品"}}}},
        "channels": {"webhook": {"priority": 1}, "sms": {"text": "Hi"}},
    })
}

async fn introduce(tenant: &Tenant, user: &str, name: &str, locale: &str) {
    let traits = json!({"name": name, "locale": locale});
    tenant.call("identify", &json!({"userId": user, "traits": traits})).await.expect(202);
}

async fn message_to(tenant: &Tenant, user: &str) -> Value {
    let address = format!("user:{user}");
    let here = |message: &Value| message["address"] == address.as_str() && message["status"] == "sent";
    tenant.wait_for("/messages", 1, here).await.remove(0)
}

#[test]
fn ch_4_a_kept_content_is_said_in_each_persons_language() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        tenant.install_webhook(&sink).await;
        let kept = tenant.api.put("/contents/hello", &json!({"content": hello(), "version": 0})).await.expect(200);
        assert_eq!((&kept["name"], &kept["version"], &kept["content"]), (&json!("hello"), &json!(1), &hello()));
        tenant.install("welcome", json!({"content": "hello"})).await;

        introduce(&tenant, "ann", "Ann", "en-GB").await;
        introduce(&tenant, "mei", "小梅", "zh-CN").await;
        let english = json!({
            "text": "Hello Ann", "url": "https://shop.example/", "priority": 1,
            "buttons": [{"text": "Shop", "url": "https://shop.example/new"}],
        });
        let mut chinese = english.clone();
        chinese["text"] = json!("小梅，您好");
        chinese["title"] = json!("新品");
        let ann = message_to(&tenant, "ann").await;
        assert_eq!(ann["content"], english);
        assert_eq!(message_to(&tenant, "mei").await["content"], chinese);
        let delivered = sink.wait_for(2).await;
        let of = |address: &str| {
            let mut bodies = delivered.iter().map(|received| received.json());
            bodies.find(|body| body["address"] == address).expect("a delivery")["content"].clone()
        };
        assert_eq!((of("user:ann"), of("user:mei")), (english, chinese));

        // The receipt says which version it was.
        let path = format!("/decisions/{}", ann["decision"].as_str().unwrap());
        let operations = tenant.api.get(&path).await.expect(200)["operations"].clone();
        assert_eq!(operations[0]["said"], json!({"name": "hello", "version": 1}), "{operations}");

        // Changed, it is said to the next one; taken away, the campaign is refused with the reason.
        let changed = json!({"content": {"text": "Welcome"}, "version": 1});
        assert_eq!(tenant.api.put("/contents/hello", &changed).await.expect(200)["version"], 2);
        tenant.api.put("/contents/hello", &changed).await.problem(409, "conflict");
        introduce(&tenant, "bob", "Bob", "fr").await;
        assert_eq!(message_to(&tenant, "bob").await["content"], json!({"text": "Welcome"}));
        tenant.api.delete("/contents/hello").await.expect(204);
        tenant.api.delete("/contents/hello").await.problem(404, "not-found");
        introduce(&tenant, "eve", "Eve", "en").await;
        let refused = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.refused").await;
        assert_eq!(refused[0]["properties"]["reason"], "the tenant keeps no content called `hello`");
        host.stop().await;
    });
}

#[test]
fn ch_4_everything_that_is_wrong_with_a_content_is_told_at_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let bad =
            json!({"content": {"txet": "Hi", "buttons": [{"text": "Go", "url": "shop"}], "languages": {"zh": 1}}});
        let problem = tenant.api.put("/contents/bad", &bad).await.problem(400, "invalid");
        let mut places: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["at"].as_str().unwrap()).collect();
        places.sort_unstable();
        assert_eq!(places, ["buttons[0].url", "languages.zh", "text", "txet"], "{problem}");
        for name in ["A", "x_y"] {
            tenant
                .api
                .put(&format!("/contents/{name}"), &json!({"content": {"text": "x"}}))
                .await
                .problem(400, "invalid");
        }
        let large = json!({"content": {"text": "x", "channels": {"a": {"b": "y".repeat(40_000)}}}});
        tenant.api.put("/contents/large", &large).await.problem(413, "too-large");
        assert_eq!(tenant.list("/contents").await, Vec::<Value>::new());
        host.stop().await;
    });
}

#[test]
fn ch_4_a_preview_is_what_is_sent_later() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        tenant.install_webhook(&sink).await;
        tenant.install("sandbox", json!({})).await;
        tenant.api.put("/contents/hello", &json!({"content": hello()})).await.expect(200);
        let wish = json!({
            "installation": "webhook", "name": "hello", "language": "zh-TW", "variables": {"name": "小梅"},
            "address": "user:mei",
        });
        let preview = tenant.api.post("/contents/preview", &wish).await.expect(200);
        assert_eq!(preview["channel"], "webhook");
        assert_eq!(preview["outcome"], Value::Null, "{preview}");
        assert!(preview["text"].as_str().unwrap().starts_with("新品\n小梅，您好\n[Shop] "), "{preview}");
        assert!(sink.received().is_empty(), "nothing is performed");
        assert_eq!(tenant.list("/messages").await, Vec::<Value>::new());

        tenant.install("welcome", json!({"content": "hello"})).await;
        introduce(&tenant, "mei", "小梅", "zh-TW").await;
        // Either connector reaches her; what it is told is the same but for the channel's own words.
        let sent = message_to(&tenant, "mei").await;
        let request: Value = serde_json::from_str(preview["request"]["body"].as_str().unwrap()).unwrap();
        assert_eq!(request["content"], preview["content"]);
        assert_eq!((&preview["request"]["method"], &preview["request"]["url"]), (&json!("POST"), &json!(sink.url())));
        assert_eq!(sent["content"]["text"], preview["content"]["text"]);

        let on_sandbox = json!({"installation": "sandbox", "content": {"text": "Hi"}});
        let preview = tenant.api.post("/contents/preview", &on_sandbox).await.expect(200);
        assert_eq!((&preview["outcome"], &preview["request"]), (&json!("sent"), &Value::Null));
        for (wish, status, sort) in [
            (json!({"installation": "welcome", "name": "hello"}), 400, "invalid"),
            (json!({"installation": "nobody", "name": "hello"}), 404, "not-found"),
            (json!({"installation": "webhook", "name": "nothing"}), 404, "not-found"),
            (json!({"installation": "webhook"}), 400, "invalid"),
            (json!({"installation": "webhook", "content": {"title": "x"}}), 400, "invalid"),
            (json!({"installation": "webhook", "content": {"text": "x"}, "address": "nobody"}), 400, "invalid"),
        ] {
            tenant.api.post("/contents/preview", &wish).await.problem(status, sort);
        }
        host.stop().await;
    });
}

#[test]
fn ch_4_media_are_kept_and_fetched_at_an_address_that_nobody_guesses() {
    on_both(|place| async move {
        let host = Host::start_with(&place, &[("GUANXI_PUBLIC_URL", "https://go.acme.example/")]).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        tenant.install_webhook(&sink).await;
        let put = async |name: &str, bytes: Vec<u8>| {
            let request = tenant.api.request(Method::PUT, &format!("/media/{name}"));
            client::finish(request.header("content-type", "text/html").body(bytes)).await
        };
        // Two pieces and a bit.
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        picture.resize(2 * 1024 * 1024 + 7, 42);
        let kept = put("logo", picture.clone()).await.expect(200);
        assert_eq!((&kept["kind"], &kept["bytes"]), (&json!("png"), &json!(picture.len())));
        let url = kept["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix("https://go.acme.example").unwrap();
        let fetched = host.stranger().get(path).await;
        assert_eq!((fetched.status, fetched.header("content-type")), (200, Some("image/png")));
        assert_eq!(fetched.header("x-content-type-options"), Some("nosniff"));
        assert!(fetched.header("cache-control").unwrap().contains("immutable"));
        assert_eq!(fetched.body, picture);

        put("page", b"<!doctype html>".to_vec()).await.problem(400, "invalid");
        put("Logo", picture.clone()).await.problem(400, "invalid");
        let mut large = b"GIF89a".to_vec();
        large.resize(10 * 1024 * 1024 + 1, 0);
        put("large", large).await.problem(413, "too-large");
        assert_eq!(tenant.list("/media").await.len(), 1);
        let stem = path.strip_suffix(".png").unwrap();
        for forged in ["/m/", "/m/x.png", stem, &format!("{stem}.jpg"), &format!("{}.png", &stem[..stem.len() - 2])] {
            assert_eq!(host.stranger().get(forged).await.status, 404, "{forged}");
        }

        let content = json!({"text": "Look", "image": "media:logo"});
        tenant.api.put("/contents/look", &json!({ "content": content })).await.expect(200);
        tenant.install("welcome", json!({"content": "look"})).await;
        introduce(&tenant, "ann", "Ann", "en").await;
        assert_eq!(message_to(&tenant, "ann").await["content"], json!({"text": "Look", "image": url}));

        // Another file has another address, and one that was taken away none.
        let again = put("logo", b"GIF89a".to_vec()).await.expect(200);
        assert_ne!(again["url"], url);
        assert_eq!(host.stranger().get(path).await.status, 404);
        tenant.api.delete("/media/logo").await.expect(204);
        tenant.api.delete("/media/logo").await.problem(404, "not-found");
        introduce(&tenant, "bob", "Bob", "en").await;
        let refused = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.refused").await;
        let reason = refused[0]["properties"]["reason"].as_str().unwrap();
        assert!(reason.starts_with("the tenant keeps no media called `logo`"), "{reason}");
        host.stop().await;
    });
}
