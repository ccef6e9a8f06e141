//! CH-3, CH-8: sessions that channels give, and requests that they send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guanxi_e2e::host::run_well;
use guanxi_e2e::{
    Answer, Client, Host, Place, Received, Reply, Sink, Tenant, client, environment, eventually, on_both, on_sqlite,
};
use reqwest::Method;
use serde_json::{Value, json};

const PEOPLE: usize = 40;
const TOKEN: &str = "token-of-the-channel-";
const SECRET: &str = "app-\"secret\"-of-acme";
const UPDATES: &str = r#"[{"id":"u-1","from":"ann","text":"Hello 你好","at":1767225600000},{"id":"u-2","from":"bob","text":"Hi","at":1767225601000}]"#;
/// Computed with Python's `hmac` under the key `hook-key-of-acme`.
const SIGNATURE: &str = "53779c364ec9392f66d79a3d2cd631fc7297992b7f18f7a38bc38f1c429244dc";

/// A channel that gives tokens with numbers and refuses those up to the number in `dead`.
struct Channel {
    sink: Sink,
    dead: Arc<AtomicUsize>,
}

impl Channel {
    async fn start() -> Self {
        let (sink, dead, given) = (Sink::start().await, Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let refused = Arc::clone(&dead);
        sink.behave(move |request: &Received| {
            if request.target == "/token" {
                let number = given.fetch_add(1, Ordering::SeqCst) + 1;
                return Reply::Json(json!({"access_token": format!("{TOKEN}{number}"), "expires_in": "7200"}));
            }
            let token = request
                .target
                .strip_prefix("/send?access_token=")
                .and_then(|token| token.strip_prefix(TOKEN)?.parse().ok());
            let refuses = token.is_none_or(|number: usize| number <= refused.load(Ordering::SeqCst));
            Reply::Json(json!({"errcode": if refuses { 40_001 } else { 0 }}))
        });
        Self { sink, dead }
    }

    fn url(&self) -> String {
        format!("http://{}", self.sink.address())
    }

    /// The bodies with which tokens were asked for.
    fn asked(&self) -> Vec<Value> {
        self.sink.received().iter().filter(|request| request.target == "/token").map(Received::json).collect()
    }
}

async fn install(tenant: &Tenant, url: &str, secret: &str) {
    let secrets = json!({"app-secret": secret, "hook-key": "hook-key-of-acme"});
    tenant.install_component("two-way", environment::guest("two-way"), json!({"url": url}), secrets).await;
}

async fn welcome(tenant: &Tenant, round: &str, people: usize) {
    let calls: Vec<Value> =
        (0..people).map(|n| json!({"type": "identify", "userId": format!("{round}-{n}"), "traits": {}})).collect();
    tenant.batch(&calls).await;
    let here = |message: &Value| {
        let address = message["address"].as_str().unwrap_or_default();
        address.starts_with(&format!("user:{round}-")) && message["status"] == "sent"
    };
    tenant.wait_for("/messages", people, here).await;
}

#[test]
fn ch_8_a_storm_of_refused_sessions_asks_for_one_new_session() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, channel) = (host.tenant("acme").await, Channel::start().await);
        install(&tenant, &channel.url(), SECRET).await;
        tenant.install("welcome", json!({})).await;
        welcome(&tenant, "first", PEOPLE).await;
        assert_eq!(channel.asked(), [json!({"secret": SECRET})]);

        // Many messages under way at once find out that it is over.
        channel.dead.store(1, Ordering::SeqCst);
        welcome(&tenant, "second", PEOPLE).await;
        assert_eq!(channel.asked().len(), 2, "one asks for all");

        // It is kept, and not in the clear.
        host.kill().await;
        let host = Host::start(&place).await;
        let tenant = tenant.on(&host);
        welcome(&tenant, "third", 1).await;
        assert_eq!(channel.asked().len(), 2, "a process that starts finds the session");
        assert!(!stands_in_the_file(&place, TOKEN.as_bytes()), "no token is kept in the clear");

        // Another secret wants another session.
        install(&tenant, &channel.url(), "another").await;
        eventually("the new secret is used", async || {
            welcome(&tenant, &format!("fourth-{}", channel.sink.received().len()), 1).await;
            (channel.asked().last() == Some(&json!({"secret": "another"}))).then_some(())
        })
        .await;
        assert_eq!(channel.asked().len(), 3);
        host.stop().await;
    });
}

/// Of PostgreSQL the file is not at hand; there the same bytes are written.
fn stands_in_the_file(place: &Place, token: &[u8]) -> bool {
    let holds = |file: &str| {
        let bytes = std::fs::read(place.data_dir().join(file)).unwrap_or_default();
        bytes.windows(token.len()).any(|window| window == token)
    };
    ["guanxi.db", "guanxi.db-wal"].into_iter().any(holds)
}

