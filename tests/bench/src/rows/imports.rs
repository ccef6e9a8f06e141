//! A file of a million members: read, recognised and committed by the real server; then the rows that came of it are
//! inserted barely into an empty database of the same kind.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use sqlx::AnyPool;

use super::ingest::bare;
use crate::database::{Database, Rows, number};
use crate::measure;
use crate::report::Row;
use crate::server::{self, Server};
use crate::setup::Setup;
use crate::surroundings::Surroundings;

/// The longest that an import may take.
const PATIENCE: Duration = Duration::from_secs(600);
const CITIES: [&str; 8] = ["上海", "北京", "广州", "深圳", "杭州", "成都", "武汉", "西安"];
const LEVELS: [&str; 4] = ["普通", "银卡", "金卡", "黑金"];

/// On SQLite.
pub async fn sqlite(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::sqlite(surroundings)?, "import_sqlite").await
}

/// On PostgreSQL.
pub async fn postgres(surroundings: &Surroundings) -> Result<Vec<Row>> {
    measured(surroundings, Database::postgres(surroundings).await?, "import_postgres").await
}

async fn measured(surroundings: &Surroundings, database: Database, name: &'static str) -> Result<Vec<Row>> {
    let rows = surroundings.size(1_000_000, 20_000);
    let setup = Setup::open(&database.url).await?;
    let tenant = setup.tenant("bench").await?;
    setup.tenant("warm").await?;
    setup.start_import(&tenant, "members.csv", file(rows)?.as_bytes()).await?;
    setup.close().await;

    let client = server::client()?;
    let start = measure::now();
    let server = Server::start(surroundings, &database, &client).await?;
    let pool = database.connect().await?;
    until_done(&pool).await?;
    let taken = measure::now().duration_since(start);
    let used = server.processor_seconds()?;
    server.stop().await?;
    for (what, sql) in [
        ("rows that were new", "select cast(sum(added) as bigint) from imports"),
        ("people", "select count(*) from people"),
        ("identities", "select count(*) / 2 from identities"),
        ("numbers", "select cast(max(number) as bigint) from people"),
    ] {
        let found = number(&pool, sql).await?;
        ensure!(usize::try_from(found)? == rows, "{what}: {found} instead of {rows}");
    }
    let stored = Rows::read(&database, &pool).await?;
    pool.close().await;
    let bare = bare(surroundings, &database, &tenant, &stored).await?;
    database.remove().await?;
    let note = format!(
        "{rows} rows with 2 identities and 5 attributes, from the server's start to the last commit; {:.0} µs of processor a \
         row; bare: the {} rows of all tables that the run left",
        used * 1e6 / rows as f64,
        stored.count()
    );
    Ok(vec![
        Row::new(name, taken.as_secs_f64(), "s").against("bare inserts", bare.as_secs_f64()).at_most(60.0).note(note),
    ])
}

fn file(rows: usize) -> Result<String> {
    let mut file = String::with_capacity(rows * 100);
    file.push_str("手机号,会员卡号,姓名,生日,城市,会员等级,积分\n");
    for row in 0..rows {
        let (city, level) = (CITIES.get(row % 8).copied(), LEVELS.get(row % 4).copied());
        writeln!(
            file,
            "+86139{row:08},M{row:09},会员{row},19{:02}-{:02}-{:02},{},{},{}",
            50 + row % 50,
            1 + row % 12,
            1 + row % 28,
            city.unwrap_or_default(),
            level.unwrap_or_default(),
            row % 10_000
        )?;
    }
    Ok(file)
}

async fn until_done(pool: &AnyPool) -> Result<()> {
    let start = measure::now();
    while measure::now().duration_since(start) < PATIENCE {
        if number(pool, "select count(*) from imports where status = 'failed'").await? > 0 {
            bail!("the import failed");
        }
        if number(pool, "select count(*) from imports where status = 'done'").await? == 1 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the import was not done in {PATIENCE:?}")
}
