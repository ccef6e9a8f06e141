//! CH-1, CH-2: channels that are not HTTP, with real servers of theirs.

use guanxi_e2e::script::Service;
use guanxi_e2e::{Answer, Client, Host, Place, Tenant, client, environment, on_both};
use reqwest::Method;
use serde_json::{Value, json};

const USER: &str = "news";
const PASSWORD: &str = "pass-\"word\" of acme";
const BOUNCE_TOKEN: &str = "token-for-bounces-of-acme";

/// A host that trusts a mail server, and a tenant that sends through it.
struct Post {
    host: Host,
    tenant: Tenant,
    server: Service,
}

impl Post {
    async fn open(place: &Place) -> Self {
        std::fs::create_dir_all(place.data_dir()).expect("a folder");
        let folder = place.data_dir().display().to_string();
        let given = json!({"folder": folder, "user": USER, "password": PASSWORD});
        let mut server = Service::python("mail_server.py", &given);
        let ready = server.next().await;
        let certificate = ready["certificate"].as_str().expect("a certificate");
        let host = Host::start_with(place, &[("SSL_CERT_FILE", certificate)]).await;
        let tenant = host.tenant("acme").await;
        let config = json!({
            "url": format!("smtp://localhost:{}", ready["port"]), "username": USER,
            "from-address": "news@brand.example", "from-name": "茶 Tea", "return-path": "bounces@brand.example",
            "dkim-selector": "s1", "callback-url": format!("{}/hooks/acme/mail", host.url()),
        });
        let secrets = json!({
            "password": PASSWORD, "dkim-key": ready["dkim_key"], "callback-token": BOUNCE_TOKEN,
            "unsubscribe-key": "a key of links that nobody guesses",
        });
        tenant.install_component("mail", environment::plugin("email-smtp"), config, secrets).await;
        tenant.install("welcome", json!({})).await;
        Self { host, tenant, server }
    }

    /// Makes the plugin write to somebody; the message once it is as wanted, with its tries.
    async fn write_to(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let address = format!("{name}@example.com");
        let traits = json!({"email": address, "name": "阿达 <Ada>", "locale": "zh"});
        self.tenant.call("identify", &json!({"userId": name, "traits": traits})).await.expect(202);
        let theirs = |message: &Value| message["address"] == format!("email:{address}") && wanted(message);
        let message = self.tenant.wait_for("/messages", 1, theirs).await.remove(0);
        self.tenant.api.get(&format!("/messages/{}", message["id"].as_str().expect("an id"))).await.expect(200)
    }

    async fn ask(&self, method: Method, target: &str, body: &str) -> Answer {
        let stranger: Client = self.host.stranger();
        client::finish(stranger.request(method, target).body(body.to_owned())).await
    }

    async fn event(&self, kind: &str) -> Value {
        self.tenant.wait_for("/events", 1, |event| event["kind"] == kind).await.remove(0)
    }
}

#[test]
fn ch_2_mail_arrives_signed_over_tls_and_can_be_unsubscribed_from() {
    on_both(|place| async move {
        let mut post = Post::open(&place).await;
        let message = post.write_to("ada", |message| message["status"] == "sent").await;
        let id = message["id"].as_str().expect("an id");
        assert_eq!(message["channel_id"], format!("{id}@brand.example"), "{message}");
        assert_eq!(
            (&message["tries"][0]["http_status"], &message["tries"][0]["outcome"]),
            (&json!(250), &json!("sent"))
        );

        let mail = post.server.next().await;
        let told = |name: &str| mail[name].clone();
        assert_eq!(told("from"), format!("bounces+{id}@brand.example"));
        assert_eq!((told("to"), told("user"), told("tls")), (json!(["ada@example.com"]), json!(USER), json!(true)));
        assert_eq!((told("signed"), told("changed")), (json!(true), json!(false)), "{mail}");
        assert_eq!(told("asked"), "s1._domainkey.brand.example");
        assert!(told("text").as_str().expect("a text").starts_with("阿达 <Ada>，欢迎您！"), "{mail}");
        assert!(told("html").as_str().expect("a text").contains("阿达 &lt;Ada&gt;，欢迎您！"), "{mail}");
        let header = |name: &str| mail["headers"][name].as_str().unwrap_or_default().to_owned();
        assert_eq!(header("from"), "茶 Tea <news@brand.example>");
        assert_eq!(header("message-id"), format!("<{id}@brand.example>"));
        assert_eq!(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");

        // A look changes nothing, a click does.
        let link = header("list-unsubscribe");
        let link = link.trim_matches(['<', '>']).strip_prefix(post.host.url()).expect("a link to this host");
        let page = post.ask(Method::GET, link, "").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("allow-forms") && policy.contains("form-action 'self'"), "{policy}");
        let forged = link.replace("&s=", "&s=A");
        post.ask(Method::POST, &forged, "List-Unsubscribe=One-Click").await.problem(403, "forbidden");
        assert_eq!(post.ask(Method::POST, link, "List-Unsubscribe=One-Click").await.status, 200);
        let withdrawn = post.event("Consent Withdrawn").await;
        let evidence = format!("unsubscribed with one click from {id}");
        assert_eq!(withdrawn["properties"], json!({"purpose": "marketing", "evidence": evidence}));
        post.host.stop().await;
    });
}

