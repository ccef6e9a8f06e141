//! Ways out of the sandbox, tried on a running host: each fails, stands in the host's log, and can be seen by whoever runs it.
//! What of them is judged without a host is in `host/runtime/tests/hostile` and `host/channels/tests/egress`.

use guanxi_e2e::environment::guest;
use guanxi_e2e::{Host, Reply, Sink, Tenant, on_both};
use serde_json::{Value, json};

/// What a plugin could do the world with, if the host linked it.
const WASI: [&str; 8] = [
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:filesystem/types@0.2.0",
    "wasi:cli/environment@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:random/random@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
];

const MANIFEST: &str = "contract = '0.1.0'\nname = 'outsider'\nversion = '0.1.0'\n\
    title = { en = 'Outsider', zh = '外人' }\nsummary = { en = 'Wants the world.', zh = '测试用：外人' }\n\
    [campaign]\nevents = ['*']\noperations = []\n";

/// A component that imports one instance without anything in it, and its manifest.
fn importing(name: &str) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    section(&mut component, 7, &[1, 0x42, 0]);
    let mut import = vec![1, 0];
    text(&mut import, name);
    import.extend([5, 0]);
    section(&mut component, 10, &import);
    let mut manifest = Vec::new();
    text(&mut manifest, "guanxi:manifest");
    manifest.extend(MANIFEST.bytes());
    section(&mut component, 0, &manifest);
    component
}

fn section(component: &mut Vec<u8>, id: u8, body: &[u8]) {
    component.push(id);
    length(component, body.len());
    component.extend(body);
}

fn text(body: &mut Vec<u8>, text: &str) {
    length(body, text.len());
    body.extend(text.bytes());
}

/// Seven bits a byte, the lowest first.
fn length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

/// A line of the log that says all of this.
fn logs(host: &Host, words: &[&str]) -> bool {
    host.logged().lines().any(|line| words.iter().all(|word| line.contains(word)))
}

#[test]
fn pl_2_sockets_files_environment_and_clocks_are_refused_at_the_door() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        for name in WASI {
            let refused = host.operator().post_bytes("/api/v1/plugins", "application/wasm", importing(name)).await;
            let problem = refused.problem(400, "invalid");
            let told = problem["errors"].as_array().expect("a report").iter().find(|error| error["at"] == name);
            let told = told.unwrap_or_else(|| panic!("{name}: {problem}"))["problem"].as_str().expect("words");
            assert!(told.starts_with("the host offers no WASI; "), "{told}");
            assert!(logs(&host, &["a package was refused at the door", name]), "{name}\n{}", host.logged());
        }
        host.operator().get("/api/v1/plugins/outsider/0.1.0").await.problem(404, "not-found");
        host.stop().await;
    });
}

#[test]
fn pl_2_a_plugin_finds_no_state_of_another_tenant() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        // The same plugin, the same person, the same messages; it counts in its state.
        for slug in ["first", "second"] {
            let tenant = host.tenant(slug).await;
            let secrets = json!({"signing-key": "of its own"});
            tenant.install_component("counter", guest("well-behaved"), json!({}), secrets).await;
            let page = |n: usize| json!({"type": "page", "userId": "ada", "messageId": format!("page-{n}")});
            tenant.batch(&(0..3).map(page).collect::<Vec<_>>()).await;
            let mine = |decision: &Value| decision["installation"] == "counter";
            let mut decisions = tenant.wait_for("/decisions", 3, mine).await;
            decisions.sort_by_key(|decision| decision["position"].as_i64());
            assert_eq!(decisions[0]["operations"][0]["reason"], "visit 1", "{slug}: {decisions:?}");
        }
        host.stop().await;
    });
}

/// One way out, by the name of the tenant in which it is tried.
struct Way {
    slug: &'static str,
    /// What the connector is told to do.
    config: Value,
    /// How its message ends, and what is said of the attempt.
    ends: &'static str,
    words: String,
}

impl Way {
    fn stopped(slug: &'static str, config: Value, words: impl Into<String>) -> Self {
        Self { slug, config, ends: "failed", words: words.into() }
    }
}

