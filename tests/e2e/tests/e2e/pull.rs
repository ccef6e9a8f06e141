//! CO-6, ID-8: channels that must be asked, page by page, with nothing lost and nothing twice.

use std::sync::{Arc, Mutex};

use guanxi_e2e::host::run_well;
use guanxi_e2e::{Host, Received, Reply, Sink, Tenant, environment, eventually, on_both, on_sqlite};
use serde_json::{Value, json};

/// A page is answered within a second or not at all, so that a turn of a host that was killed is over after ten.
const SHORT: &[(&str, &str)] = &[("GUANXI_EGRESS_TIMEOUT_SECONDS", "1")];
const AT: i64 = 1_767_225_600_000;

/// A provider with mentions, two a page. It gives sessions with numbers and refuses those up to the number that is dead.
struct Provider {
    sink: Sink,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    mentions: Vec<Value>,
    given: usize,
    dead: usize,
    /// What every question is answered with instead of a page.
    instead: Option<Reply>,
    /// From this place on nobody is answered.
    hangs_at: Option<usize>,
}

impl Provider {
    async fn start() -> Self {
        let (sink, state) = (Sink::start().await, Arc::new(Mutex::new(State::default())));
        let shared = Arc::clone(&state);
        sink.behave(move |request: &Received| shared.lock().expect("no panic inside").answer(request));
        Self { sink, state }
    }

    fn url(&self) -> String {
        format!("http://{}", self.sink.address())
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("no panic inside"));
    }

    /// Adds mentions called by their numbers.
    fn mention(&self, count: usize) {
        self.change(|state| {
            for _ in 0..count {
                let number = state.mentions.len() + 1;
                state.mentions.push(json!({
                    "key": format!("m-{number}"), "from": format!("fan-{number}"), "kind": "Brand Mentioned", "at": AT,
                    "properties": {"text": format!("I love this tea {number} 好茶")},
                }));
            }
        });
    }

    /// Where questions began.
    fn asked(&self) -> Vec<usize> {
        self.sink.received().iter().filter_map(place).collect()
    }
}

impl State {
    fn answer(&mut self, request: &Received) -> Reply {
        if request.target == "/token" {
            self.given += 1;
            return Reply::Json(json!({"access_token": format!("token-{}", self.given)}));
        }
        let Some(after) = place(request) else { return Reply::Status(404) };
        let token = request.header("authorization").and_then(|text| text.strip_prefix("Bearer token-")?.parse().ok());
        if token.is_none_or(|number: usize| number <= self.dead) {
            return Reply::Status(401);
        }
        if self.hangs_at.is_some_and(|place| after >= place) {
            return Reply::Hang;
        }
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        let events: Vec<Value> = self.mentions.iter().skip(after).take(2).cloned().collect();
        let next = after + events.len();
        Reply::Json(json!({"cursor": next.to_string(), "more": next < self.mentions.len(), "events": events}))
    }
}

fn place(request: &Received) -> Option<usize> {
    request.target.strip_prefix("/mentions?after=")?.parse().ok()
}

async fn install(tenant: &Tenant, provider: &Provider) {
    let secrets = json!({"app-secret": "secret-of-the-app"});
    let config = json!({"url": provider.url()});
    tenant.install_component("puller", environment::guest("puller"), config, secrets).await;
}

const POLL: &str = "/installations/puller/poll";

async fn poll_now(tenant: &Tenant) {
    tenant.api.post(POLL, &json!({})).await.expect(202);
}

/// The state of the poll once it is so.
async fn state(tenant: &Tenant, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || Some(tenant.api.get(POLL).await.expect(200)).filter(&holds)).await
}

fn is_mention(event: &Value) -> bool {
    event["kind"] == "Brand Mentioned"
}

