//! One transaction, seen by its tenant.

use std::sync::Arc;
use std::time::Duration;

use guanxi_domain::tenant::TenantId;
use sqlx::{Any, AnyConnection, Transaction};

use crate::error::StoreError;
use crate::turnstile::Turn;
use crate::wal::WriteAheadLog;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

impl Dialect {
    /// By the scheme of a database URL.
    pub fn of(url: &str) -> Option<Self> {
        match url.split(':').next()? {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    /// What every new connection runs first. On SQLite a commit survives a crash by itself, a power cut by [`crate::wal`];
    /// what is deleted is overwritten, so that nobody who was erased is found in the file.
    pub(crate) fn on_connect(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = normal; \
                 pragma foreign_keys = on; pragma secure_delete = on; pragma temp_store = memory; pragma cache_size = -65536; \
                 pragma mmap_size = 268435456; pragma wal_autocheckpoint = 262144;"
            }
            Self::Postgres => "set application_name = 'guanxi'; set jit = off;",
        }
    }
}

/// Whose rows a transaction may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One tenant's.
    Tenant(TenantId),
    /// Everybody's: for the operator and for work that spans tenants, such as due timers.
    Host,
}

/// One transaction. Dropped without [`Work::commit`], nothing of it happened.
pub struct Work {
    transaction: Transaction<'static, Any>,
    dialect: Dialect,
    /// What the commit waits for.
    log: Option<Arc<WriteAheadLog>>,
    /// The turn to write, given back once the transaction has ended.
    turn: Option<Turn>,
}

impl Work {
    pub(crate) async fn start(
        transaction: Transaction<'static, Any>,
        dialect: Dialect,
        scope: Scope,
    ) -> Result<Self, StoreError> {
        let mut work = Self { transaction, dialect, log: None, turn: None };
        if dialect == Dialect::Postgres {
            let tenant = match scope {
                Scope::Tenant(tenant) => tenant.0.to_string(),
                Scope::Host => "*".to_owned(),
            };
            sqlx::query("select set_config('guanxi.tenant', $1, true)").bind(tenant).execute(work.connection()).await?;
        }
        Ok(work)
    }

    /// The same, whose commit waits until `log` is on the disk.
    pub(crate) fn durably(self, log: Option<Arc<WriteAheadLog>>) -> Self {
        Self { log, ..self }
    }

    pub(crate) fn in_turn(self, turn: Option<Turn>) -> Self {
        Self { turn, ..self }
    }

    /// Makes everything of it happen at once, durably if it began so.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_in_turn().await.map(drop)
    }

    /// The same; for how long another tenant who wants to write was kept waiting by it at most: nothing if there is none, or
    /// on PostgreSQL.
    pub async fn commit_in_turn(self) -> Result<Duration, StoreError> {
        self.transaction.commit().await?;
        let held = self.turn.filter(Turn::is_waited_for).map(Turn::leave);
        if let Some(log) = self.log {
            log.sync().await.map_err(sqlx::Error::Io)?;
        }
        Ok(held.unwrap_or_default())
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }
}
