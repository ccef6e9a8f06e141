//! What a brand sets for itself, read and replaced as a whole.

use std::sync::Arc;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::settings::{SETTINGS_BYTES_MAX, TenantSettings};
use guanxi_domain::tenant::Tenant;
use guanxi_store::Scope as Rows;
use sha2::{Digest, Sha256};

use crate::{App, AppError};

/// Kind of the event that notes who changed the settings.
pub const SETTINGS: &str = "guanxi.settings";

/// The settings of a tenant as they stand.
#[derive(Debug, Clone)]
pub struct SettingsView {
    /// The settings.
    pub settings: Arc<TenantSettings>,
    /// Follows from their content: another one means that they were changed.
    pub revision: String,
}

impl App {
    /// What a brand has set for itself.
    pub async fn tenant_settings(&self, caller: &Caller, slug: &str) -> Result<SettingsView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut read = self.store().read(Rows::Host).await?;
        let tenant = read.tenant(tenant.id).await?.ok_or(AppError::NotFound("tenant"))?;
        view(&tenant.settings)
    }

    /// Replaces the settings. With `expected`, only if they still have that revision; else the last one wins. On this
    /// node they count at once, on others within seconds. Needs `manage`.
    pub async fn put_settings(
        &self,
        caller: &Caller,
        slug: &str,
        settings: TenantSettings,
        expected: Option<&str>,
    ) -> Result<SettingsView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        settings.check().map_err(|bad| AppError::invalid(bad.at, bad.problem))?;
        let text = serde_json::to_string(&settings).map_err(AppError::internal)?;
        if text.len() > SETTINGS_BYTES_MAX {
            return Err(AppError::TooLarge(format!("settings have at most {SETTINGS_BYTES_MAX} bytes")));
        }
        let mut work = self.store().begin(Rows::Host).await?;
        let before = work.tenant(tenant.id).await?.ok_or(AppError::NotFound("tenant"))?;
        let revision = view(&before.settings)?.revision;
        if expected.is_some_and(|expected| expected != revision) {
            return Err(AppError::Conflict("the settings were changed meanwhile; read them again".to_owned()));
        }
        work.put_settings(tenant.id, &settings).await?;
        let after = Tenant { settings: Arc::new(settings), ..before.clone() };
        work.append(tenant.id, &[self.settings_event(caller, &before, &after)?]).await?;
        if before.settings.purposes != after.settings.purposes {
            work.want_audiences(tenant.id, None, self.ambient().now()).await?;
        }
        work.commit().await?;
        self.inner.access.remember(&after);
        self.signals().appended.ring(tenant.id);
        view(&after.settings)
    }

    /// Who changed which part, in the log.
    fn settings_event(&self, caller: &Caller, before: &Tenant, after: &Tenant) -> Result<NewEvent, AppError> {
        let (old, new) = (&before.settings, &after.settings);
        let changed = [
            ("region", old.region != new.region),
            ("time_zone", old.time_zone != new.time_zone),
            ("purposes", old.purposes != new.purposes),
            ("attributes", old.attributes != new.attributes),
            ("dimensions", old.dimensions != new.dimensions),
            ("receipt_days", old.receipt_days != new.receipt_days),
            ("quiet_hours", old.quiet_hours != new.quiet_hours),
            ("caps", old.caps != new.caps),
            ("exchange_days", old.exchange_days != new.exchange_days),
            ("language", old.language != new.language),
            ("tracking", old.tracking != new.tracking),
        ];
        let changed: Vec<&str> = changed.into_iter().filter(|(_, changed)| *changed).map(|(part, _)| part).collect();
        let mut properties = guanxi_domain::JsonMap::new();
        properties.insert("actor".to_owned(), caller.token.to_string().into());
        properties.insert("changed".to_owned(), changed.into());
        properties.insert("revision".to_owned(), view(new)?.revision.into());
        let (id, now) = (self.event_id(), self.ambient().now());
        Ok(NewEvent {
            id,
            message_id: format!("{SETTINGS}/{id}"),
            kind: SETTINGS.to_owned(),
            occurred_at: now,
            received_at: now,
            body: EventBody { properties, ..EventBody::default() },
        })
    }
}

fn view(settings: &Arc<TenantSettings>) -> Result<SettingsView, AppError> {
    let text = serde_json::to_vec(settings.as_ref()).map_err(AppError::internal)?;
    let revision = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(SettingsView { settings: Arc::clone(settings), revision })
}