#[test]
fn co_6_mentions_come_in_once_whatever_happens_in_between() {
    on_both(|place| async move {
        let host = Host::start_with(&place, SHORT).await;
        let (tenant, rival) = (host.tenant("acme").await, host.tenant("rival").await);
        let provider = Provider::start().await;
        provider.mention(5);
        install(&tenant, &provider).await;
        let told = tenant.wait_for("/events", 5, is_mention).await;
        assert_eq!(told.len(), 5);
        assert!(told.iter().all(|event| event["channel"] == "puller" && event["occurred_at"] == AT), "{told:?}");
        tenant.person("user:fan-5", |_| true).await;
        let known = state(&tenant, "a success", |poll| poll["outcome"] == "done" && poll["cursor"] == "5").await;
        assert_eq!((&known["events"], &known["failures"], &known["problem"]), (&json!(5), &json!(0), &Value::Null));
        assert!(known["succeeded_at"].is_i64() && known["polled_at"].is_i64(), "{known}");

        // Killed while the provider keeps it waiting for the second page of the next ones.
        provider.change(|state| state.hangs_at = Some(7));
        provider.mention(4);
        poll_now(&tenant).await;
        eventually("a question that hangs", async || provider.asked().contains(&7).then_some(())).await;
        host.kill().await;
        provider.change(|state| state.hangs_at = None);
        let before = provider.asked().len();
        let host = Host::start_with(&place, SHORT).await;
        let (tenant, rival) = (tenant.on(&host), rival.on(&host));
        let told = tenant.wait_for("/events", 9, is_mention).await;
        assert_eq!(told.len(), 9, "nothing lost, nothing twice");
        assert_eq!(provider.asked().get(before), Some(&7), "it goes on where the last page ended");
        assert_eq!(rival.list("/events").await, Vec::<Value>::new());
        rival.api.get(POLL).await.problem(404, "not-found");

        // From the beginning: everything comes again, and nothing is kept twice.
        let reset = format!("{POLL}/reset");
        tenant.api.post(&reset, &json!({"reason": " "})).await.problem(400, "invalid");
        tenant.api.post(&reset, &json!({"reason": "the provider lost a day"})).await.expect(202);
        let again = state(&tenant, "the end again", |poll| poll["cursor"] == "9" && !poll["reset"].is_null()).await;
        assert_eq!((&again["events"], &again["reset"]["reason"]), (&json!(9), &json!("the provider lost a day")));
        assert_eq!(tenant.list("/events").await.into_iter().filter(is_mention).count(), 9);
        let log = tenant.wait_for("/events", 1, |event| event["kind"] == "guanxi.poll-reset").await;
        assert_eq!(log[0]["properties"]["installation"], "puller");
        host.stop().await;
    });
}

#[test]
fn co_6_sessions_quotas_and_mistakes_of_a_provider_are_dealt_with() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, provider) = (host.tenant("acme").await, Provider::start().await);
        provider.mention(1);
        install(&tenant, &provider).await;
        tenant.wait_for("/events", 1, is_mention).await;

        // The session has ended: another is got, once, within the same turn.
        provider.change(|state| state.dead = 1);
        provider.mention(1);
        poll_now(&tenant).await;
        tenant.wait_for("/events", 2, is_mention).await;
        provider.change(|state| assert_eq!(state.given, 2));

        // The quota is used up: nobody asks before it is there again, but who wants to.
        provider.change(|state| state.instead = Some(Reply::Status(402)));
        provider.mention(1);
        poll_now(&tenant).await;
        let held = state(&tenant, "a quota", |poll| poll["outcome"] == "quota-exhausted").await;
        let wait = held["next_at"].as_i64().unwrap() - held["polled_at"].as_i64().unwrap();
        assert!((3_500_000..=3_600_000).contains(&wait), "{held}");

        let busy = Reply::With(429, vec![("retry-after", "120".to_owned())]);
        provider.change(|state| state.instead = Some(busy));
        poll_now(&tenant).await;
        let held = state(&tenant, "patience", |poll| poll["outcome"] == "retry-after").await;
        let wait = held["next_at"].as_i64().unwrap() - held["polled_at"].as_i64().unwrap();
        assert!((119_000..=120_000).contains(&wait), "{held}");
        assert_eq!(held["cursor"], "2", "what was there stays there");

        // An event that is none costs itself alone.
        let odd = json!({"key": "odd", "from": "fan-9", "kind": "guanxi.timer", "at": AT, "properties": {}});
        let good = json!({"key": "good", "from": "fan-9", "kind": "Brand Mentioned", "at": AT, "properties": {}});
        let both = json!({"cursor": "3", "more": false, "events": [odd, good]});
        provider.change(|state| state.instead = Some(Reply::Json(both)));
        poll_now(&tenant).await;
        tenant.wait_for("/events", 3, is_mention).await;
        let told = state(&tenant, "a success", |poll| poll["cursor"] == "3" && poll["outcome"] == "done").await;
        assert!(told["problem"].as_str().is_some_and(|why| why.contains("event.kind")), "{told}");

        // One that says that there is more and does not go on is not asked for ever.
        let stuck = json!({"cursor": "3", "more": true, "events": []});
        provider.change(|state| state.instead = Some(Reply::Json(stuck)));
        poll_now(&tenant).await;
        state(&tenant, "an end", |poll| poll["outcome"] == "stuck").await;

        // A crash counts as everywhere else.
        provider.change(|state| state.instead = Some(Reply::Json(json!("crash"))));
        poll_now(&tenant).await;
        state(&tenant, "a crash", |poll| poll["outcome"] == "crashed").await;
        let installation = tenant.api.get("/installations/puller").await.expect(200);
        assert!(installation["health"]["crashes"].as_u64() > Some(0), "{installation}");

        provider.change(|state| state.instead = None);
        poll_now(&tenant).await;
        state(&tenant, "a success", |poll| poll["outcome"] == "done").await;
        host.stop().await;
    });
}

