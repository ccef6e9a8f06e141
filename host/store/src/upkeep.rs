//! What a database needs done now and then, so that it does not happen inside somebody's commit, or an hour late.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::error::StoreError;
use crate::open::Store;
use crate::work::Dialect;

impl Store {
    /// On SQLite, moves what is in the write-ahead log into the database. On PostgreSQL, tells the planner of tables that
    /// have doubled: it keeps the plans of prepared statements, and one that was made for an empty table reads all of a
    /// full one; left alone, it hears of the change a minute later. Returns after which time to do it again.
    pub async fn upkeep(&self) -> Result<Duration, StoreError> {
        match self.dialect() {
            Dialect::Sqlite => {
                sqlx::query("pragma wal_checkpoint(passive)").execute(self.readers()).await?;
                // Commits wait for a disk that is busy with this: so rarely that few do, before the log is large.
                Ok(Duration::from_secs(15))
            }
            Dialect::Postgres => {
                self.analyze_what_doubled().await?;
                Ok(Duration::from_secs(1))
            }
        }
    }

    async fn analyze_what_doubled(&self) -> Result<(), StoreError> {
        let doubled: Vec<String> = sqlx::query_scalar(
            "select cast(cast(s.relid as regclass) as text)
             from pg_stat_user_tables s
             join pg_class c on c.oid = s.relid
             where s.schemaname = any (current_schemas(false)) and s.n_live_tup > 2 * greatest(c.reltuples, 500)",
        )
        .fetch_all(self.readers())
        .await?;
        for table in doubled {
            let mut transaction = self.readers().begin().await?;
            // The sizes are what matters; a small sample is taken in milliseconds.
            sqlx::query("set local default_statistics_target = 10").execute(&mut *transaction).await?;
            sqlx::query(AssertSqlSafe(format!("analyze {table}"))).execute(&mut *transaction).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}
