//! CH-9: what staff see of channels: whole exchanges without secrets, sessions and test messages tried out, and what channels
//! sent.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_e2e::{Host, Received, Reply, Sink, Tenant, client, environment, on_both, on_sqlite};
use reqwest::Method;
use serde_json::{Value, json};

/// With everything that some form writes in another way.
const SECRET: &str = "app \"secret\"/of+acmé";
const TOKEN: &str = "token&of the=channel";

async fn install(tenant: &Tenant, sink: &Sink, secret: &str, mode: &str) {
    let plugin = tenant.upload(environment::guest("two-way")).await;
    let wish = json!({
        "plugin": plugin["name"], "version": plugin["version"], "mode": mode, "grants": "requested",
        "config": {"url": format!("http://{}", sink.address())},
        "secrets": {"app-secret": secret, "hook-key": "hook-key-of-acme"},
    });
    tenant.api.put("/installations/two-way", &wish).await.expect(200);
}

/// A text in every form in which a channel may quote it.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let percent = text.bytes().fold(String::new(), |mut all, byte| {
        match byte.is_ascii_alphanumeric() {
            true => all.push(char::from(byte)),
            false => write!(all, "%{byte:02X}").expect("a text"),
        }
        all
    });
    let hex = text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").expect("a text");
        all
    });
    let basic = STANDARD.encode(format!("user:{text}"));
    [text.to_owned(), json, percent.clone(), percent.to_lowercase(), STANDARD.encode(text), basic, hex].join(" | ")
}

/// A channel that gives a token and answers every message with all that it was ever told.
async fn gossip() -> Sink {
    let sink = Sink::start().await;
    sink.behave(|request: &Received| match request.target.as_str() {
        "/token" => Reply::Json(json!({"access_token": TOKEN, "expires_in": 7_200})),
        _ => {
            let said = format!("rejected: {} {}", quoted(SECRET), quoted(TOKEN));
            Reply::Json(json!({"errcode": 7, "errmsg": said, "again": [quoted(TOKEN)], "new_token": "fresh-1"}))
        }
    });
    sink
}

/// Nothing of what was said holds a secret in any form.
#[track_caller]
fn check_hidden(said: &Value) {
    let text = said.to_string();
    for secret in [SECRET, TOKEN] {
        // As it stands inside the document, too.
        for form in quoted(secret).split(" | ") {
            let inside = Value::from(form).to_string();
            assert!(!text.contains(form) && !text.contains(inside.trim_matches('"')), "{form} in {text}");
        }
        let basic = STANDARD.encode(format!("user:{secret}"));
        let middle = &basic[8..basic.len() - 4];
        assert!(!text.contains(middle), "{middle} in {text}");
    }
    for piece in ["fresh-1", "of+acm", "of the=channel"] {
        assert!(!text.contains(piece), "{piece} in {text}");
    }
}

#[test]
fn ch_9_the_whole_exchange_of_a_message_is_seen_without_secrets() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, gossip().await);
        install(&tenant, &sink, SECRET, "live").await;
        tenant.install("welcome", json!({})).await;
        tenant.call("identify", &json!({"userId": "ann", "traits": {"name": "Ann"}})).await.expect(202);
        let tried = |message: &Value| message["attempts"].as_u64() > Some(0) && message["status"] != "sending";
        let message = tenant.wait_for("/messages", 1, tried).await.remove(0);
        let detail = tenant.api.get(&format!("/messages/{}", message["id"].as_str().unwrap())).await.expect(200);
        let exchange = &detail["tries"][0]["exchanges"][0];
        let url = format!("http://{}/send?access_token={{{{session}}}}", sink.address());
        assert_eq!(
            (&exchange["request"]["method"], &exchange["request"]["url"]),
            (&json!("POST"), &json!(url)),
            "{detail}"
        );
        let asked = exchange["request"]["body"]["content"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(asked).unwrap()["to"], "ann");
        assert_eq!(exchange["response"]["status"], 200);
        let answered = exchange["response"]["body"]["content"].as_str().unwrap();
        assert!(answered.contains("[secret]") && answered.contains("errcode"), "{answered}");
        let headers = exchange["response"]["headers"].as_array().unwrap();
        assert!(headers.iter().any(|header| header["name"] == "content-type"), "{headers:?}");
        check_hidden(&detail);

        // Headers quote, too.
        let echo = format!("{TOKEN} token%26of%20the%3Dchannel");
        sink.behave(move |_| Reply::With(403, vec![("x-echo", echo.clone()), ("set-cookie", "way=in".to_owned())]));
        tenant.call("identify", &json!({"userId": "bob"})).await.expect(202);
        let failed = tenant.wait_for("/messages", 1, |message| message["status"] == "failed").await.remove(0);
        let detail = tenant.api.get(&format!("/messages/{}", failed["id"].as_str().unwrap())).await.expect(200);
        let response = &detail["tries"][0]["exchanges"][0]["response"];
        let header = |name: &str| {
            let headers = response["headers"].as_array().expect("headers");
            headers.iter().find(|header| header["name"] == name).map(|header| header["value"].clone())
        };
        assert_eq!(
            (&response["status"], header("x-echo")),
            (&json!(403), Some(json!("[secret] [secret]"))),
            "{detail}"
        );
        assert_eq!(header("set-cookie"), Some(json!("[hidden]")));
        check_hidden(&detail);
        host.stop().await;
    });
}