#[test]
fn id_8_a_refresh_of_profiles_brings_signals_with_their_age() {
    on_both(|place| async move {
        let host = Host::start(&place).await;
        let (tenant, provider) = (host.tenant("acme").await, Provider::start().await);
        let signals = json!({"followers": {"value": 1_200, "observed_at": AT - 60_000}});
        let told = json!({
            "key": "p-1", "from": "ann", "kind": "identify", "at": AT,
            "properties": {"name": "Ann", "city": "上海", "signals": signals},
        });
        provider.change(|state| state.mentions.push(told));
        install(&tenant, &provider).await;
        let ann = tenant.person("user:ann", |person| !person["attributes"]["city"].is_null()).await;
        assert_eq!((&ann["attributes"]["name"], &ann["attributes"]["city"]), (&json!("Ann"), &json!("上海")));
        let signal = &ann["signals"][0];
        assert_eq!((&signal["kind"], &signal["observed_at"]), (&json!("followers"), &json!(AT - 60_000)), "{ann}");
        host.stop().await;
    });
}

#[test]
fn pl_9_an_author_tries_polling_and_audiences_without_a_host() {
    on_sqlite(|place| async move {
        let file = |name: &str| place.data_dir().join(name).display().to_string();
        std::fs::create_dir_all(place.data_dir()).expect("a folder");
        std::fs::write(file("puller.wasm"), environment::guest("puller")).expect("a component");
        let page = json!({"cursor": "1", "more": false, "events": []}).to_string();
        let input = json!({
            "config": {"url": "https://puller.example"}, "poll": {"cursor": "0", "now": AT},
            "change": {"audience": "vip", "add": ["email:00"], "now": AT}, "responses": [{"status": 200, "body": page}],
        });
        std::fs::write(file("input.json"), input.to_string()).expect("an input");
        let printed = run_well(&place, ["plugin", "run", &file("puller.wasm"), &file("input.json")]).await;
        let answers = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
        let answers: Vec<Value> = answers.collect::<Result<_, _>>().expect("JSON");
        let ok = |index: usize| answers[index]["answer"]["ok"].clone();
        assert_eq!(ok(0)["perform"]["url"], "https://puller.example/mentions?after=0", "{answers:?}");
        assert_eq!(ok(1)["page"], json!({"cursor": "1", "events": [], "more": false}));
        assert_eq!(ok(2)["perform"]["body"], r#"{"add":["email:00"],"audience":"vip","remove":[]}"#);
        assert_eq!(ok(3)["done"], json!({"sent": null}));
    });
}
