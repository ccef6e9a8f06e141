//! What staff do about who is who: link, confirm, dispute, invalidate, join, part; and the queue of what waits for them.

use guanxi_domain::JsonMap;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::IDENTITY;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::{Action, REASON_MAX, Verb};
use guanxi_store::{ConflictCursor, IdentityAction, IdentityConflict, Scope as Rows};

use crate::insight::{page, whole};
use crate::{App, AppError};

/// Open conflicts are counted up to here.
const COUNT_MAX: i64 = 10_000;

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Outcome<T> {
    /// It was decided.
    Decided(T),
    /// It is in the log at this place and will be decided.
    Waits(i64),
}

impl App {
    /// Does something about a person's identities, for a reason that is kept. `Conflict` if it is refused.
    pub async fn act_on_identity(
        &self,
        caller: &Caller,
        slug: &str,
        person: PersonId,
        verb: Verb,
        reason: &str,
    ) -> Result<Outcome<IdentityAction>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_MAX || reason.chars().any(char::is_control) {
            return Err(AppError::invalid("reason", format!("say why in 1 to {REASON_MAX} characters")));
        }
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        work.person(tenant.id, person).await?.ok_or(AppError::NotFound("person"))?;
        if let Verb::Merge { with } = &verb
            && work.person(tenant.id, *with).await?.is_none()
        {
            return Err(AppError::invalid("with", format!("{with} does not exist")));
        }
        drop(work);
        let action = Action { verb, actor: caller.token.to_string(), reason: reason.to_owned() };
        let requested = self.request(tenant.id, IDENTITY, Some(person), JsonMap::new(), &action).await?;
        if !self.decided_at(tenant.id, requested.position).await? {
            return Ok(Outcome::Waits(requested.position));
        }
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let done = work.actions_at(tenant.id, requested.position).await?.pop();
        let done = done.ok_or_else(|| AppError::internal("an action left no trace"))?;
        match &done.refused {
            Some(refused) => Err(AppError::Conflict(refused.clone())),
            None => Ok(Outcome::Decided(done)),
        }
    }

    /// What was done about the identities of a person and of everybody joined with them, newest first.
    pub async fn identity_history(
        &self,
        caller: &Caller,
        slug: &str,
        person: PersonId,
        limit: Option<u32>,
    ) -> Result<Vec<IdentityAction>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let (root, mut people) = whole(&mut work, tenant.id, person).await?;
        people.push(root.id);
        people.sort_unstable();
        people.dedup();
        Ok(work.actions_of(tenant.id, &people, page(limit)).await?)
    }

    /// What could not be linked by itself and waits for somebody to look at it, oldest first.
    pub async fn review_queue(
        &self,
        caller: &Caller,
        slug: &str,
        after: Option<&ConflictCursor>,
        limit: Option<u32>,
    ) -> Result<Vec<IdentityConflict>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.open_conflicts(tenant.id, after, page(limit)).await?)
    }

    /// How many wait there, exact up to 10,000.
    pub async fn count_reviews(&self, caller: &Caller, slug: &str) -> Result<i64, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.count_conflicts(tenant.id, COUNT_MAX).await?)
    }

    /// Reads an identity as people write it: a phone number of the tenant's own region needs no country code.
    pub async fn read_identity(&self, caller: &Caller, slug: &str, text: &str) -> Result<Identity, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let (kind, value) = text
            .split_once(':')
            .ok_or_else(|| AppError::invalid("identity", "is written kind:value, such as email:ada@example.com"))?;
        Identity::read(kind, value, tenant.settings.region.as_deref())
            .map_err(|error| AppError::invalid("identity", error.to_string()))
    }
}