#[test]
fn ch_9_operators_choose_what_is_kept() {
    on_sqlite(|place| async move {
        let host = Host::start_with(&place, &[("GUANXI_KEEP_EXCHANGES", "failures")]).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        sink.behave(|request| match request.target.as_str() {
            "/token" => Reply::Json(json!({"access_token": "t-1"})),
            _ => Reply::Json(json!({"errcode": 0})),
        });
        install(&tenant, &sink, "s", "live").await;
        tenant.install("welcome", json!({})).await;
        tenant.call("identify", &json!({"userId": "ann"})).await.expect(202);
        let message = tenant.wait_for("/messages", 1, |message| message["status"] == "sent").await.remove(0);
        let detail = tenant.api.get(&format!("/messages/{}", message["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(detail["tries"][0]["exchanges"], json!([]));
        let channels = tenant.list("/channels").await;
        let channel = channels.iter().find(|channel| channel["name"] == "two-way").expect("the channel");
        assert_eq!((&channel["state"], &channel["hour"]["sent"]), (&json!("live"), &json!(1)), "{channel}");
        assert!(channel["day"]["median_ms"].is_i64(), "{channel}");
        host.stop().await;
    });
}

#[test]
fn ch_9_sessions_and_test_messages_are_tried_before_a_channel_is_switched_on() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        sink.behave(|_| Reply::Json(json!({"errcode": 40_125, "errmsg": format!("invalid secret {SECRET}")})));
        install(&tenant, &sink, SECRET, "off").await;
        let check = async || tenant.api.post("/installations/two-way/check-session", &json!({})).await.expect(200);
        for _ in 0..2 {
            // Asked again although it is too early for messages.
            let failed = check().await;
            assert_eq!((&failed["wanted"], &failed["ok"]), (&json!(true), &json!(false)));
            let problem = failed["problem"].as_str().unwrap();
            assert!(problem.contains("errcode 40125") && problem.contains("[secret]"), "{problem}");
        }
        assert_eq!(sink.received().len(), 2);

        sink.behave(|request: &Received| match request.target.as_str() {
            "/token" => Reply::Json(json!({"access_token": TOKEN, "expires_in": 7_200})),
            _ => Reply::Json(json!({"errcode": 0})),
        });
        let good = check().await;
        assert_eq!((&good["ok"], &good["problem"]), (&json!(true), &Value::Null), "{good}");
        assert!(good["expires_at"].is_i64(), "{good}");

        let test = "/installations/two-way/test-message";
        let wish = json!({"address": "user:staff", "content": {"text": "你好"}});
        let report = tenant.api.post(test, &wish).await.expect(200);
        assert_eq!((&report["outcome"], &report["exchanges"][0]["response"]["status"]), (&json!("sent"), &json!(200)));
        let arrived = sink.received().pop().expect("a request");
        assert_eq!((&arrived.json()["to"], &arrived.json()["id"]), (&json!("staff"), &report["id"]));
        assert_eq!(arrived.json()["content"]["text"], "你好");
        check_hidden(&report);
        // It is nobody's message.
        assert_eq!(tenant.list("/messages").await, Vec::<Value>::new());
        assert_eq!(tenant.find("user:staff").await, None);
        let noted = tenant.list("/installations/two-way/test-messages").await;
        assert_eq!((noted.len(), &noted[0]["id"], &noted[0]["outcome"]), (1, &report["id"], &json!("sent")));
        assert!(!noted[0].to_string().contains("staff"), "{noted:?}");

        let elsewhere = json!({"address": "email:a@example.com", "content": {"text": "x"}});
        tenant.api.post(test, &elsewhere).await.problem(400, "invalid");
        let empty = json!({"address": "user:staff", "content": {}});
        tenant.api.post(test, &empty).await.problem(400, "invalid");
        let mut last = 200;
        for _ in 0..10 {
            last = tenant.api.post(test, &wish).await.status;
        }
        assert_eq!(last, 429, "ten a minute");
        host.stop().await;
    });
}

