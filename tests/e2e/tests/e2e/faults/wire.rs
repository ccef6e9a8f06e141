//! The database goes away and comes back.

use guanxi_e2e::environment::{plugin, variable};
use guanxi_e2e::proxy::Proxy;
use guanxi_e2e::tenant::WEBHOOK_SECRET;
use guanxi_e2e::{Answer, Host, Place, Sink, Tenant, eventually, on_both};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

fn introduction(number: usize) -> Value {
    json!({"type": "identify", "userId": format!("user-{number}"), "messageId": format!("wire-{number}"), "traits": {}})
}

async fn send(acme: &Tenant, number: usize) -> Answer {
    acme.call("batch", &json!({"batch": [introduction(number)]})).await
}

/// How PostgreSQL can be away.
enum Outage {
    /// Whoever answers in its place hangs up, as a balancer with nothing behind it does.
    Wire(Proxy),
    /// It is there, ends our sessions and lets nobody in, as while it is being restored.
    Door { server: String, name: String },
}

impl Outage {
    async fn begin(&self) {
        match self {
            Self::Wire(proxy) => proxy.cut(),
            Self::Door { server, name } => {
                let closed = format!("alter database {name} with allow_connections false");
                let sent_away =
                    format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
                tell(server, [closed, sent_away]).await;
            }
        }
    }

    async fn end(&self) {
        match self {
            Self::Wire(proxy) => proxy.mend(),
            Self::Door { server, name } => {
                tell(server, [format!("alter database {name} with allow_connections true")]).await
            }
        }
    }
}

async fn tell(server: &str, statements: impl IntoIterator<Item = String>) {
    let mut admin = PgConnection::connect(server).await.expect("PostgreSQL");
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await.expect("it does what it is told");
    }
}

#[test]
fn te_6_a_database_that_goes_away_and_comes_back_costs_patience_and_nothing_else() {
    on_both(|place| async move {
        // SQLite has no wire to cut; what can happen to a file is told in `disk`.
        let Some(url) = place.database_url().map(str::to_owned) else { return };
        let target = address_of(&url);
        let proxy = Proxy::to(&target).await;
        let through = proxy.instead_of(&url, &target);
        story(place, &through, Outage::Wire(proxy)).await;
    });
}

#[test]
fn te_6_a_database_that_lets_nobody_in_for_a_while_costs_patience_and_nothing_else() {
    on_both(|place| async move {
        let Some(url) = place.database_url().map(str::to_owned) else { return };
        let (_, name) = url.split('?').next().and_then(|address| address.rsplit_once('/')).expect("a database");
        let outage = Outage::Door { server: variable("GUANXI_TEST_DATABASE_URL"), name: name.to_owned() };
        story(place, &url, outage).await;
    });
}

async fn story(place: Place, url: &str, outage: Outage) {
    let sink = Sink::start().await;
    // A message whose end could not be written down is tried again after its lease, twelve exchanges long.
    let variables = [("GUANXI_DATABASE_URL", url), ("GUANXI_EGRESS_TIMEOUT_SECONDS", "1")];
    let mut host = Host::start_with(&place, &variables).await;
    let acme = host.tenant("acme").await;
    let secrets = json!({"signing-key": WEBHOOK_SECRET});
    acme.install_component("webhook", plugin("webhook"), json!({"url": sink.url()}), secrets).await;
    acme.install("welcome", json!({})).await;
    for number in 0..5 {
        send(&acme, number).await.expect(202);
    }
    // It goes away while these are on their way through campaigns and outbox.
    outage.begin().await;

    for number in 5..8 {
        let refused = send(&acme, number).await;
        let problem = refused.problem(503, "unavailable");
        assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{problem}");
        assert!(!refused.text().contains("sqlx") && !refused.text().contains("postgres"), "{problem}");
    }
    host.stranger().get("/readyz").await.problem(503, "unavailable");
    host.stranger().get("/healthz").await.expect(200);
    acme.api.get("/people").await.problem(503, "unavailable");

    outage.end().await;
    let ready = async || (host.stranger().get("/readyz").await.status == 200).then_some(());
    eventually("readiness, without a restart", ready).await;
    // An SDK sends again what was not acknowledged, and often what was.
    for number in 0..10 {
        let receipt = send(&acme, number).await.expect(202);
        let known = i64::from(number < 5);
        assert_eq!(receipt["duplicates"], known, "{number}: {receipt}");
    }
    acme.wait_for("/messages", 10, |message| message["status"] == "sent").await;
    let mut greeted: Vec<String> = sink
        .wait_for(10)
        .await
        .iter()
        .map(|one| one.json()["address"].as_str().expect("an address").to_owned())
        .collect();
    greeted.sort();
    greeted.dedup();
    assert_eq!(greeted, (0..10).map(|number| format!("user:user-{number}")).collect::<Vec<_>>());
    let events = acme.list("/events").await;
    assert_eq!(events.iter().filter(|event| event["kind"] == "identify").count(), 10);
    assert!(!host.has_ended());
    host.stop().await;
}

/// `host:port` of a URL.
fn address_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").expect("a URL");
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    rest.rsplit('@').next().unwrap_or(rest).to_owned()
}

#[test]
fn te_6_a_host_whose_database_is_not_there_says_so_and_ends() {
    on_both(|place| async move {
        variable("GUANXI_TEST_BINARY");
        let nowhere = match place.database_url() {
            Some(url) => url.replacen(&address_of(url), "127.0.0.1:1", 1),
            None => "sqlite:///nowhere/at/all/guanxi.db?mode=rwc".to_owned(),
        };
        let mut serve = guanxi_e2e::host::command(&place, ["serve"]);
        let ended = serve.env("GUANXI_DATABASE_URL", nowhere).output().await.expect("the binary starts");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success());
        assert!(told.starts_with("error: the database cannot be opened: the database is not available: "), "{told}");
    });
}