#[test]
fn ch_8_why_a_channel_gives_no_session_is_told_without_its_secret() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        let refusal = format!("invalid secret {SECRET}");
        sink.behave(move |_| Reply::Json(json!({"errcode": 40_125, "errmsg": refusal, "refresh_token": "r-1"})));
        install(&tenant, &format!("http://{}", sink.address()), SECRET).await;
        tenant.install("welcome", json!({})).await;
        tenant.call("identify", &json!({"userId": "ann"})).await.expect(202);
        let message = tenant.wait_for("/messages", 1, |message| message["attempts"].as_u64() > Some(0)).await.remove(0);
        let path = format!("/messages/{}", message["id"].as_str().unwrap());
        let tried =
            eventually("a try", async || tenant.api.get(&path).await.expect(200)["tries"].get(0).cloned()).await;
        let detail = tried["detail"].as_str().unwrap();
        assert_eq!(tried["outcome"], "session");
        assert!(detail.contains("there is no token at `/access_token`; it answered 200 (errcode 40125"), "{detail}");
        assert!(!detail.contains("app-") && !detail.contains("r-1"), "{detail}");

        // Once it does, the message leaves.
        sink.behave(|request| match request.target.as_str() {
            "/token" => Reply::Json(json!({"access_token": "t-1"})),
            _ => Reply::Json(json!({"errcode": 0})),
        });
        tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await;
        host.stop().await;
    });
}

async fn call(host: &Host, path: &str, signature: &str, body: &str) -> Answer {
    let stranger: Client = host.stranger();
    let request = stranger.request(Method::POST, path).header("x-signature", signature).body(body.to_owned());
    client::finish(request).await
}

#[test]
fn ch_3_what_a_channel_sends_is_verified_read_and_kept_once() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        host.tenant("rival").await;
        install(&tenant, &format!("http://{}", sink.address()), SECRET).await;
        let path = "/hooks/acme/two-way";

        // The handshake, and nothing that a browser would act on.
        let shaken = host.stranger().get(&format!("{path}?echostr=abc%20d")).await;
        assert_eq!((shaken.status, shaken.text().as_str()), (200, "echostr=abc%20d"));
        assert_eq!((shaken.header("x-request-id"), shaken.header("set-cookie")), (Some("7"), None));
        assert!(shaken.header("content-security-policy").unwrap().starts_with("sandbox"), "{:?}", shaken.headers);

        for _ in 0..2 {
            let taken = call(&host, path, SIGNATURE, UPDATES).await;
            assert_eq!((taken.status, taken.text().as_str()), (200, "taken"));
        }
        let said = tenant.wait_for("/events", 2, |event| event["kind"] == "Message Received").await;
        assert_eq!(said.len(), 2, "a repetition is known by its key: {said:?}");
        let ann = tenant.person("user:ann", |_| true).await;
        let hello = said.iter().find(|event| event["properties"]["text"] == "Hello 你好").expect("her words");
        assert_eq!((&hello["channel"], &hello["occurred_at"]), (&json!("two-way"), &json!(1_767_225_600_000_i64)));
        assert!(ann["id"].is_string());

        // What is not from the channel, what cannot be read, and what makes the connector crash.
        call(&host, path, &SIGNATURE.replace('5', "6"), UPDATES).await.problem(403, "forbidden");
        call(&host, path, SIGNATURE, &UPDATES.replace("Hi", "Ho")).await.problem(403, "forbidden");
        for _ in 0..20 {
            call(&host, path, SIGNATURE, "crash").await.problem(503, "unavailable");
        }
        call(&host, path, SIGNATURE, &"x".repeat(1024 * 1024 + 1)).await.problem(413, "too-large");
        let installation = tenant.api.get("/installations/two-way").await.expect(200);
        assert_eq!(installation["health"]["crashes"], 0, "strangers cannot stop a connector: {installation}");
        for nobody in ["/hooks/rival/two-way", "/hooks/acme/none", "/hooks/none/two-way"] {
            call(&host, nobody, SIGNATURE, UPDATES).await.problem(404, "not-found");
        }
        host.stranger().delete(path).await.problem(405, "method-not-allowed");
        host.stop().await;
    });
}

#[test]
fn pl_9_an_author_tries_sessions_and_callbacks_without_a_host() {
    on_sqlite(|place| async move {
        let file = |name: &str| place.data_dir().join(name).display().to_string();
        std::fs::create_dir_all(place.data_dir()).expect("a folder");
        std::fs::write(file("two-way.wasm"), environment::guest("two-way")).expect("a component");
        let input = json!({
            "config": {"url": "https://two-way.example"}, "secrets": {"hook-key": "hook-key-of-acme"}, "authorize": true,
            "incoming": {"method": "POST", "headers": [["X-Signature", SIGNATURE]], "body": UPDATES, "now": 0},
        });
        std::fs::write(file("input.json"), input.to_string()).expect("an input");
        let printed = run_well(&place, ["plugin", "run", &file("two-way.wasm"), &file("input.json")]).await;
        let answers = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
        let answers: Vec<Value> = answers.collect::<Result<_, _>>().expect("JSON");
        let session = &answers[0]["answer"]["ok"];
        assert_eq!(session["request"]["body"], r#"{"secret":"{{secret:app-secret}}"}"#, "{answers:?}");
        assert_eq!((&session["token-pointer"], &session["lifetime-seconds"]), (&json!("/access_token"), &json!(7_200)));
        let read = &answers[1]["answer"]["ok"];
        assert_eq!((&read["reply"]["status"], &read["events"][1]["key"]), (&json!(200), &json!("u-2")), "{answers:?}");
        assert_eq!(read["events"][0]["properties"], json!({"text": "Hello 你好"}));
    });
}