#[test]
fn ch_2_what_a_mail_server_refuses_and_what_bounces_later_is_told() {
    on_both(|place| async move {
        let post = Post::open(&place).await;
        let gone = post.write_to("nobody", |message| message["status"] == "failed").await;
        let try_of =
            |message: &Value| (message["tries"][0]["http_status"].clone(), message["tries"][0]["outcome"].clone());
        assert_eq!(try_of(&gone), (json!(550), json!("recipient-gone")), "{gone}");
        let later = post
            .write_to("later", |message| message["attempts"].as_u64() > Some(0) && message["status"] == "queued")
            .await;
        assert_eq!(try_of(&later), (json!(451), json!("retry-after")), "{later}");

        let sent = post.write_to("bob", |message| message["status"] == "sent").await;
        let id = sent["id"].as_str().expect("an id");
        let report = format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: bounces+{id}@brand.example\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: 5.2.2\r\n\
             Diagnostic-Code: smtp; 552 mailbox full\r\n\r\n--b--\r\n"
        );
        post.ask(Method::POST, "/hooks/acme/mail?token=guess", &report).await.problem(403, "forbidden");
        let target = format!("/hooks/acme/mail?token={BOUNCE_TOKEN}");
        assert_eq!(post.ask(Method::POST, &target, &report).await.status, 200);
        post.ask(Method::POST, &target, "Subject: holiday\r\n\r\nI am away").await.problem(400, "invalid");
        let bounced = post.event("guanxi.delivery").await;
        let expected = json!({
            "channel-id": format!("{id}@brand.example"), "state": "bounced", "message": id,
            "reason": "5.2.2 552 mailbox full", "status": "5.2.2",
        });
        assert_eq!(bounced["properties"], expected);
        post.host.stop().await;
    });
}

#[test]
fn ch_1_chinese_text_goes_out_over_smpp_and_its_receipt_comes_back() {
    on_both(|place| async move {
        let account = json!({"system_id": "acme", "password": "s3cr3t-8"});
        let mut centre = Service::node("smpp_centre.mjs", &account);
        let port = centre.next().await["port"].clone();
        let host = Host::start(&place).await;
        let tenant = host.tenant("acme").await;
        let config = json!({"url": format!("smpp://127.0.0.1:{port}"), "system-id": "acme", "source": "TeaCo"});
        let secrets = json!({"password": "s3cr3t-8"});
        tenant.install_component("sms", environment::plugin("smpp"), config, secrets).await;
        let text = "您好，阿达，您的茶到了。🍵".repeat(6);
        tenant.install("welcome", json!({"texts": {"zh": text}})).await;
        let write_to = async |name: &str, phone: &str, status: &str| {
            let traits = json!({"phone": phone, "locale": "zh"});
            tenant.call("identify", &json!({"userId": name, "traits": traits})).await.expect(202);
            let theirs =
                |message: &Value| message["address"] == format!("phone:{phone}") && message["status"] == status;
            tenant.wait_for("/messages", 1, theirs).await.remove(0)
        };

        let sent = write_to("ada", "+8613800000001", "sent").await;
        let (first, second) = (centre.next().await, centre.next().await);
        let parts = [&first, &second].map(|part| part["text"].as_str().expect("a text").to_owned());
        assert_eq!(parts.concat(), text);
        for part in [&first, &second] {
            let told = json!([part["to"], part["from"], part["coding"], part["has_header"], part["sessions"]]);
            assert_eq!(told, json!(["8613800000001", "TeaCo", 8, true, 1]), "{part}");
        }
        assert_eq!(sent["channel_id"], second["id"], "{sent}");

        // Both are acknowledged once they are in the log.
        for _ in 0..2 {
            let answered = centre.next().await;
            assert_eq!(answered["status"], 0, "{answered}");
        }
        let event = async |kind: &str| tenant.wait_for("/events", 1, |event| event["kind"] == kind).await.remove(0);
        let delivered = event("guanxi.delivery").await;
        assert_eq!(delivered["properties"], json!({"channel-id": second["id"], "state": "delivered"}));
        let reply = event("Message Received").await;
        assert_eq!(reply["properties"], json!({"text": "谢谢！🍵", "kind": "text", "to": "TeaCo"}));

        // A number that is none is told, and the session stays the same.
        let gone = write_to("nobody", "+8613800009999", "failed").await;
        let gone = tenant.api.get(&format!("/messages/{}", gone["id"].as_str().expect("an id"))).await.expect(200);
        assert_eq!(gone["tries"][0]["outcome"], "recipient-gone", "{gone}");
        write_to("bob", "+8613800000002", "sent").await;
        assert_eq!(centre.next().await["sessions"], 1);

        // What only the session may say, nobody else says.
        let forged = host.stranger().post("/hooks/acme/sms", &json!({"esm_class": 4})).await;
        forged.problem(403, "forbidden");
        host.stop().await;
    });
}
