//! Counts what is there after all kills and compares it with what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use guanxi_e2e::sql::Database;
use guanxi_e2e::{Place, Sink, Tenant, eventually_within};
use serde_json::Value;

use super::load::Sent;

const SETTLED_MAX: Duration = Duration::from_secs(120);
/// Timers of the first band ring within the story; those of the second in weeks.
const SOON_MS: i64 = 3_600_000;

/// Waits until nothing is left to do, then counts everything.
pub async fn check(place: &Place, acme: &Tenant, sink: &Sink, sent: &Sent) {
    let database = Database::of(place).await;
    let tenant = database.number("select tenant_id from tenants where slug = 'acme'").await;
    let books = Books { database, tenant };
    books.settled().await;
    books.log(sent).await;
    books.decisions(sent).await;
    books.facts(sent).await;
    books.scores(sent).await;
    let messages = books.messages(sent).await;
    books.host_events(sent, messages).await;
    arrivals(sink, sent, messages);
    assert_eq!(acme.list("/dead-letters").await, Vec::<Value>::new());
    books.database.close().await;
}

struct Books {
    database: Database,
    tenant: i64,
}

impl Books {
    async fn rows<T>(&self, sql: &str) -> Vec<T>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> + Send + Unpin,
    {
        self.database.rows(&sql.replace("$tenant", &self.tenant.to_string())).await
    }

    async fn number(&self, sql: &str) -> i64 {
        self.database.number(&sql.replace("$tenant", &self.tenant.to_string())).await
    }

    /// In one statement, which sees one moment: the log is worked off, no timer rings soon, the outbox is empty.
    async fn settled(&self) {
        let soon = guanxi_e2e::now_millis() + SOON_MS;
        let left = format!(
            "select (select head from log_heads where tenant_id = $tenant)
                  - (select position from log_positions where tenant_id = $tenant)
                  + (select count(*) from timers where tenant_id = $tenant and due_at < {soon})
                  + (select count(*) from messages where tenant_id = $tenant and status in ('queued', 'sending'))"
        );
        let look = async || (self.number(&left).await == 0).then_some(());
        eventually_within(SETTLED_MAX, "a log worked off, timers rung, an outbox drained", look).await;
    }

    /// Every acknowledged event is there, once, and nothing that was not sent.
    async fn log(&self, sent: &Sent) {
        let ids: Vec<(String,)> =
            self.rows("select message_id from events where tenant_id = $tenant and message_id like 'kill-%'").await;
        assert_eq!(ids.len(), sent.message_ids.len());
        let ids: BTreeSet<String> = ids.into_iter().map(|(id,)| id).collect();
        assert_eq!(ids, sent.message_ids);
        let timeline = self.number("select count(*) from timeline where tenant_id = $tenant").await;
        assert_eq!(timeline, self.number("select count(*) from events where tenant_id = $tenant").await);
    }

