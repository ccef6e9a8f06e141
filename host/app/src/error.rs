//! Why a use case was not carried out, as far as a caller can act on it.

use guanxi_store::StoreError;

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where, as a path: `config/url`, `grants`, `batch[3].userId`.
    pub at: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }
}

/// Why a use case was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No token, or one that is unknown, expired or revoked.
    #[error("show a valid token")]
    Unauthorized,
    /// The token does not allow this.
    #[error("this token lacks the scope `{0}`")]
    Forbidden(&'static str),
    /// It does not exist, or not for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It exists already, or changed meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// The input cannot be used.
    #[error("{}", .0.iter().map(|p| format!("{}: {}", p.at, p.problem)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
    /// More than a documented limit.
    #[error("{0}")]
    TooLarge(String),
    /// More comes in than is worked off; try again after so many seconds.
    #[error("too much is waiting; try again in {0} s")]
    Overloaded(u32),
    /// The database is away or full; nothing was accepted.
    #[error("the service cannot store anything right now; try again later")]
    Unavailable,
    /// A defect.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AppError {
    /// An input with one problem.
    pub fn invalid(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(at, problem)])
    }

    /// A defect with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::Conflict(format!("this {what} exists already")),
            transient if transient.is_transient() => {
                tracing::warn!(error = %transient, "the store is not available");
                Self::Unavailable
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}