/// All of them, from a connector that may speak to `open` only; what is at `shut` must not hear of it.
fn ways(open: &Sink, shut: &Sink) -> Vec<Way> {
    let port = shut.address().rsplit_once(':').expect("a port").1.to_owned();
    let elsewhere = format!("the host `{}` is not granted", shut.address());
    let private = "which is not public";
    vec![
        Way::stopped("elsewhere", json!({"url": open.url(), "to": shut.url()}), &elsewhere),
        Way::stopped("redirected", json!({"url": format!("http://{}/away", open.address())}), {
            format!("after a redirect: {elsewhere}")
        }),
        // As after DNS has been pointed elsewhere: the name is granted, the address that it leads to is judged.
        Way::stopped("rebound", json!({"url": format!("http://localhost:{port}/")}), private),
        Way::stopped("mapped", json!({"url": format!("http://[::ffff:127.0.0.1]:{port}/")}), private),
        Way::stopped("octal", json!({"url": format!("http://0177.0.0.1:{port}/")}), private),
        Way::stopped("metadata", json!({"url": "http://169.254.169.254/latest/meta-data/"}), private),
        Way::stopped("files", json!({"url": open.url(), "to": "file:///etc/passwd"}), "`file` is not allowed"),
        Way::stopped(
            "handles",
            json!({"url": open.url(), "handle": "{{secret:signing-key}}"}),
            "the secret `signing-key` is not granted or not set",
        ),
        Way {
            slug: "guesses",
            config: json!({"url": open.url(), "guesses": ["signing-key", "token-of-acme"]}),
            ends: "sent",
            words: "named secrets that it does not ask for: signing-key, token-of-acme".to_owned(),
        },
    ]
}

/// The message to the one person who came, in full, once it has ended so.
async fn message(tenant: &Tenant, status: &str) -> Value {
    let found = tenant.wait_for("/messages", 1, |message| message["status"] == status).await;
    tenant.api.get(&format!("/messages/{}", found[0]["id"].as_str().expect("an id"))).await.expect(200)
}

#[test]
fn pl_4_ways_out_of_a_connector_fail_and_are_seen() {
    on_both(|place| async move {
        let (open, shut) = (Sink::start().await, Sink::start().await);
        let away = shut.url();
        open.behave(move |received| match received.target.as_str() {
            "/away" => Reply::With(307, vec![("location", away.clone())]),
            _ => Reply::Status(200),
        });
        let host = Host::start_with(&place, &[("GUANXI_EGRESS_ALLOW_PRIVATE", open.address())]).await;
        // There is such a secret, of another plugin and another tenant.
        host.tenant("neighbour").await.install_webhook(&open).await;
        for Way { slug, config, ends, words } in ways(&open, &shut) {
            let tenant = host.tenant(slug).await;
            let secrets = json!({"token": "not-a-real-one"});
            tenant.install_component(slug, guest("out-breaker"), config, secrets).await;
            tenant.install("welcome", json!({})).await;
            tenant.batch(&[json!({"type": "identify", "userId": "ada", "traits": {"name": "Ada"}})]).await;

            let message = message(&tenant, ends).await;
            if ends == "failed" {
                assert_eq!(message["tries"][0]["outcome"], "not-allowed", "{slug}: {message}");
                assert!(message["reason"].as_str().is_some_and(|why| why.contains(&words)), "{slug}: {message}");
            }
            let health = tenant.api.get(&format!("/installations/{slug}")).await.expect(200)["health"].clone();
            let told = health["last_error"].as_str().unwrap_or_default();
            assert!(told.contains(&words) && health["crashes"] == 0, "{slug}: {health}");
            assert!(logs(&host, &["a plugin tried what it may not do", slug, &words]), "{slug}\n{}", host.logged());
        }
        assert!(shut.received().is_empty(), "{:?}", shut.received());
        let heard: Vec<String> = open.received().into_iter().map(|received| received.target).collect();
        assert_eq!(heard, ["/away", "/hook"], "the redirect, and the message of the one that guessed");
        host.stop().await;
    });
}