    /// Every campaign decided once about every event that it wants.
    async fn decisions(&self, sent: &Sent) {
        let decided: Vec<(String, String, i64, i64)> = self
            .rows(
                "select i.name, e.kind, count(*), count(distinct d.position) from decisions d
                 join installations i on i.tenant_id = d.tenant_id and i.id = d.installation_id
                 join events e on e.tenant_id = d.tenant_id and e.position = d.position
                 where d.tenant_id = $tenant and d.outcome <> 'failed' group by i.name, e.kind",
            )
            .await;
        let timers =
            self.number("select count(*) from events where tenant_id = $tenant and kind = 'guanxi.timer'").await;
        let identifies: i64 = sent.people.values().map(|person| person.identifies).sum();
        let orders: i64 = sent.people.values().map(|person| person.order_events).sum();
        let expected = [
            ("red-packet", "Order Completed", orders),
            ("welcome", "identify", identifies),
            ("win-back", "Order Completed", orders),
            ("win-back", "guanxi.timer", timers),
        ];
        let expected: BTreeSet<_> = expected
            .into_iter()
            .filter(|(.., n)| *n > 0)
            .map(|(name, kind, n)| (name.to_owned(), kind.to_owned(), n, n))
            .collect();
        assert_eq!(decided.into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(
            self.number("select count(*) from decisions where tenant_id = $tenant and outcome = 'failed'").await,
            0
        );
    }

    /// Running totals equal those of the senders.
    async fn facts(&self, sent: &Sent) {
        let facts: Vec<(String, i64, i64, i64)> = self
            .rows(
                "select i.value, p.event_count, p.order_count, p.revenue from people p
                 join identities i on i.tenant_id = p.tenant_id and i.person_id = p.id and i.kind = 'user'
                 where p.tenant_id = $tenant",
            )
            .await;
        let facts: BTreeMap<String, (i64, i64, i64)> =
            facts.into_iter().map(|(user, events, orders, revenue)| (user, (events, orders, revenue))).collect();
        let expected: BTreeMap<String, (i64, i64, i64)> = sent
            .people
            .iter()
            .map(|(user, person)| (user.clone(), (person.events, person.order_count(), person.revenue())))
            .collect();
        assert_eq!(facts, expected);
        assert_eq!(self.number("select count(*) from people where tenant_id = $tenant").await, facts.len() as i64);
    }

    /// Everybody has the scores that follow from the final facts.
    async fn scores(&self, sent: &Sent) {
        let scores: Vec<(String, String, f64)> = self
            .rows(
                "select i.value, s.name, s.value from scores s
                 join identities i on i.tenant_id = s.tenant_id and i.person_id = s.person_id and i.kind = 'user'
                 where s.tenant_id = $tenant and s.name in ('ror', 'social-value')",
            )
            .await;
        let scores: BTreeMap<(String, String), f64> =
            scores.into_iter().map(|(user, name, value)| ((user, name), value)).collect();
        assert_eq!(scores.len(), 2 * sent.people.len());
        for (user, person) in &sent.people {
            let value = scores[&(user.clone(), "social-value".to_owned())];
            let expected = person.revenue() as f64 / 100.0 + person.events as f64 + 0.05 * person.followers as f64;
            assert!((value - expected).abs() < 1e-6, "{user}: {value} instead of {expected}");
        }
    }

    /// Everybody was welcomed once; whose timer rang was written to once. Returns how many messages there are.
    async fn messages(&self, sent: &Sent) -> usize {
        let messages: Vec<(String, String, String, i64)> = self
            .rows(
                "select n.value, i.name, m.status, count(*) from messages m
                 join identities n on n.tenant_id = m.tenant_id and n.person_id = m.person_id and n.kind = 'user'
                 join decisions d on d.tenant_id = m.tenant_id and d.id = m.decision_id
                 join installations i on i.tenant_id = d.tenant_id and i.id = d.installation_id
                 where m.tenant_id = $tenant group by n.value, i.name, m.status",
            )
            .await;
        let rung: Vec<(String,)> = self
            .rows(
                "select n.value from events e
                 join timeline t on t.tenant_id = e.tenant_id and t.position = e.position
                 join identities n on n.tenant_id = t.tenant_id and n.person_id = t.person_id and n.kind = 'user'
                 where e.tenant_id = $tenant and e.kind = 'guanxi.timer'",
            )
            .await;
        assert!(!rung.is_empty(), "no timer rang: the host was away for too long");
        let of = |user: &String, campaign: &str| (user.clone(), campaign.to_owned(), "sent".to_owned(), 1);
        let mut expected: BTreeSet<_> = sent.people.keys().map(|user| of(user, "welcome")).collect();
        for (user,) in &rung {
            assert!(sent.people[user].sleeper, "{user} was woken");
            assert!(expected.insert(of(user, "win-back")), "{user} was woken twice");
        }
        let messages: BTreeSet<_> = messages.into_iter().collect();
        assert_eq!(messages, expected);
        messages.len()
    }

    /// What the host itself tells is told once: the end of each message, each refusal.
    async fn host_events(&self, sent: &Sent, messages: usize) {
        let told: Vec<(String, i64)> = self
            .rows("select kind, count(*) from events where tenant_id = $tenant and kind like 'guanxi.%' group by kind")
            .await;
        let told: BTreeMap<String, i64> = told.into_iter().collect();
        let orders: i64 = sent.people.values().map(|person| person.order_events).sum();
        assert_eq!(told.get("guanxi.message"), Some(&(messages as i64)), "{told:?}");
        assert_eq!(told.get("guanxi.refused"), Some(&orders), "{told:?}");
    }
}

/// Each message arrived, under one id. The host may have been killed after the request and before it knew: then the
/// receiver sees the same id again, which is what the id is for.
fn arrivals(sink: &Sink, sent: &Sent, messages: usize) {
    let received = sink.received();
    let mut ids: BTreeMap<String, (String, String)> = BTreeMap::new();
    for one in &received {
        let (id, body) = (one.header("webhook-id").expect("an id").to_owned(), one.json());
        let address = body["address"].as_str().expect("an address").to_owned();
        let said = (address, body["content"]["text"].as_str().expect("a text").to_owned());
        assert_eq!(ids.entry(id).or_insert_with(|| said.clone()), &said, "one id, two messages");
    }
    assert_eq!(ids.len(), messages);
    let mut welcomed: Vec<&String> =
        ids.values().filter(|(_, text)| text.starts_with("Welcome, ")).map(|(address, _)| address).collect();
    welcomed.sort();
    let expected: Vec<String> = sent.people.keys().map(|user| format!("user:{user}")).collect();
    assert_eq!(welcomed, expected.iter().collect::<Vec<_>>());
    println!("{messages} messages arrived, {} of them again after a crash", received.len() - ids.len());
}
