//! Imports of files: upload, mapping, preview, run, report.

mod preview;
mod report;
mod saved;
mod upload;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::ImportStatus;
use guanxi_domain::tenant::{Tenant, TenantId};
use guanxi_import::Mapping;
use guanxi_store::{ImportRow, Scope as Rows};

use crate::{App, AppError};

pub use guanxi_import as import;
pub use preview::{Preview, PreviewRow};
pub use saved::{Known, PresetView};
pub use upload::{ImportWish, Upload};

/// An import with what its columns become.
#[derive(Debug, Clone)]
pub struct ImportView {
    /// The import.
    pub row: ImportRow,
    /// What columns become.
    pub mapping: Mapping,
}

impl ImportView {
    fn new(row: ImportRow) -> Result<Self, AppError> {
        // An upload that is under way has no mapping yet.
        let mapping = if row.mapping.is_empty() { Mapping::default() } else { read(&row.mapping)? };
        Ok(Self { row, mapping })
    }
}

impl App {
    /// Imports of a tenant, newest first.
    pub async fn imports(
        &self,
        caller: &Caller,
        slug: &str,
        before: Option<ImportId>,
        limit: Option<u32>,
    ) -> Result<Vec<ImportView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let rows = read.imports(tenant.id, before, crate::insight::page(limit)).await?;
        rows.into_iter().map(ImportView::new).collect()
    }

    /// One import.
    pub async fn import(&self, caller: &Caller, slug: &str, id: ImportId) -> Result<ImportView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        ImportView::new(self.import_row(tenant.id, id).await?)
    }

    /// Says what columns become, before the first row is read. Needs `manage`.
    pub async fn map_import(
        &self,
        caller: &Caller,
        slug: &str,
        id: ImportId,
        mapping: Mapping,
    ) -> Result<ImportView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let row = self.import_row(tenant.id, id).await?;
        if row.rows_sent > 0 {
            return Err(AppError::Conflict("rows of this import are in already; upload the file again".to_owned()));
        }
        let mapping = self.checked(&tenant, mapping)?;
        let row = ImportRow {
            subject: mapping.subject.as_str().to_owned(),
            mapping: write(&mapping)?,
            status: ImportStatus::Stopped,
            error: None,
            ..row
        };
        let from = [ImportStatus::Stopped, ImportStatus::Failed];
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let mapped = work.map_import(tenant.id, &row, &from, self.ambient().now()).await?;
        work.commit().await?;
        if mapped { Ok(ImportView { row, mapping }) } else { Err(elsewhere(row.status)) }
    }

    /// Lets an import run, from the row after the last that was handed over. Needs `manage`.
    pub async fn start_import(&self, caller: &Caller, slug: &str, id: ImportId) -> Result<ImportView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let row = self.import_row(tenant.id, id).await?;
        let mapping: Mapping = read(&row.mapping)?;
        self.checked(&tenant, mapping)?;
        self.move_import(&tenant, id, &[ImportStatus::Stopped, ImportStatus::Failed], ImportStatus::Waiting).await
    }

    /// Stops an import; rows that were handed over are still decided. Needs `manage`.
    pub async fn stop_import(&self, caller: &Caller, slug: &str, id: ImportId) -> Result<ImportView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        self.move_import(&tenant, id, &[ImportStatus::Waiting, ImportStatus::Running], ImportStatus::Stopped).await
    }

    /// Forgets an import that does not run, with its file and its report; people stay. Needs `manage`.
    pub async fn delete_import(&self, caller: &Caller, slug: &str, id: ImportId) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let row = self.import_row(tenant.id, id).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let deleted = work.delete_import(tenant.id, id).await?;
        work.commit().await?;
        if deleted { Ok(()) } else { Err(elsewhere(row.status)) }
    }

    async fn move_import(
        &self,
        tenant: &Tenant,
        id: ImportId,
        from: &[ImportStatus],
        to: ImportStatus,
    ) -> Result<ImportView, AppError> {
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let moved = work.set_import_status(tenant.id, id, from, to, None, self.ambient().now()).await?;
        let row = work.import(tenant.id, id).await?.ok_or(AppError::NotFound("import"))?;
        work.commit().await?;
        // Whoever asks for what is so already gets it.
        if moved || row.status == to { ImportView::new(row) } else { Err(elsewhere(row.status)) }
    }

    pub(crate) async fn import_row(&self, tenant: TenantId, id: ImportId) -> Result<ImportRow, AppError> {
        let found = self.store().read(Rows::Tenant(tenant)).await?.import(tenant, id).await?;
        found.ok_or(AppError::NotFound("import"))
    }

    /// A mapping that can work in this tenant: purposes have to be the tenant's.
    fn checked(&self, tenant: &Tenant, mapping: Mapping) -> Result<Mapping, AppError> {
        mapping.check().map_err(|bad| AppError::invalid(bad.at, bad.problem))?;
        for (index, column) in mapping.columns.iter().enumerate() {
            let (import::Target::Consent { purpose, .. } | import::Target::ConsentAt { purpose }) = &column.target
            else {
                continue;
            };
            if !tenant.settings.purposes.is_empty() && !tenant.settings.purposes.contains_key(purpose) {
                let problem = format!("`{purpose}` is no purpose of this tenant's settings");
                return Err(AppError::invalid(format!("columns[{index}].target.purpose"), problem));
            }
        }
        Ok(mapping)
    }
}

fn elsewhere(status: ImportStatus) -> AppError {
    AppError::Conflict(format!("the import is {}; that does not go together", status.as_str()))
}

fn read(mapping: &str) -> Result<Mapping, AppError> {
    serde_json::from_str(mapping).map_err(AppError::internal)
}

fn write(mapping: &Mapping) -> Result<String, AppError> {
    let text = serde_json::to_string(mapping).map_err(AppError::internal)?;
    if text.len() > import::limits::MAPPING_BYTES_MAX {
        let most = import::limits::MAPPING_BYTES_MAX;
        return Err(AppError::TooLarge(format!("a mapping has at most {most} bytes")));
    }
    Ok(text)
}
