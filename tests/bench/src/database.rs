//! A fresh database for one measurement, the sums that prove it right afterwards, and the bare inserts that the product
//! is measured against.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sqlx::any::{AnyPoolOptions, AnyRow, AnyTypeInfoKind};
use sqlx::{AnyPool, AssertSqlSafe, Connection, Executor, PgConnection, Row, ValueRef};
use tempfile::TempDir;

use crate::measure;
use crate::surroundings::Surroundings;

/// Rows of one insert.
const PIECE: usize = 256;
/// Rows of one transaction of the bare inserts.
const TRANSACTION: usize = 4_096;

/// A database of its own, with the folder in which its server keeps keys and compiled plugins.
pub struct Database {
    /// As the server wants it.
    pub url: String,
    folder: TempDir,
    /// The role's own URL and the database's name, to drop it again.
    postgres: Option<(String, String)>,
}

impl Database {
    /// A new SQLite file on the disk of the checkout.
    pub fn sqlite(surroundings: &Surroundings) -> Result<Self> {
        let folder = TempDir::with_prefix_in("data-", &surroundings.output)?;
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
        Ok(Self { url, folder, postgres: None })
    }

    /// A new database on the PostgreSQL server.
    pub async fn postgres(surroundings: &Surroundings) -> Result<Self> {
        let folder = TempDir::with_prefix_in("data-", &surroundings.output)?;
        let suffix = folder.path().file_name().and_then(|name| name.to_str()).context("a folder without a name")?;
        let name = format!("guanxi_bench_{}", suffix.trim_start_matches("data-").to_ascii_lowercase());
        let server = surroundings.postgres.clone();
        let (host, _) = server.rsplit_once('/').context("GUANXI_TEST_DATABASE_URL names a database")?;
        let url = format!("{host}/{name}");
        let mut admin = PgConnection::connect(&server).await?;
        admin.execute(AssertSqlSafe(format!("create database {name}"))).await?;
        Ok(Self { url, folder, postgres: Some((server, name)) })
    }

    /// Another one of the same kind.
    pub async fn another(&self, surroundings: &Surroundings) -> Result<Self> {
        match self.postgres {
            Some(_) => Self::postgres(surroundings).await,
            None => Self::sqlite(surroundings),
        }
    }

    /// The server's data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Connections that see every tenant and, on SQLite, sync every commit, as the product's do.
    pub async fn connect(&self) -> Result<AnyPool> {
        sqlx::any::install_default_drivers();
        let start = match self.postgres {
            Some(_) => "select set_config('guanxi.tenant', '*', false)",
            None => {
                "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = full; \
                 pragma foreign_keys = on; pragma cache_size = -65536; pragma wal_autocheckpoint = 4000;"
            }
        };
        let options = AnyPoolOptions::new()
            .max_connections(2)
            .after_connect(move |connection, _| Box::pin(async move { connection.execute(start).await.map(|_| ()) }));
        Ok(options.connect(&self.url).await?)
    }

    /// Puts it in order, as PostgreSQL does by itself within minutes of a great change, burdening whatever runs then.
    pub async fn settle(&self) -> Result<()> {
        if self.postgres.is_some() {
            PgConnection::connect(&self.url).await?.execute("vacuum (analyze)").await?;
        }
        Ok(())
    }

    /// Removes it.
    pub async fn remove(self) -> Result<()> {
        if let Some((server, name)) = &self.postgres {
            let mut admin = PgConnection::connect(server).await?;
            admin.execute(AssertSqlSafe(format!("drop database {name}"))).await?;
        }
        Ok(self.folder.close()?)
    }
}

/// One number out of the database.
pub async fn number(pool: &AnyPool, sql: &str) -> Result<i64> {
    let value: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(pool)
        .await
        .with_context(|| format!("cannot ask `{sql}`"))?;
    Ok(value.unwrap_or(0))
}

/// The tables that events fill, in an order that foreign keys allow.
const TABLES: [&str; 12] = [
    "events",
    "people",
    "identities",
    "identity_conflicts",
    "timeline",
    "orders",
    "tags",
    "scores",
    "plugin_states",
    "decisions",
    "messages",
    "attempts",
];

/// A value of any column.
enum Cell {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

/// What a column is called and holds.
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Real,
    Text,
    Blob,
    /// JSON in PostgreSQL's own form, of which the driver knows only the text.
    Document,
}

