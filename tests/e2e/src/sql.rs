//! The host's database, looked into beside the host: for sums that no interface tells.

use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::{AnyPool, AssertSqlSafe, Executor, FromRow};

use crate::place::Place;

/// Connections that see every tenant.
pub struct Database(AnyPool);

impl Database {
    /// The database of a host that has started in `place` before.
    pub async fn of(place: &Place) -> Self {
        sqlx::any::install_default_drivers();
        let (url, start) = match place.database_url() {
            Some(url) => (url.to_owned(), "select set_config('guanxi.tenant', '*', false)"),
            None => {
                let file = place.data_dir().join("guanxi.db");
                (format!("sqlite://{}?mode=rw", file.display()), "pragma busy_timeout = 10000")
            }
        };
        let options = AnyPoolOptions::new()
            .max_connections(1)
            .after_connect(move |connection, _| Box::pin(async move { connection.execute(start).await.map(|_| ()) }));
        Self(options.connect(&url).await.expect("the host's database"))
    }

    /// Everything that a question brings.
    pub async fn rows<T>(&self, sql: &str) -> Vec<T>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let rows = sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_all(&self.0).await;
        rows.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The one number that a question brings.
    pub async fn number(&self, sql: &str) -> i64 {
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.0).await;
        number.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// Changes something behind the host's back.
    pub async fn execute(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.0).await;
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Lets go of it.
    pub async fn close(self) {
        self.0.close().await;
    }
}
