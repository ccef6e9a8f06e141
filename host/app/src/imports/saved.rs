//! Mappings for the next file of the same kind: saved ones, and those of known systems.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_import::{Mapping, Subject, presets};
use guanxi_store::{SavedMapping, Scope as Rows};

use super::{read, write};
use crate::{App, AppError};

/// The most saved mappings of a tenant.
pub(super) const SAVED_MAX: u32 = 200;
const NAME_MAX: usize = 64;

/// A saved mapping.
#[derive(Debug, Clone)]
pub struct Known {
    /// Unique per tenant.
    pub name: String,
    /// What columns become.
    pub mapping: Mapping,
    /// When it was last saved.
    pub updated_at: guanxi_domain::Millis,
}

/// A system whose exports are known.
#[derive(Debug, Clone, Copy)]
pub struct PresetView {
    /// `hubspot-contacts` …
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What rows are about.
    pub subject: Subject,
}

impl App {
    /// Systems whose exports are known.
    pub async fn import_presets(&self, caller: &Caller, slug: &str) -> Result<Vec<PresetView>, AppError> {
        self.tenant_for(caller, slug, Scope::Read).await?;
        let view = |preset: &guanxi_import::Preset| PresetView {
            name: preset.name,
            title: preset.title,
            subject: preset.subject,
        };
        Ok(presets().iter().map(view).collect())
    }

    /// Saved mappings, by name.
    pub async fn import_mappings(&self, caller: &Caller, slug: &str) -> Result<Vec<Known>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut work = self.store().read(Rows::Tenant(tenant.id)).await?;
        let rows = work.mappings(tenant.id, SAVED_MAX).await?;
        let known =
            |row: SavedMapping| Ok(Known { mapping: read(&row.mapping)?, name: row.name, updated_at: row.updated_at });
        rows.into_iter().map(known).collect()
    }

    /// Saves a mapping under a name, over one that is there. Needs `manage`.
    pub async fn put_import_mapping(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        mapping: Mapping,
    ) -> Result<Known, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return Err(AppError::invalid("name", format!("has 1 to {NAME_MAX} characters")));
        }
        let mapping = self.checked(&tenant, mapping)?;
        let updated_at = self.ambient().now();
        let (subject, text) = (mapping.subject.as_str().to_owned(), write(&mapping)?);
        let saved = SavedMapping { name: name.to_owned(), subject, mapping: text, updated_at };
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let there = work.mappings(tenant.id, SAVED_MAX).await?;
        if there.len() >= SAVED_MAX as usize && !there.iter().any(|known| known.name == saved.name) {
            return Err(AppError::Conflict(format!("a tenant saves at most {SAVED_MAX} mappings")));
        }
        work.put_mapping(tenant.id, &saved).await?;
        work.commit().await?;
        Ok(Known { name: saved.name, mapping, updated_at })
    }

    /// Forgets a saved mapping. Needs `manage`.
    pub async fn delete_import_mapping(&self, caller: &Caller, slug: &str, name: &str) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let deleted = work.delete_mapping(tenant.id, name).await?;
        work.commit().await?;
        if deleted { Ok(()) } else { Err(AppError::NotFound("saved mapping")) }
    }
}
