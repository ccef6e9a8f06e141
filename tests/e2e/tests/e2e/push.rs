//! CH-2, CH-3: push messages arrive at a push service, are read by whom they are for, and end where a browser unsubscribed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_e2e::{Host, Received, Reply, Sink, Tenant, environment, on_both, script};
use serde_json::{Value, json};

/// The browser of RFC 8291, appendix A.
const KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
/// Made for this test.
const VAPID_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
     MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrSC6fL2I6e5uiOgI\n\
     fspcuNur6cireF98QQn8ySlenZyhRANCAAR43aDlfIeCDFsIJp+gxdVSStbymR9U\n\
     9kn4rTk0uT0Hd1YCU5cPb/nt2+2uB2GhXLygrN/GO71uUnOU7nzQjXDi\n\
     -----END PRIVATE KEY-----\n";
const PUBLIC_KEY: &str = "BHjdoOV8h4IMWwgmn6DF1VJK1vKZH1T2SfitOTS5PQd3VgJTlw9v-e3b7a4HYaFcvKCs38Y7vW5Sc5TufNCNcOI";

async fn install(tenant: &Tenant, service: &str) {
    let config = json!({
        "public-key": PUBLIC_KEY, "contact": "mailto:push@shop.example", "title": "Tea shop", "site": "https://shop.example/",
        "push-service": service,
    });
    let secrets = json!({"vapid-key": VAPID_KEY, "seed": "a long random text"});
    tenant.install_component("web-push", environment::plugin("web-push"), config, secrets).await;
    tenant.install("welcome", json!({})).await;
}

/// Somebody comes who has subscribed, as their browser writes it.
async fn subscribe(tenant: &Tenant, user: &str, service: &str) {
    let keys = json!({"p256dh": POINT, "auth": AUTH});
    let subscription = json!({"endpoint": format!("{service}/push/{user}"), "expirationTime": null, "keys": keys});
    let ids = json!([{"type": "web_push", "id": subscription.to_string()}]);
    let call = json!({"userId": user, "traits": {"name": "Ada"}, "context": {"externalIds": ids}});
    tenant.call("identify", &call).await.expect(202);
}

async fn read(received: &[Received], service: &str) -> Vec<Value> {
    let requests: Vec<Value> = received
        .iter()
        .map(
            |request| json!({"body": STANDARD.encode(&request.body), "authorization": request.header("authorization")}),
        )
        .collect();
    let given = json!({"key": KEY, "auth": AUTH, "audience": service, "requests": requests});
    script::python("read_push.py", &given).await.as_array().expect("a list").clone()
}

#[test]
fn ch_2_a_push_message_is_read_by_the_browser_that_subscribed() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let service = format!("http://{}", sink.address());
        install(&tenant, &service).await;

        // The first attempt fails, the second has its topic and another key.
        let tries = std::sync::atomic::AtomicUsize::new(0);
        sink.behave(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Reply::With(503, vec![("retry-after", "1".to_owned())]),
            _ => Reply::Status(201),
        });
        subscribe(&tenant, "ada", &service).await;
        let sent = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        let address = format!("web_push:{service}/push/ada#{POINT}.{AUTH}");
        assert_eq!((&sent[0]["address"], &sent[0]["attempts"]), (&json!(address), &json!(2)));

        let received = sink.wait_for(2).await;
        for request in &received {
            assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/push/ada"));
            let headers = ["content-encoding", "urgency"].map(|name| request.header(name));
            assert_eq!(headers, [Some("aes128gcm"), Some("normal")]);
            let ttl: i64 = request.header("ttl").unwrap().parse().expect("seconds");
            assert!((86_000..=86_400).contains(&ttl), "{ttl}");
        }
        assert_eq!(received[0].header("topic"), received[1].header("topic"));
        let read = read(&received, &service).await;
        assert_ne!(read[0]["salt"], read[1]["salt"]);
        for one in &read {
            assert_eq!((&one["key"], &one["claims"]["sub"]), (&json!(PUBLIC_KEY), &json!("mailto:push@shop.example")));
            let shown = &one["message"]["notification"];
            assert!(shown["body"].as_str().unwrap().contains("Ada"), "{shown}");
            assert_eq!((&shown["title"], &shown["navigate"]), (&json!("Tea shop"), &json!("https://shop.example/")));
            assert_eq!((&shown["tag"], &one["message"]["web_push"]), (&sent[0]["id"], &json!(8_030)));
        }

        // A browser that has unsubscribed is not asked again.
        sink.behave(|_| Reply::Status(410));
        subscribe(&tenant, "bob", &service).await;
        let failed = tenant.wait_for("/messages", 1, |message| message["status"] == "failed").await;
        let path = format!("/messages/{}", failed[0]["id"].as_str().unwrap());
        let tried = tenant.api.get(&path).await.expect(200)["tries"][0].clone();
        assert_eq!(tried["outcome"], "recipient-gone", "{tried}");
        assert_eq!(failed[0]["attempts"], 1);
        host.stop().await;
    });
}
