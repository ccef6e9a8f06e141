//! Writes that carry an `Idempotency-Key` happen once: the answer is kept for a day and given again.

use guanxi_domain::Millis;
use guanxi_domain::caller::Caller;
use guanxi_store::{KeptAnswer, Scope as Rows, StoreError};
use sha2::{Digest, Sha256};

use crate::{App, AppError};

/// How long an answer is kept.
const KEPT_MS: Millis = 24 * 3_600_000;
/// The most bytes of a key.
const KEY_MAX: usize = 255;

/// An answer as it is given again: HTTP status and JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

impl App {
    /// The answer that was given to the same request under this key, if any. Another request under the same key is an
    /// error. `request` is everything that makes the request what it is.
    pub async fn answered(&self, caller: &Caller, key: &str, request: &[&[u8]]) -> Result<Option<Answer>, AppError> {
        if key.is_empty() || key.len() > KEY_MAX {
            return Err(AppError::invalid("Idempotency-Key", format!("has 1 to {KEY_MAX} bytes")));
        }
        let kept = self.store().read(Rows::Tenant(caller.tenant)).await?.kept_answer(caller.tenant, key).await?;
        match kept {
            None => Ok(None),
            Some(kept) if kept.fingerprint == fingerprint(request) => {
                Ok(Some(Answer { status: kept.status, body: kept.body }))
            }
            Some(_) => {
                Err(AppError::Conflict("this Idempotency-Key was used for another request; use a new one".to_owned()))
            }
        }
    }

    /// Keeps an answer under its key.
    pub async fn keep_answer(
        &self,
        caller: &Caller,
        key: &str,
        request: &[&[u8]],
        answer: &Answer,
    ) -> Result<(), AppError> {
        let now = self.ambient().now();
        let kept = KeptAnswer { fingerprint: fingerprint(request), status: answer.status, body: answer.body.clone() };
        let mut work = self.store().begin(Rows::Tenant(caller.tenant)).await?;
        work.forget_answers(caller.tenant, now - KEPT_MS).await?;
        match work.keep_answer(caller.tenant, key, &kept, now).await {
            // The same request ran twice at once; both answers are true.
            Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(work.commit().await?),
        }
    }
}

fn fingerprint(request: &[&[u8]]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in request {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}
