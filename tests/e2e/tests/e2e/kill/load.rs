//! Senders as the published SDKs are: a batch goes out again with the same message ids until it is acknowledged. What
//! they sent is summed up on the way, independently of the host.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use guanxi_e2e::client::{try_finish, with_json};
use guanxi_e2e::{Client, now_millis};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

const BATCH: usize = 20;
const HOUR: i64 = 3_600_000;
/// Sleepers ordered almost two days ago: so much later they leave the first band of recency.
const DOZE: i64 = 15_000;
const SLEEPERS: u32 = 4;
/// A batch in so much time, so that the host keeps up even where everything shares two cores.
const PACE: Duration = Duration::from_millis(40);
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Between two tries; a host that starts needs longer.
const PATIENCE: Duration = Duration::from_millis(100);

/// The way to a host that moves.
pub struct Wire {
    pub address: watch::Receiver<String>,
    pub write_key: String,
}

/// What must be there in the end of one person.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Person {
    pub events: i64,
    pub identifies: i64,
    /// Order events, repetitions included.
    pub order_events: i64,
    /// Paid and given back, by order.
    pub orders: BTreeMap<String, (i64, i64)>,
    pub followers: i64,
    pub sleeper: bool,
}

/// What must be there in the end.
#[derive(Default)]
pub struct Sent {
    pub people: BTreeMap<String, Person>,
    pub message_ids: BTreeSet<String>,
    /// Batches that went out more than once.
    pub repeated: usize,
    /// Events that the host knew already when they came again.
    pub duplicates: i64,
}

impl Person {
    /// Minor units over all orders, refunds taken off.
    pub fn revenue(&self) -> i64 {
        self.orders.values().map(|(paid, back)| paid - back).sum()
    }

    /// Orders that were not given back as a whole.
    pub fn order_count(&self) -> i64 {
        i64::try_from(self.orders.values().filter(|(paid, back)| back < paid).count()).expect("few")
    }
}

impl Sent {
    pub fn add(&mut self, other: Self) {
        self.people.extend(other.people);
        self.message_ids.extend(other.message_ids);
        self.repeated += other.repeated;
        self.duplicates += other.duplicates;
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, people) = (self.message_ids.len(), self.people.len());
        write!(f, "{events} events of {people} people acknowledged, ")?;
        write!(f, "{} batches sent again, {} events recognised as sent before", self.repeated, self.duplicates)
    }
}

/// Sends batch after batch until told to stop; the last one is acknowledged, too.
pub async fn send(wire: Wire, number: u32, seed: u64, stop: watch::Receiver<bool>) -> Sent {
    let mut author = Author { number, random: Rng::with_seed(seed ^ u64::from(number + 1)), sent: Sent::default() };
    let mut pace = interval(PACE);
    while !*stop.borrow() {
        pace.tick().await;
        let batch = author.batch();
        let (tries, duplicates) = deliver(&wire, &batch).await;
        author.sent.repeated += usize::from(tries > 1);
        author.sent.duplicates += duplicates;
    }
    author.sent
}

/// Sends a batch until it is acknowledged; returns how often that was, and what was known already.
async fn deliver(wire: &Wire, batch: &[Value]) -> (usize, i64) {
    let body = json!({"batch": batch});
    for tries in 1.. {
        let address = wire.address.borrow().clone();
        let client = Client::new(&address).with_token(&wire.write_key);
        let request = with_json(client.request(Method::POST, "/v1/batch"), &body).timeout(ANSWER_MAX);
        match try_finish(request).await {
            Ok(answer) if matches!(answer.status, 429 | 503) => {}
            Ok(answer) => {
                let receipt = answer.expect(202);
                let (accepted, duplicates) = (receipt["accepted"].as_i64(), receipt["duplicates"].as_i64());
                let known = duplicates.expect("a count");
                assert_eq!(accepted.expect("a count") + known, i64::try_from(batch.len()).expect("few"), "{receipt}");
                assert!(tries > 1 || known == 0, "fresh events were taken for known ones: {receipt}");
                return (tries, known);
            }
            Err(_) => {}
        }
        let mut moved = wire.address.clone();
        // Whichever comes first: the host is somewhere else, or it is time to try again.
        drop(timeout(PATIENCE, moved.wait_for(|now| *now != address)).await);
    }
    unreachable!("the loop has no end")
}

