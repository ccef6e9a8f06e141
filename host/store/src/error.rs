//! What can go wrong with the database, as far as a caller can act on it.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row exists already.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The database cannot be reached, or went away; the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// No room is left where the database keeps its files.
    #[error("the database is out of space: {0}")]
    OutOfSpace(#[source] sqlx::Error),
    /// Somebody else moved the log's position; this work must not be committed.
    #[error("the log position was moved by another worker")]
    Fenced,
    /// The schema was made by another version of Guanxi.
    #[error("{0}")]
    Schema(String),
    /// A row that this version cannot read.
    #[error("{table}.{column}: {problem}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Anything else; a defect of Guanxi or a damaged database.
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutOfSpace(_))
    }

    /// Whether a value was asked for that is larger than the database hands out.
    pub fn is_too_large(&self) -> bool {
        // SQLite: TOOBIG. PostgreSQL: program_limit_exceeded.
        let is_code = |error: &dyn sqlx::error::DatabaseError| matches!(error.code().as_deref(), Some("18" | "54000"));
        matches!(self, Self::Database(sqlx::Error::Database(error)) if is_code(error.as_ref()))
    }

    /// A unique violation becomes `Conflict(what)`, everything else what it is.
    pub(crate) fn on_conflict(what: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |error| match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Conflict(what),
            _ => error.into(),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => Self::OutOfSpace(error),
            // Protocol: whoever answered is no database, such as a balancer with nothing behind it that hangs up.
            E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::Tls(_) | E::WorkerCrashed | E::Protocol(_) => {
                Self::Unavailable(error)
            }
            E::Database(database) => match database.code().as_deref() {
                // SQLite: BUSY, LOCKED, CANTOPEN. PostgreSQL: connection trouble, shutdown, serialisation, deadlock.
                Some("5" | "6" | "14" | "261" | "517") => Self::Unavailable(error),
                Some(code) if code.starts_with("08") || code.starts_with("57P") => Self::Unavailable(error),
                Some("40001" | "40P01" | "53300" | "25006") => Self::Unavailable(error),
                // PostgreSQL lets nobody in: wrong password, no such database, closed for connections.
                Some("28000" | "28P01" | "3D000" | "55000") => Self::Unavailable(error),
                // SQLite: FULL, IOERR_WRITE and its kin, IOERR_SHMSIZE. PostgreSQL: disk full.
                Some("13" | "778" | "1034" | "1290" | "4874" | "53100") => Self::OutOfSpace(error),
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}
