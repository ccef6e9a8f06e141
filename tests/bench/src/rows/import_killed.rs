//! The crowd's members imported while the server is killed again and again: every row counts once, and it takes little
//! longer than without.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use guanxi_crowd::{Crowd, Person};
use sqlx::AnyPool;

use crate::api::Api;
use crate::database::{Database, number};
use crate::measure;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::{Setup, Tenant};
use crate::surroundings::Surroundings;

/// How often the server is killed.
const KILLS: u32 = 6;
const LOOK: Duration = Duration::from_millis(10);
/// The longest that nothing may change.
const PATIENCE: Duration = Duration::from_secs(300);

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, [Database::sqlite(surroundings)?, Database::sqlite(surroundings)?], "import_killed_sqlite")
        .await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let databases = [Database::postgres(surroundings).await?, Database::postgres(surroundings).await?];
    measured(surroundings, databases, "import_killed_postgres").await
}

async fn measured(surroundings: &Surroundings, databases: [Database; 2], name: &'static str) -> Result<Vec<Row>> {
    let people = u32::try_from(surroundings.size(1_000_000, 20_000))?;
    let crowd = Crowd::new(people, 1, jiff::civil::date(2026, 1, 1));
    let mut file = Vec::new();
    crowd.write_people(0..people, &mut file)?;
    let [quiet, killed] = databases;
    let undisturbed = import(surroundings, quiet, &crowd, &file, &[]).await?;
    let moments = moments(people);
    let disturbed = import(surroundings, killed, &crowd, &file, &moments).await?;
    let note = format!(
        "{people} rows of {} bytes on the average, killed when {moments:?} rows were handed over; from the first start to the \
         last commit, restarts included; counts are exact",
        file.len() / people as usize
    );
    let row = Row::new(name, disturbed.as_secs_f64(), "s").against("not killed", undisturbed.as_secs_f64());
    Ok(vec![row.at_most(120.0).note(note)])
}

/// After how many rows it is killed: at random, and never when all is done.
fn moments(people: u32) -> Vec<i64> {
    let mut random = Rng::with_seed(13);
    let part = people * 9 / 10 / KILLS;
    (0..KILLS).map(|kill| i64::from(kill * part + random.u32(0..part))).collect()
}

async fn import(
    surroundings: &Surroundings,
    database: Database,
    crowd: &Crowd,
    file: &[u8],
    moments: &[i64],
) -> Result<Duration> {
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    setup.start_import(&tenant, "people.csv", file).await?;
    setup.close().await;
    let client = server::client()?;
    let pool = database.connect().await?;
    let start = measure::now();
    let mut server = Server::start(surroundings, &database, &client).await?;
    for moment in moments {
        until(&pool, &format!("select count(*) from imports where rows_sent >= {moment}")).await?;
        server.kill().await?;
        server = Server::start(surroundings, &database, &client).await?;
        go_on(&server, &tenant).await?;
    }
    until(&pool, "select count(*) from imports where status = 'done'").await?;
    let taken = measure::now().duration_since(start);
    server.stop().await?;
    check(&pool, crowd).await?;
    pool.close().await;
    database.remove().await?;
    Ok(taken)
}

/// A killed worker's lease ends by itself; whoever does not want to wait stops and starts.
async fn go_on(server: &Server, tenant: &Tenant) -> Result<()> {
    let api = Api::open(server, tenant).await?;
    let imports = api.get("/imports").await?;
    let id = imports.pointer("/items/0/id").and_then(|id| id.as_str()).context("there is an import")?;
    api.post(&format!("/imports/{id}/stop")).await?;
    api.post(&format!("/imports/{id}/start")).await?;
    Ok(())
}

/// Waits until the question brings one.
async fn until(pool: &AnyPool, sql: &str) -> Result<()> {
    let start = measure::now();
    while number(pool, sql).await? == 0 {
        ensure!(measure::now().duration_since(start) < PATIENCE, "`{sql}` did not get there in {PATIENCE:?}");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn check(pool: &AnyPool, crowd: &Crowd) -> Result<()> {
    let people = i64::from(crowd.size());
    let identities: i64 = (0..crowd.size()).map(|n| identities(&crowd.person(n))).sum();
    for (what, sql, expected) in [
        ("rows that were new", "select cast(sum(added) as bigint) from imports", people),
        ("rows", "select cast(sum(rows_total) as bigint) from imports", people),
        ("people", "select count(*) from people", people),
        ("the last number", "select cast(max(number) as bigint) from people", people),
        ("identities", "select count(*) from identities", identities),
        ("pieces of the file", "select count(*) from import_pieces", 0),
        ("dead letters", "select count(*) from dead_letters", 0),
    ] {
        let found = number(pool, sql).await?;
        ensure!(found == expected, "{what}: {found} instead of {expected}");
    }
    Ok(())
}

/// How many a person has: account and card always.
fn identities(person: &Person) -> i64 {
    let others = [&person.phone, &person.email, &person.openid, &person.unionid];
    2 + others.into_iter().map(|identity| i64::from(identity.is_some())).sum::<i64>()
}
