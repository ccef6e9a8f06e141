//! One transaction, seen by its tenant.

use guanxi_domain::tenant::TenantId;
use sqlx::{Any, AnyConnection, Transaction};

use crate::error::StoreError;

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

    /// What every new connection runs first. `synchronous = full` makes a commit survive a power cut, not only a crash.
    pub(crate) fn on_connect(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = full; \
                 pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -65536; \
                 pragma mmap_size = 268435456; pragma wal_autocheckpoint = 4000;"
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
}

impl Work {
    pub(crate) async fn start(
        transaction: Transaction<'static, Any>,
        dialect: Dialect,
        scope: Scope,
    ) -> Result<Self, StoreError> {
        let mut work = Self { transaction, dialect };
        if dialect == Dialect::Postgres {
            let tenant = match scope {
                Scope::Tenant(tenant) => tenant.0.to_string(),
                Scope::Host => "*".to_owned(),
            };
            sqlx::query("select set_config('guanxi.tenant', $1, true)").bind(tenant).execute(work.connection()).await?;
        }
        Ok(work)
    }

    /// Makes everything of it happen at once, durably.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }
}