#[test]
fn ch_9_what_a_channel_sent_is_listed_with_why_it_was_refused() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        install(&tenant, &sink, SECRET, "live").await;
        let list = "/installations/two-way/callbacks";
        assert_eq!(tenant.list(list).await, Vec::<Value>::new());
        let stranger = host.stranger();
        stranger.get("/hooks/acme/two-way?echostr=abc").await;
        let forged = stranger.request(Method::POST, "/hooks/acme/two-way").header("x-signature", "00").body("[]");
        assert_eq!(client::finish(forged).await.status, 403);
        client::finish(stranger.request(Method::POST, "/hooks/acme/two-way").body("crash"))
            .await
            .problem(503, "unavailable");
        stranger.get("/hooks/acme/nobody").await.problem(404, "not-found");
        let seen = tenant.list(list).await;
        let told: Vec<_> =
            seen.iter().map(|one| (one["method"].as_str().unwrap(), one["outcome"].as_str().unwrap())).collect();
        assert_eq!(told, [("POST", "unable"), ("POST", "refused"), ("GET", "taken")]);
        assert_eq!(seen[1]["reason"], "the signature is missing or wrong");
        assert_eq!(seen[2]["status"], 200);
        let channel = tenant.list("/channels").await.remove(0);
        assert_eq!(
            (&channel["callback_path"], &channel["lacks"]),
            (&json!("/hooks/acme/two-way"), &json!([])),
            "{channel}"
        );
        assert_eq!(channel["last_callback"], seen[0]);
        host.stop().await;
    });
}

#[test]
fn ch_9_the_log_is_filtered_and_what_did_not_arrive_is_summed_up() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, sink) = (host.tenant("acme").await, Sink::start().await);
        sink.behave(|_| Reply::Status(410));
        tenant.install_webhook(&sink).await;
        tenant.install("welcome", json!({})).await;
        tenant.call("identify", &json!({"userId": "ann"})).await.expect(202);
        let ended = tenant.wait_for("/messages", 1, |message| message["status"] == "failed").await.remove(0);
        let detail = tenant.api.get(&format!("/messages/{}", ended["id"].as_str().unwrap())).await.expect(200);
        let outcome = detail["tries"][0]["outcome"].as_str().unwrap();
        let at = ended["created_at"].as_i64().unwrap();
        for (query, count) in [
            ("installation=webhook".to_owned(), 1),
            (format!("installation=webhook&status=failed&outcome={outcome}"), 1),
            (format!("class={}&purpose={}", ended["class"].as_str().unwrap(), ended["purpose"].as_str().unwrap()), 1),
            ("status=sent".to_owned(), 0),
            ("installation=welcome".to_owned(), 0),
            (format!("to={}", at - 60_000), 0),
            (format!("from={}&person={}", at - 60_000, ended["person"].as_str().unwrap()), 1),
        ] {
            assert_eq!(tenant.list(&format!("/messages?{query}")).await.len(), count, "{query}");
        }
        tenant.api.get("/messages?installation=nothing").await.problem(404, "not-found");
        tenant.api.get("/messages?class=spam").await.problem(400, "invalid");
        let groups = tenant.list("/undelivered").await;
        assert_eq!((groups.len(), &groups[0]["status"], &groups[0]["count"]), (1, &json!("failed"), &json!(1)));
        assert_eq!((&groups[0]["outcome"], &groups[0]["connector"]), (&json!(outcome), &ended["connector"]));
        host.stop().await;
    });
}
