//! Opens a database, brings its schema up to date, and refuses one that a newer Guanxi made.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use guanxi_domain::tenant::TenantId;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor};

use crate::error::StoreError;
use crate::migrations;
use crate::segments::Directories;
use crate::turnstile::{Turn, Turnstile};
use crate::wal::WriteAheadLog;
use crate::work::{Dialect, Scope, Work};

/// Where the migrator keeps what it has done.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Their rows take some hundred megabytes for a moment.
const PEOPLE_AT_ONCE: NonZeroU32 = NonZeroU32::new(4_000_000).expect("not zero");

/// What is written for all tenants at once is what all of them wait for.
const WEIGHT_OF_EVERYBODY: u64 = 1_000;

/// How to open a database.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Connections for reading; on PostgreSQL also for writing.
    pub connections: u32,
    /// How long a caller waits for a connection.
    pub patience: Duration,
    /// Of how many people the rows of another table are read at once to answer a filter; fewer take less memory and more
    /// time.
    pub people_at_once: NonZeroU32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { connections: 8, patience: Duration::from_secs(5), people_at_once: PEOPLE_AT_ONCE }
    }
}

/// What the schema is compared with this version of Guanxi.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// As this version wants it.
    Current,
    /// `guanxi migrate` brings it up to date.
    Behind,
}

/// An open database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    dialect: Dialect,
    readers: AnyPool,
    /// SQLite has one writer at a time: a pool of one makes writers queue instead of failing with BUSY.
    writer: AnyPool,
    /// Whose turn it is to write on SQLite, so that tenants with little to write need not wait for those with much.
    line: Option<Turnstile>,
    patience: Duration,
    /// What durable commits wait for on SQLite; none for a database in memory. PostgreSQL waits by itself.
    log: Option<Arc<WriteAheadLog>>,
    /// Which number whom names.
    directories: Arc<Directories>,
    people_at_once: NonZeroU32,
}

