//! Events that could not be processed: looked at, and tried again.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::NewEvent;
use guanxi_store::{DeadLetter, Scope as Rows};

use crate::insight::page;
use crate::{App, AppError};

/// An event that could not be processed, and why.
pub type BuriedEvent = DeadLetter;

impl App {
    /// Events that could not be processed, newest first.
    pub async fn dead_letters(
        &self,
        caller: &Caller,
        slug: &str,
        before: Option<i64>,
        limit: Option<u32>,
    ) -> Result<Vec<BuriedEvent>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.dead_letters(tenant.id, before, page(limit)).await?)
    }

    /// Puts a dead letter at the end of the log again, as an event of its own that is processed once. Needs `manage`.
    pub async fn retry_dead_letter(&self, caller: &Caller, slug: &str, position: i64) -> Result<i64, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let letter = work.dead_letter(tenant.id, position).await?.ok_or(AppError::NotFound("dead letter"))?;
        let again = NewEvent {
            id: self.event_id(),
            message_id: format!("guanxi.retry/{position}/{}", letter.tries),
            received_at: self.ambient().now(),
            ..letter.event.event
        };
        let appended = work.append(tenant.id, &[again]).await?;
        work.unbury(tenant.id, position).await?;
        work.commit().await?;
        self.signals().appended.ring(tenant.id);
        appended.first().and_then(|a| a.position).ok_or_else(|| AppError::Conflict("it is being retried".to_owned()))
    }
}
