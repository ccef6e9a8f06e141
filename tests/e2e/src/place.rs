//! A fresh database and data folder for one story.

use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::environment::{self, variable};

/// Where one host keeps its things; survives restarts of the host, ends with the story.
pub struct Place {
    data: TempDir,
    database_url: Option<String>,
}

impl Place {
    /// A fresh folder with the embedded database. What its hosts compile is kept with that of all other tests.
    pub fn sqlite() -> Self {
        let data = TempDir::with_prefix("guanxi-e2e-").expect("a temporary directory");
        let compiled = environment::compiled().join("compiled");
        std::os::unix::fs::symlink(compiled, data.path().join("compiled")).expect("a link");
        std::fs::write(data.path().join("cache.key"), environment::COMPILED_KEY).expect("a key");
        Self { data, database_url: None }
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The database, unless it is the embedded one.
    pub fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref()
    }
}

/// Tells the story twice: with SQLite, then with PostgreSQL.
pub fn on_both<F, S>(story: F)
where
    F: Fn(Place) -> S + Copy + Send,
    S: Future<Output = ()>,
{
    on_sqlite(story);
    let server = variable("GUANXI_TEST_DATABASE_URL");
    let (name, url) = fresh_name(&server);
    block_on(async {
        let mut admin = PgConnection::connect(&server).await.expect("PostgreSQL");
        execute(&mut admin, format!("create database {name}")).await;
    });
    let told = tell("PostgreSQL", move || story(Place { database_url: Some(url), ..Place::sqlite() }));
    block_on(async {
        let mut admin = PgConnection::connect(&server).await.expect("PostgreSQL");
        let left =
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = current_user";
        must(sqlx::query(left).bind(&name).execute(&mut admin).await);
        execute(&mut admin, format!("drop database {name}")).await;
    });
    if let Err(panic) = told {
        std::panic::resume_unwind(panic);
    }
}

/// Tells the story with SQLite.
pub fn on_sqlite<F, S>(story: F)
where
    F: Fn(Place) -> S + Copy + Send,
    S: Future<Output = ()>,
{
    if let Err(panic) = tell("SQLite", move || story(Place::sqlite())) {
        std::panic::resume_unwind(panic);
    }
}

/// On a thread of its own: the story's future need not be sendable, and its panic does not skip the cleaning up.
fn tell<S: Future<Output = ()>>(database: &str, story: impl FnOnce() -> S + Send) -> std::thread::Result<()> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(format!("story on {database}"));
        thread.spawn_scoped(scope, || block_on(async { story().await })).expect("a thread").join()
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("tokio").block_on(future)
}

fn fresh_name(server: &str) -> (String, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("guanxi_e2e_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let (address, query) = server.split_once('?').map_or((server, String::new()), |(a, q)| (a, format!("?{q}")));
    let (address, _) = address.rsplit_once('/').expect("GUANXI_TEST_DATABASE_URL names a database");
    let url = format!("{address}/{name}{query}");
    (name, url)
}

async fn execute(connection: &mut PgConnection, statement: String) {
    must(sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(connection).await);
}

fn must<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("PostgreSQL does what it is told")
}
