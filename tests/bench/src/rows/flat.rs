//! What an event costs beside a hundred times as many people: two servers over ten thousand and over a million people
//! take turns, each with visits of its own people at random, so that whatever else the machine does burdens both. Beside
//! them, people who do one thing each and do not come back: of a million nobody is remembered then, of ten thousand all.

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
/// What somebody does in a visit, and how many visitors there are at once, each of whom is as likely to do something next.
const VISIT: usize = 5;
const VISITORS: usize = 500;
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
    let mut costs: [[Costs; 2]; 2] = Default::default();
    for round in 0..WARM_UP + rounds {
        for (visit, costs) in [VISIT, 1].into_iter().zip(&mut costs) {
            for (side, costs) in sides.iter_mut().zip(costs) {
                let (wall, processor) = side.take_turn(&client, round, visit, events).await?;
                if round >= WARM_UP {
                    costs.wall.push(wall);
                    costs.processor.push(processor);
                }
            }
        }
    }
    for side in sides {
        side.stop().await?;
    }
    let [[few, many], singles] = &mut costs;
    let [few_singles, many_singles] = singles.each_mut().map(|costs| costs.wall.median());
    let note = format!(
        "{} against {} people at random in visits of {VISIT} events, {VISITORS} visitors at once; {rounds} rounds of {events} \
         events each, taken in turn, from the first request to the last decision; processor of the server {:.0} against \
         {:.0} µs; where nobody does a second thing, {many_singles:.0} against {few_singles:.0} µs",
        sizes[1],
        sizes[0],
        many.processor.median(),
        few.processor.median()
    );
    let row = Row::new(name, many.wall.median(), "µs/event").against("beside few people", few.wall.median());
    Ok(vec![row.ratio_at_most(RATIO).note(note)])
}

/// Microseconds of an event, by round.
#[derive(Default)]
struct Costs {
    wall: Rounds,
    processor: Rounds,
}

/// One server over its people.
struct Side {
    database: Database,
    pool: AnyPool,
    server: Server,
    tenant: Tenant,
    people: u32,
    random: Rng,
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
        Ok(Self { database, pool, server, tenant, people, random: Rng::with_seed(3) })
    }

    /// Wall clock and processor of an event, in microseconds.
    async fn take_turn(&mut self, client: &Client, round: usize, visit: usize, events: usize) -> Result<(f64, f64)> {
        let mut visitors = Vec::new();
        let bodies: Vec<Bytes> =
            (0..events / BATCH).map(|request| self.body(&mut visitors, visit, &format!("{round}-{request}"))).collect();
        let url = format!("{}/v1/batch", self.server.address);
        let (used, start) = (self.server.processor_seconds()?, measure::now());
        for body in bodies {
            let accepted = server::send(client, &url, &self.tenant.write_key, body).await?;
            ensure!(accepted == BATCH, "{accepted} of {BATCH} events were accepted");
        }
        until_decided(&self.pool, &self.tenant).await?;
        let taken = measure::now().duration_since(start);
        let processor = self.server.processor_seconds()? - used;
        Ok((taken.as_secs_f64() * 1e6 / events as f64, processor * 1e6 / events as f64))
    }

    /// A request in which visitors act, who have so many events left; who has none makes room for somebody else.
    fn body(&mut self, visitors: &mut Vec<(u32, usize)>, visit: usize, name: &str) -> Bytes {
        let mut message = |number: usize| {
            while visitors.len() < VISITORS {
                visitors.push((self.random.u32(0..self.people), visit));
            }
            let (place, product) = (self.random.usize(0..VISITORS), self.random.u32(0..500));
            let (person, left) = visitors.swap_remove(place);
            visitors.extend((left > 1).then_some((person, left - 1)));
            json!({
                "type": "track", "userId": Crowd::account(person), "event": "Product Viewed",
                "messageId": format!("flat-{visit}-{name}-{number}"),
                "properties": {"product_id": product.to_string(), "category": "tea", "price": 19.9},
            })
        };
        let batch: Vec<_> = (0..BATCH).map(&mut message).collect();
        Bytes::from(json!({ "batch": batch }).to_string())
    }

    /// Everybody was there before, so events must have made nobody.
    async fn stop(self) -> Result<()> {
        let people = number(&self.pool, "select count(*) from people").await?;
        ensure!(people == i64::from(self.people), "{people} people instead of {}", self.people);
        self.pool.close().await;
        self.server.stop().await?;
        self.database.remove().await
    }
}
