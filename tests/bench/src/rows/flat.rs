//! What an event costs beside a hundred times as many people: two servers over ten thousand and over a million people
//! take turns, each with events of its own people at random, so that whatever else the machine does burdens both.

use anyhow::{Result, ensure};
use bytes::Bytes;
use fastrand::Rng;
use guanxi_crowd::Crowd;
use reqwest::Client;
use serde_json::json;
use sqlx::AnyPool;

use super::fresh::until_decided;
use crate::database::{Database, number};
use crate::measure::{self, Rounds};
use crate::population::Population;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

/// How many times the cost beside few people may grow.
const RATIO: f64 = 1.3;
const PLUGINS: [&str; 2] = ["social-value", "ror"];
/// Events of one request.
const BATCH: usize = 200;
/// Rounds that are not counted: caches fill.
const WARM_UP: usize = 1;

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let databases = [Database::sqlite(surroundings)?, Database::sqlite(surroundings)?];
    measured(surroundings, databases, "flat_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let databases = [Database::postgres(surroundings).await?, Database::postgres(surroundings).await?];
    measured(surroundings, databases, "flat_postgres").await
}

async fn measured(surroundings: &Surroundings, databases: [Database; 2], name: &'static str) -> Result<Vec<Row>> {
    let sizes = [surroundings.size(10_000, 2_000), surroundings.size(1_000_000, 20_000)];
    let (rounds, events) = (surroundings.size(5, 3), surroundings.size(20_000, 4_000));
    let client = server::client()?;
    let mut sides = Vec::new();
    for (database, people) in databases.into_iter().zip(sizes) {
        sides.push(Side::start(surroundings, database, people, &client).await?);
    }
    for round in 0..WARM_UP + rounds {
        for side in &mut sides {
            side.take_turn(&client, round, events).await?;
        }
    }
    let mut costs = Vec::new();
    for side in sides {
        costs.push(side.stop().await?);
    }
    let [few, many] = costs.as_slice() else { anyhow::bail!("two sides have two costs") };
    let note = format!(
        "{} against {} people at random; {rounds} rounds of {events} events each, taken in turn, from the first request to the \
         last decision; processor of the server {:.0} against {:.0} µs",
        sizes[1], sizes[0], many.processor, few.processor
    );
    let row = Row::new(name, many.wall, "µs/event").against("beside few people", few.wall);
    Ok(vec![row.ratio_at_most(RATIO).note(note)])
}

/// Microseconds of an event, by the median round.
struct Cost {
    wall: f64,
    processor: f64,
}

/// One server over its people.
struct Side {
    database: Database,
    pool: AnyPool,
    server: Server,
    tenant: Tenant,
    people: u32,
    random: Rng,
    wall: Rounds,
    processor: Rounds,
}

impl Side {
    async fn start(surroundings: &Surroundings, database: Database, people: usize, client: &Client) -> Result<Self> {
        let population = Population::new(people, measure::epoch_ms())?.whole();
        let setup = Setup::open(&database.url).await?;
        let tenant = setup.tenant("bench").await?;
        setup.install_all(surroundings, &tenant, &PLUGINS).await?;
        population.fill(&database, &setup.store, tenant.id).await?;
        setup.close().await;
        let server = Server::start(surroundings, &database, client).await?;
        let (people, pool) = (population.crowd.size(), database.connect().await?);
        let (random, wall, processor) = (Rng::with_seed(3), Rounds::default(), Rounds::default());
        Ok(Self { database, pool, server, tenant, people, random, wall, processor })
    }

    async fn take_turn(&mut self, client: &Client, round: usize, events: usize) -> Result<()> {
        let bodies: Vec<Bytes> = (0..events / BATCH).map(|request| self.body(round, request)).collect();
        let url = format!("{}/v1/batch", self.server.address);
        let (used, start) = (self.server.processor_seconds()?, measure::now());
        for body in bodies {
            let accepted = server::send(client, &url, &self.tenant.write_key, body).await?;
            ensure!(accepted == BATCH, "{accepted} of {BATCH} events were accepted");
        }
        until_decided(&self.pool, &self.tenant).await?;
        let taken = measure::now().duration_since(start);
        if round >= WARM_UP {
            self.wall.push(taken.as_secs_f64() * 1e6 / events as f64);
            self.processor.push((self.server.processor_seconds()? - used) * 1e6 / events as f64);
        }
        Ok(())
    }

    fn body(&mut self, round: usize, request: usize) -> Bytes {
        let mut message = |number: usize| {
            let (user, product) = (Crowd::account(self.random.u32(0..self.people)), self.random.u32(0..500));
            json!({
                "type": "track", "userId": user, "event": "Product Viewed",
                "messageId": format!("flat-{round}-{request}-{number}"),
                "properties": {"product_id": product.to_string(), "category": "tea", "price": 19.9},
            })
        };
        let batch: Vec<_> = (0..BATCH).map(&mut message).collect();
        Bytes::from(json!({ "batch": batch }).to_string())
    }

    /// Everybody was there before, so events must have made nobody.
    async fn stop(mut self) -> Result<Cost> {
        let people = number(&self.pool, "select count(*) from people").await?;
        ensure!(people == i64::from(self.people), "{people} people instead of {}", self.people);
        self.pool.close().await;
        self.server.stop().await?;
        self.database.remove().await?;
        Ok(Cost { wall: self.wall.median(), processor: self.processor.median() })
    }
}
