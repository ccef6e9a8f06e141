//! Runs one story on both databases: what holds on SQLite holds on PostgreSQL, or it is not in the store's contract.
//!
//! A story gets a fresh database of its own, dropped when it ends. PostgreSQL comes from `GUANXI_TEST_DATABASE_URL`:
//! a role that may create databases and is no superuser, so that row-level security binds it.

#![expect(clippy::panic, reason = "a test harness reports by panicking")]

pub mod make;

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use guanxi_store::{Store, StoreOptions};
use sqlx::{Connection, PgConnection};

const VARIABLE: &str = "GUANXI_TEST_DATABASE_URL";

/// Tells the story on a fresh, migrated database of each kind.
pub fn on_both<F, S>(story: F)
where
    F: Fn(Store) -> S + Copy + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    on_both_empty(move |url| async move {
        let store = open(&url).await;
        must("migrate", store.migrate().await);
        story(store.clone()).await;
        store.close().await;
    });
}

/// Tells the story with the URL of a fresh, empty database of each kind.
pub fn on_both_empty<F, S>(story: F)
where
    F: Fn(String) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    on_sqlite(&story);
    on_postgres(&story);
}

/// Tells the story with the URL of a fresh, empty SQLite file.
pub fn on_sqlite<F, S>(story: F)
where
    F: Fn(String) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let directory = must("make a directory", tempfile::tempdir());
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("contract.db").display());
    runtime().block_on(async {
        if let Some(what) = outcome(story(url)).await {
            panic!("on SQLite: {what}");
        }
    });
}

/// Tells the story with the URL of a fresh, empty PostgreSQL database.
pub fn on_postgres<F, S>(story: F)
where
    F: Fn(String) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let Ok(server) = std::env::var(VARIABLE) else {
        panic!("{VARIABLE} is not set; run `cargo xtask test`, which starts a PostgreSQL for the tests");
    };
    runtime().block_on(async {
        let (name, url) = name_and_url(&server);
        let mut admin = must("connect to PostgreSQL", PgConnection::connect(&server).await);
        execute(&mut admin, format!("create database {name}")).await;
        let told = outcome(story(url)).await;
        drop_database(&mut admin, &name).await;
        if let Some(what) = told {
            panic!("on PostgreSQL: {what}");
        }
    });
}

/// People of whom rows are read at once, so that stories with great numbers are about several pieces.
const PEOPLE_AT_ONCE: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");

/// Opens the database and leaves it as it is.
pub async fn open(url: &str) -> Store {
    let options = StoreOptions { people_at_once: PEOPLE_AT_ONCE, ..StoreOptions::default() };
    must("open", Store::open(url, &options).await)
}

/// The value, or the end of the test.
pub fn must<T, E: Debug>(what: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error:?}"))
}

fn runtime() -> tokio::runtime::Runtime {
    must("start tokio", tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build())
}

/// What went wrong, if anything did; the caller still has a database to drop.
async fn outcome(story: impl Future<Output = ()> + Send + 'static) -> Option<String> {
    match tokio::spawn(story).await {
        Ok(()) => None,
        Err(error) => Some(match error.try_into_panic() {
            Ok(payload) => panic_text(payload.as_ref()),
            Err(error) => error.to_string(),
        }),
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn name_and_url(server: &str) -> (String, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("guanxi_contract_{}_{number}", std::process::id());
    let (address, query) = server.split_once('?').map_or((server, None), |(address, query)| (address, Some(query)));
    let Some((host, _)) = address.rsplit_once('/') else {
        panic!("{VARIABLE} must name a database: postgres://role@host:port/postgres");
    };
    let url = query.map_or_else(|| format!("{host}/{name}"), |query| format!("{host}/{name}?{query}"));
    (name, url)
}

/// `with (force)` would fail on a vacuum worker, which is a superuser's; a plain drop sends it away and waits.
async fn drop_database(admin: &mut PgConnection, name: &str) {
    let left = "select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and datname = $1";
    must(left, sqlx::query(left).bind(name).execute(&mut *admin).await);
    execute(admin, format!("drop database {name}")).await;
}

async fn execute(connection: &mut PgConnection, statement: String) {
    must(&statement.clone(), sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(connection).await);
}
