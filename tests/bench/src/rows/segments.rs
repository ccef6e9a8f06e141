//! Segments over a million people: counted before saving, and found and stored at once, as the engine does it between two
//! micro-batches; the slowest of filters of several sorts, beside everybody without a filter.

use anyhow::{Result, ensure};
use guanxi_domain::ids::{SegmentId, new_uuid};
use guanxi_domain::segment::Filter;
use guanxi_domain::settings::TenantSettings;
use guanxi_store::{ChunkRow, Scope, Store, StoreOptions};
use serde_json::json;

use crate::database::Database;
use crate::measure;
use crate::population::Population;
use crate::report::Row;
use crate::surroundings::Surroundings;

const NOW: i64 = 1_763_719_200_000;
const ROUNDS: usize = 5;
/// Filters that a note names.
const TOLD: usize = 4;
const EVERYBODY: &str = "everybody, without a filter";

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let names = ["segment_count_sqlite", "segment_made_sqlite"];
    measured(surroundings, Database::sqlite(surroundings)?, names).await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    let names = ["segment_count_postgres", "segment_made_postgres"];
    measured(surroundings, Database::postgres(surroundings).await?, names).await
}

async fn measured(surroundings: &Surroundings, database: Database, names: [&'static str; 2]) -> Result<Vec<Row>> {
    let people = surroundings.size(1_000_000, 20_000);
    let store = Store::open(&database.url, &StoreOptions::default()).await?;
    store.migrate().await?;
    let mut work = store.begin(Scope::Host).await?;
    let tenant = work.create_tenant(&"bench".parse()?, "bench", NOW).await?.id;
    work.commit().await?;
    Population::new(people, NOW)?.whole().fill(&database, &store, tenant).await?;
    let (settings, mut counting, mut making) = (TenantSettings::default(), Vec::new(), Vec::new());
    let mut everybody = f64::MAX;
    for _ in 0..ROUNDS {
        let start = measure::now();
        let found = store.find_people(tenant, &settings, &Filter::read(&json!({"all": []}))?, NOW).await?;
        everybody = everybody.min(measure::now().duration_since(start).as_secs_f64());
        ensure!(usize::try_from(found.members.len())? == people, "{} people", found.members.len());
    }
    for document in filters() {
        let filter = Filter::read(&document)?;
        let (mut count, mut made) = (f64::MAX, f64::MAX);
        for _ in 0..ROUNDS {
            let start = measure::now();
            let sample = store.sample_people(tenant, &settings, &filter, NOW, 10).await?;
            count = count.min(measure::now().duration_since(start).as_secs_f64());
            let start = measure::now();
            let found = store.find_people(tenant, &settings, &filter, NOW).await?;
            let segment = SegmentId::from_uuid(new_uuid(NOW, [7; 10]));
            let mut work = store.begin_unhurried(Scope::Tenant(tenant)).await?;
            work.clear_segment(tenant, segment).await?;
            work.put_segment_chunks(tenant, &ChunkRow::of(segment, &found.members)).await?;
            work.commit().await?;
            made = made.min(measure::now().duration_since(start).as_secs_f64());
            ensure!(found.members.len() == sample.count && sample.count > 0, "{document} finds {}", sample.count);
        }
        counting.push((count, document.to_string()));
        making.push((made, document.to_string()));
    }
    store.close().await;
    database.remove().await?;
    let [count, made] = names;
    let [counting, making] = [counting, making].map(|times| slowest_first(times, people));
    Ok(vec![
        Row::new(count, counting.0 * 1e3, "ms").against(EVERYBODY, everybody * 1e3).at_most(500.0).note(counting.1),
        Row::new(made, making.0, "s").against(EVERYBODY, everybody).at_most(2.0).note(making.1),
    ])
}

/// The longest time, in seconds, and a note of the slowest filters.
fn slowest_first(mut times: Vec<(f64, String)>, people: usize) -> (f64, String) {
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told = times.iter().take(TOLD).map(|(time, filter)| format!("{:.0} ms {filter}", time * 1e3));
    let told = told.collect::<Vec<_>>().join("; ");
    let note = format!("{people} people, best of {ROUNDS}; the slowest of {} filters: {told}", times.len());
    (times.first().map(|(time, _)| *time).unwrap_or_default(), note)
}

fn filters() -> [serde_json::Value; 14] {
    [
        json!({"all": [{"stage": "customer"}, {"fact": "revenue", "gte": 500_000}]}),
        json!({"attribute": "city", "eq": "上海"}),
        json!({"attribute": "points", "gte": 5_000}),
        json!({"events": "page", "count": {"gte": 20}}),
        json!({"fact": "last-seen", "before": "30d"}),
        json!({"orders": "count", "gte": 1, "within": "30d"}),
        json!({"orders": "sum", "gte": 5_000, "within": "365d"}),
        json!({"all": [{"events": "page", "count": {"eq": 0}, "within": "30d"}, {"not": {"stage": "prospect"}}]}),
        json!({"tag": "interest"}),
        json!({"not": {"tag": "label", "name": "老客"}}),
        json!({"identity": "phone"}),
        json!({"identity": "wechat_openid", "deliverable": true}),
        json!({"consent": "marketing", "state": "granted"}),
        json!({"all": [{"attribute": "gender", "eq": "女"}, {"tag": "interest", "name": "绿茶"}, {"identity": "phone"},
            {"consent": "marketing", "state": "granted"}, {"relations": "friend", "count": {"gte": 1}}]}),
    ]
}
