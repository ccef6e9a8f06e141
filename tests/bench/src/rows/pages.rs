//! Pages of the API and of the console over a million people: each asked for many times about other people, and the
//! slowest hundredth of the slowest page counts, beside that of answers for which nothing is looked up.

use anyhow::{Context, Result};
use fastrand::Rng;
use guanxi_crowd::Crowd;
use serde_json::json;

use crate::api::Api;
use crate::database::Database;
use crate::measure::{self, Samples};
use crate::population::Population;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::Setup;
use crate::surroundings::Surroundings;

/// The most that any page may take at the 99th percentile.
const BUDGET_MS: f64 = 50.0;
const WARM_UP: usize = 5;
/// Pages turned over to get deep into a list.
const TURNED: usize = 50;

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, "pages_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, "pages_postgres").await
}

/// A page: its name, and where it is about the person of that number.
struct Page {
    name: &'static str,
    path: Box<dyn Fn(u32) -> String>,
}

async fn measured(surroundings: &Surroundings, database: Database, name: &'static str) -> Result<Vec<Row>> {
    let (people, asked) = (surroundings.size(1_000_000, 20_000), surroundings.size(200, 50));
    let population = Population::new(people, measure::epoch_ms())?.whole();
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    population.fill(&database, &setup.store, tenant.id).await?;
    setup.close().await;
    let client = server::client()?;
    let server = Server::start(surroundings, &database, &client).await?;
    let api = Api::open(&server, &tenant).await?;
    for (segment, filter) in segments() {
        api.put(&format!("/segments/{segment}"), &json!({"title": segment, "filter": filter})).await?;
    }
    let (mut random, size) = (Rng::with_seed(11), population.crowd.size());
    let pages = pages(population, &deep(&api, "/people").await?, &deep(&api, "/segments/shanghai/people").await?);
    let (mut worst, mut all) = ((0.0, ""), Vec::new());
    for page in &pages {
        let mut samples = Samples::default();
        for ask in 0..WARM_UP + asked {
            let taken = api.time(&(page.path)(random.u32(0..size))).await?;
            if ask >= WARM_UP {
                samples.push(taken);
            }
        }
        let (p50, p99) = (samples.quantile(0.5) / 1e3, samples.quantile(0.99) / 1e3);
        all.push(format!("{} {p50:.1}/{p99:.1}", page.name));
        if p99 > worst.0 {
            worst = (p99, page.name);
        }
    }
    let mut nothing = Samples::default();
    for _ in 0..asked {
        nothing.push(api.time_nothing().await?);
    }
    server.stop().await?;
    database.remove().await?;
    let note =
        format!("{people} people, each page {asked} times; p99 of `{}`; p50/p99 in ms: {}", worst.1, all.join(", "));
    let row = Row::new(name, worst.0, "ms").against("nothing looked up", nothing.quantile(0.99) / 1e3);
    Ok(vec![row.at_most(BUDGET_MS).note(note)])
}

fn segments() -> [(&'static str, serde_json::Value); 5] {
    [
        ("shanghai", json!({"attribute": "city", "eq": "上海"})),
        ("buyers", json!({"all": [{"stage": "customer"}, {"fact": "revenue", "gte": 500_000}]})),
        ("quiet", json!({"fact": "last-seen", "before": "30d"})),
        ("rich", json!({"attribute": "points", "gte": 9_900})),
        ("everybody", json!({"all": []})),
    ]
}

/// The query that leads deep into a list; nothing if the list ends before.
async fn deep(api: &Api, list: &str) -> Result<String> {
    let mut query = String::new();
    for _ in 0..TURNED {
        let page = api.get(&format!("{list}?limit=200{query}")).await?;
        let Some(next) = page.get("next").context("a page says what follows")?.as_str() else { break };
        query = format!("&cursor={next}");
    }
    Ok(query)
}

/// Every page that staff look at all day.
fn pages(population: Population, deep_people: &str, deep_members: &str) -> Vec<Page> {
    let population = std::sync::Arc::new(population);
    let fixed = |name, path: String| Page { name, path: Box::new(move |_| path.clone()) };
    let of_person = |name, rest: &'static str, console: bool| {
        let population = std::sync::Arc::clone(&population);
        let start = if console { "console" } else { "" };
        Page { name, path: Box::new(move |n| format!("{start}/people/{}{rest}", population.id(n))) }
    };
    let of_account =
        |name, start: &'static str| Page { name, path: Box::new(move |n| format!("{start}{}", Crowd::account(n))) };
    vec![
        fixed("people", "/people".to_owned()),
        fixed("people, deep", format!("/people?limit=50{deep_people}")),
        of_account("people by identity", "/people?identity=user:"),
        of_account("search for an identity", "/people?search="),
        fixed("search for a frequent surname", "/people?search=%E7%8E%8B".to_owned()),
        fixed("search for a rare surname", "/people?search=%E6%AC%A7%E9%98%B3".to_owned()),
        of_person("person", "", false),
        of_person("timeline", "/timeline", false),
        of_person("relations", "/relations", false),
        of_person("segments of a person", "/segments", false),
        fixed("segments", "/segments".to_owned()),
        fixed("segment", "/segments/shanghai".to_owned()),
        fixed("members", "/segments/shanghai/people".to_owned()),
        fixed("members, deep", format!("/segments/shanghai/people?limit=50{deep_members}")),
        fixed("events", "/events".to_owned()),
        fixed("console: people", "console/people".to_owned()),
        fixed("console: search", "console/people?q=%E7%8E%8B".to_owned()),
        of_account("console: search for an identity", "console/people?q="),
        of_person("console: person", "", true),
        of_person("console: relations", "/relations", true),
        of_person("console: segments of a person", "/segments", true),
        fixed("console: segments", "console/segments".to_owned()),
        fixed("console: segment", "console/segments/shanghai".to_owned()),
        fixed("console: live", "console/live".to_owned()),
    ]
}
