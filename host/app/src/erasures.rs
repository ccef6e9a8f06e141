//! Forgetting people: asked for, followed, and asked for again after an older back-up was restored.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::erasure::{ERASED, Erasure, ErasureStatus, Names, REASON_MAX, Report};
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::ids::{ErasureId, PersonId};
use guanxi_domain::person::Person;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, Work};

use crate::insight::{page, whole};
use crate::{App, AppError};

impl App {
    /// Asks that a person, and everybody who was joined with them, is forgotten; cannot be undone. `confirm` repeats the
    /// id. Asked for twice, it is the same erasure. Needs `manage`.
    pub async fn erase_person(
        &self,
        caller: &Caller,
        slug: &str,
        id: PersonId,
        reason: &str,
        confirm: &str,
    ) -> Result<Erasure, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let reason = reason.trim();
        if !(1..=REASON_MAX).contains(&reason.chars().count()) || reason.contains('\0') {
            return Err(AppError::invalid("reason", format!("say why, in 1 to {REASON_MAX} characters")));
        }
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let person = work.person(tenant.id, id).await?.ok_or(AppError::NotFound("person"))?;
        if confirm.trim().parse() != Ok(id) {
            return Err(AppError::invalid("confirm", "repeat the person's id: this cannot be undone"));
        }
        if let Some(asked) = work.erasure_of(tenant.id, person.root()).await? {
            return Ok(asked);
        }
        let reason = nameless(&mut work, tenant.id, &person, reason).await?;
        let erasure = self.new_erasure(tenant.id, person.root(), caller.token.to_string(), reason);
        work.insert_erasure(&erasure).await?;
        work.append(tenant.id, &[event_of(&erasure)]).await?;
        work.commit().await?;
        self.signals().appended.ring(tenant.id);
        Ok(erasure)
    }

    /// The erasures of a tenant, newest first. Needs `manage`.
    pub async fn erasures(
        &self,
        caller: &Caller,
        slug: &str,
        before: Option<ErasureId>,
        limit: Option<u32>,
    ) -> Result<Vec<Erasure>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.erasures(tenant.id, before, page(limit)).await?)
    }

    /// One erasure. Needs `manage`.
    pub async fn erasure(&self, caller: &Caller, slug: &str, id: ErasureId) -> Result<Erasure, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let found = self.store().read(Rows::Tenant(tenant.id)).await?.erasure(tenant.id, id).await?;
        found.ok_or(AppError::NotFound("erasure"))
    }

    /// Asks again for an erasure that this database does not know to be done: for everybody of `people` who exists in
    /// it. How many there are. Needs `manage`.
    pub async fn erase_again(
        &self,
        caller: &Caller,
        slug: &str,
        people: &[PersonId],
        reason: &str,
    ) -> Result<usize, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let mut asked = Vec::new();
        for person in work.people(tenant.id, people).await?.into_values() {
            let root = person.root();
            if asked.contains(&root) || work.erasure_of(tenant.id, root).await?.is_some() {
                continue;
            }
            let reason = nameless(&mut work, tenant.id, &person, reason).await?;
            let erasure = self.new_erasure(tenant.id, root, caller.token.to_string(), reason);
            work.insert_erasure(&erasure).await?;
            work.append(tenant.id, &[event_of(&erasure)]).await?;
            asked.push(root);
        }
        work.commit().await?;
        self.signals().appended.ring(tenant.id);
        Ok(asked.len())
    }

    fn new_erasure(&self, tenant: TenantId, person: PersonId, by: String, reason: String) -> Erasure {
        Erasure {
            tenant,
            id: ErasureId::from_uuid(self.ambient().uuid()),
            person,
            status: ErasureStatus::Waiting,
            requested_by: by,
            requested_at: self.ambient().now(),
            done_at: None,
            report: Report { reason, ..Report::default() },
        }
    }
}

/// The reason without the names of the person: it is kept when they are forgotten.
async fn nameless(work: &mut Work, tenant: TenantId, person: &Person, reason: &str) -> Result<String, AppError> {
    let (root, leaves) = whole(work, tenant, person.id).await?;
    let links = work.links(tenant, &leaves).await?;
    let names = Names::of(links.values().flatten().map(|link| &link.identity));
    let mut reason = names.strike(reason).unwrap_or_else(|| reason.to_owned());
    if let Some(name) = root.display_name().filter(|name| !name.trim().is_empty()) {
        reason = reason.replace(name.trim(), guanxi_domain::erasure::STRUCK);
    }
    Ok(reason)
}

fn event_of(erasure: &Erasure) -> NewEvent {
    let mut properties = guanxi_domain::JsonMap::new();
    properties.insert("erasure".to_owned(), erasure.id.to_string().into());
    let message_id = format!("{ERASED}/{}", erasure.id);
    let seed = [erasure.tenant.0.to_be_bytes().as_slice(), message_id.as_bytes()].concat();
    NewEvent {
        id: guanxi_domain::ids::EventId::from_uuid(guanxi_domain::ids::derived_uuid(erasure.requested_at, &[&seed])),
        message_id,
        kind: ERASED.to_owned(),
        occurred_at: erasure.requested_at,
        received_at: erasure.requested_at,
        body: EventBody { person: Some(erasure.person), properties, ..EventBody::default() },
    }
}