impl Store {
    /// Opens `sqlite://path?mode=rwc` or `postgres://…`. Changes nothing in it.
    pub async fn open(url: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of(url)
            .ok_or_else(|| StoreError::Schema("database_url must start with sqlite: or postgres:".to_owned()))?;
        let mut connect: AnyConnectOptions = url.parse().map_err(StoreError::Database)?;
        if dialect == Dialect::Postgres && !url.contains("statement-cache-capacity") {
            // Every bulk statement has a text for each size of its pieces; the usual 100 would throw them out again.
            connect.database_url.query_pairs_mut().append_pair("statement-cache-capacity", "500");
        }
        let connect = connect.disable_statement_logging();
        let pool = |connections: u32| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.patience)
                .test_before_acquire(dialect == Dialect::Postgres)
                .after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(dialect.on_connect()).await.map(|_| ()) })
                })
                .after_release(move |connection, _| Box::pin(is_clean(dialect, connection)))
        };
        let (people_at_once, patience) = (options.people_at_once, options.patience);
        match dialect {
            Dialect::Sqlite => {
                let writer = pool(1).connect_with(connect.clone()).await?;
                let readers = pool(options.connections).connect_with(connect).await?;
                let file = "select file from pragma_database_list where name = 'main'";
                let file: Option<String> = sqlx::query_scalar(file).fetch_one(&writer).await?;
                let log = file.filter(|file| !file.is_empty()).map(|file| Arc::new(WriteAheadLog::of(&file)));
                let line = Some(Turnstile::new(1));
                let directories = Arc::default();
                Ok(Self { dialect, readers, writer, line, patience, log, directories, people_at_once })
            }
            Dialect::Postgres => {
                let readers = pool(options.connections).connect_with(connect).await?;
                let (writer, line, log) = (readers.clone(), None, None);
                let directories = Arc::default();
                Ok(Self { dialect, readers, writer, line, patience, log, directories, people_at_once })
            }
        }
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Which numbers people have, as far as it was asked for.
    pub(crate) fn directories(&self) -> &Directories {
        &self.directories
    }

    /// Of how many people the rows of another table are read at once.
    pub(crate) fn people_at_once(&self) -> u32 {
        self.people_at_once.get()
    }

    /// Starts a transaction that may write; its commit is on the disk before it returns.
    pub async fn begin(&self, scope: Scope) -> Result<Work, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "begin immediate",
            Dialect::Postgres => "begin",
        };
        Ok(self.write(begin, scope).await?.durably(self.log.clone()))
    }

    /// Starts a transaction that may write and whose commit does not wait for the disk. The end of this process, however
    /// sudden, loses nothing; a power cut may lose the whole transaction and those after it, but never one that was
    /// committed before one of [`Self::begin`]. For what can be done again, such as deciding about events in the log.
    pub async fn begin_unhurried(&self, scope: Scope) -> Result<Work, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "begin immediate",
            Dialect::Postgres => "begin; set local synchronous_commit = off",
        };
        self.write(begin, scope).await
    }

    async fn write(&self, begin: &'static str, scope: Scope) -> Result<Work, StoreError> {
        let turn = match &self.line {
            Some(line) => Some(self.turn(line, scope).await?),
            None => None,
        };
        Ok(Work::start(self.writer.begin_with(begin).await?, self.dialect, scope).await?.in_turn(turn))
    }

    async fn turn(&self, line: &Turnstile, scope: Scope) -> Result<Turn, StoreError> {
        let (tenant, weight) = match scope {
            Scope::Tenant(tenant) => (tenant, 1),
            Scope::Host => (TenantId::OPERATOR, WEIGHT_OF_EVERYBODY),
        };
        let turn = tokio::time::timeout(self.patience, line.enter(tenant, weight)).await;
        turn.map_err(|_| StoreError::Unavailable(sqlx::Error::PoolTimedOut))
    }

    /// Starts a transaction that only reads and sees one state throughout.
    pub async fn read(&self, scope: Scope) -> Result<Work, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "begin deferred",
            Dialect::Postgres => "begin isolation level repeatable read read only",
        };
        Work::start(self.readers.begin_with(begin).await?, self.dialect, scope).await
    }

    /// Brings the schema up to date; refuses one that a newer version made. Safe to run twice and at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.schema().await?;
        match self.dialect {
            Dialect::Sqlite => {
                // The migrator takes no lock on SQLite: its own transactions nest in this one, which is the lock.
                let mut transaction = self.writer.begin_with("begin immediate").await?;
                self.migrator().run_direct(None, &mut *transaction, false).await.map_err(migration_error)?;
                transaction.commit().await?;
                match &self.log {
                    Some(log) => Ok(log.sync().await.map_err(sqlx::Error::Io)?),
                    None => Ok(()),
                }
            }
            Dialect::Postgres => self.migrator().run(&self.writer).await.map_err(migration_error),
        }
    }

    /// Compares the schema with this version and changes nothing; an unknown newer one is an error.
    pub async fn schema(&self) -> Result<SchemaState, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let exists = match self.dialect {
            Dialect::Sqlite => "select count(*) from sqlite_master where type = 'table' and name = $1",
            Dialect::Postgres => {
                "select count(*) from pg_tables where schemaname = any (current_schemas(false)) and tablename = $1"
            }
        };
        let exists: i64 = sqlx::query_scalar(exists).bind(MIGRATIONS).fetch_one(&mut *connection).await?;
        if exists == 0 {
            return Ok(SchemaState::Behind);
        }
        let applied = connection.list_applied_migrations(MIGRATIONS).await.map_err(migration_error)?;
        let known: Vec<i64> = self.migrator().iter().map(|migration| migration.version).collect();
        match applied.iter().find(|migration| !known.contains(&migration.version)) {
            Some(unknown) => Err(StoreError::Schema(format!(
                "the database has schema {}, which this version of Guanxi does not know; start the newer version",
                unknown.version
            ))),
            None if applied.len() < known.len() => Ok(SchemaState::Behind),
            None => Ok(SchemaState::Current),
        }
    }

    pub(crate) fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Closes every connection, waiting for the ones in use.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    fn migrator(&self) -> &'static Migrator {
        migrations::of(self.dialect)
    }
}

/// Whether a connection that comes back can be used again. SQLite ends a transaction by itself when the disk is full or
/// fails; the driver still counts it as open and would begin no other.
async fn is_clean(dialect: Dialect, connection: &mut AnyConnection) -> sqlx::Result<bool> {
    if dialect == Dialect::Sqlite {
        // Behind the rollback that a dropped transaction has asked for.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

fn migration_error(error: sqlx::migrate::MigrateError) -> StoreError {
    match error {
        sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => {
            error.into()
        }
        other => StoreError::Schema(other.to_string()),
    }
}