/// Invents what people do.
struct Author {
    number: u32,
    random: Rng,
    sent: Sent,
}

impl Author {
    fn batch(&mut self) -> Vec<Value> {
        let sleepers = self.sent.people.values().filter(|person| person.sleeper).count();
        let mut batch = Vec::with_capacity(BATCH);
        if sleepers < SLEEPERS as usize {
            batch.extend(self.sleeper(sleepers));
        }
        while batch.len() < BATCH {
            batch.push(self.event());
        }
        batch
    }

    /// Somebody who ordered almost two days ago and does nothing else.
    fn sleeper(&mut self, number: usize) -> [Value; 2] {
        let user = format!("sleeper-{}-{number}", self.number);
        self.sent.people.entry(user.clone()).or_default().sleeper = true;
        let at = now_millis() - 48 * HOUR + DOZE;
        let mut both = [self.identify(&user), self.order(&user)];
        for event in &mut both {
            event["timestamp"] = at.into();
        }
        both
    }

    fn event(&mut self) -> Value {
        // New people keep coming, so that messages are under way at every kill.
        let people = 20 + self.sent.message_ids.len() / 20;
        let user = format!("user-{}-{}", self.number, self.random.usize(0..people));
        let known = self.sent.people.contains_key(&user);
        match self.random.u32(0..10) {
            _ if !known => self.identify(&user),
            0 => self.identify(&user),
            1..=3 => self.order(&user),
            4 => self.refund(&user),
            5 => self.correction(&user),
            _ => self.message(&user, json!({"type": "page", "name": "Tea"})),
        }
    }

    fn identify(&mut self, user: &str) -> Value {
        let followers = self.random.u32(0..10_000);
        let event = self.message(user, json!({"type": "identify", "traits": {"name": user, "followers": followers}}));
        let person = self.person(user);
        person.identifies += 1;
        person.followers = followers.into();
        event
    }

    fn order(&mut self, user: &str) -> Value {
        let (order, cents) = (format!("{user}-{}", self.person(user).orders.len()), self.random.i64(1..100_000));
        self.person(user).orders.insert(order.clone(), (cents, 0));
        self.order_event(user, "Order Completed", &order, cents)
    }

    /// The shop says the order again with another, larger amount.
    fn correction(&mut self, user: &str) -> Value {
        let Some((order, (paid, back))) = self.person(user).orders.pop_last() else { return self.order(user) };
        // What was given back as a whole stays out, so that both sums are plain.
        if back >= paid {
            self.person(user).orders.insert(order, (paid, back));
            return self.order(user);
        }
        let paid = paid + self.random.i64(0..100);
        self.person(user).orders.insert(order.clone(), (paid, back));
        self.order_event(user, "Order Completed", &order, paid)
    }

    /// Half of what is left, or more than there ever was.
    fn refund(&mut self, user: &str) -> Value {
        let Some((order, (paid, back))) = self.person(user).orders.first_key_value().map(|(o, p)| (o.clone(), *p))
        else {
            return self.order(user);
        };
        let asked = if self.random.bool() { (paid - back) / 2 } else { paid + 1 };
        let back = paid.min(back + asked);
        self.person(user).orders.insert(order.clone(), (paid, back));
        self.order_event(user, "Order Refunded", &order, asked)
    }

    fn order_event(&mut self, user: &str, kind: &str, order: &str, cents: i64) -> Value {
        if kind == "Order Completed" {
            self.person(user).order_events += 1;
        }
        let properties = json!({"order_id": order, "total": cents as f64 / 100.0, "currency": "CNY"});
        self.message(user, json!({"type": "track", "event": kind, "properties": properties}))
    }

    fn message(&mut self, user: &str, mut body: Value) -> Value {
        let id = format!("kill-{}-{}", self.number, self.sent.message_ids.len());
        body["userId"] = user.into();
        body["messageId"] = id.clone().into();
        self.sent.message_ids.insert(id);
        self.person(user).events += 1;
        body
    }

    fn person(&mut self, user: &str) -> &mut Person {
        self.sent.people.entry(user.to_owned()).or_default()
    }
}