/// All rows of one table.
struct Filled {
    table: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// Everything that a run left behind.
pub struct Rows(Vec<Filled>);

impl Rows {
    /// Reads the tables that events fill.
    pub async fn read(database: &Database, pool: &AnyPool) -> Result<Self> {
        let mut tables = Vec::new();
        for table in TABLES {
            let columns = columns(database, pool, table).await?;
            let read = |Column { name, kind }: &Column| match kind {
                Kind::Document => format!("cast({name} as text)"),
                _ => name.clone(),
            };
            let read = columns.iter().map(read).collect::<Vec<_>>().join(", ");
            let sql = format!("select {read} from {table} order by 1, 2");
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await?;
            let rows = rows.iter().map(|row| cells(row, &columns)).collect::<Result<_>>()?;
            tables.push(Filled { table, columns, rows });
        }
        Ok(Self(tables))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(|filled| filled.rows.len()).sum()
    }

    /// Inserts all of them into an empty database of the same schema, many rows a statement, many statements a
    /// durable transaction, nothing else; returns how long that took.
    pub async fn insert(&self, database: &Database, pool: &AnyPool) -> Result<Duration> {
        let start = measure::now();
        for filled in &self.0 {
            let (table, names) = (filled.table, names(&filled.columns));
            for rows in filled.rows.chunks(TRANSACTION) {
                let mut transaction = pool.begin().await?;
                for rows in rows.chunks(PIECE) {
                    let places = places(database, rows.len(), &filled.columns);
                    let sql = format!("insert into {table} ({names}) values {places}");
                    let mut query = sqlx::query(AssertSqlSafe(sql));
                    for cell in rows.iter().flatten() {
                        query = match cell {
                            Cell::Integer(value) => query.bind(*value),
                            Cell::Real(value) => query.bind(*value),
                            Cell::Text(value) => query.bind(value.as_deref()),
                            Cell::Blob(value) => query.bind(value.as_deref()),
                        };
                    }
                    query.execute(&mut *transaction).await.with_context(|| format!("cannot fill {table}"))?;
                }
                transaction.commit().await?;
            }
        }
        Ok(measure::now().duration_since(start))
    }
}

/// The columns that the table has, whatever release made it.
async fn columns(database: &Database, pool: &AnyPool, table: &str) -> Result<Vec<Column>> {
    let sql = match database.postgres {
        Some(_) => {
            "select cast(column_name as text), cast(data_type as text) from information_schema.columns
             where table_schema = current_schema() and table_name = $1 order by ordinal_position"
        }
        None => "select name, type from pragma_table_info($1) order by cid",
    };
    let columns: Vec<(String, String)> = sqlx::query_as(sql).bind(table).fetch_all(pool).await?;
    let column = |(name, kind): (String, String)| {
        let kind = match kind.to_lowercase().as_str() {
            "integer" | "bigint" => Kind::Integer,
            "real" | "double precision" => Kind::Real,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Blob,
            "jsonb" => Kind::Document,
            other => bail!("{table}.{name} is of type {other}, which the bench does not copy"),
        };
        Ok(Column { name, kind })
    };
    columns.into_iter().map(column).collect()
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn cells(row: &AnyRow, columns: &[Column]) -> Result<Vec<Cell>> {
    let cell = |(index, column): (usize, &Column)| -> Result<Cell> {
        Ok(match column.kind {
            Kind::Integer => Cell::Integer(row.try_get(index)?),
            Kind::Real => Cell::Real(row.try_get(index)?),
            // SQLite keeps documents in columns of texts as bytes.
            Kind::Text if row.try_get_raw(index)?.type_info().kind() == AnyTypeInfoKind::Blob => {
                Cell::Blob(row.try_get(index)?)
            }
            Kind::Text | Kind::Document => Cell::Text(row.try_get(index)?),
            Kind::Blob => Cell::Blob(row.try_get(index)?),
        })
    };
    columns.iter().enumerate().map(cell).collect()
}

/// `($1,$2),($3,$4)`; on SQLite `(?,?),(?,?)`, because it looks names up one by one.
fn places(database: &Database, rows: usize, columns: &[Column]) -> String {
    let place = |(number, column): (usize, &Column)| match column.kind {
        _ if database.postgres.is_none() => "?".to_owned(),
        Kind::Document => format!("${number}::jsonb"),
        _ => format!("${number}"),
    };
    let row = |row: usize| {
        let row: Vec<String> = (row * columns.len() + 1..).zip(columns).map(place).collect();
        format!("({})", row.join(","))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(",")
}
