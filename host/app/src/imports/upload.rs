//! A file comes in, piece by piece, whatever its size; at its end a mapping is suggested.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::{ImportCounts, ImportStatus};
use guanxi_domain::tenant::Tenant;
use guanxi_import::limits::{FILE_BYTES_MAX, WORKBOOK_BYTES_MAX};
use guanxi_import::{BadFile, Detection, Format, Mapping, Subject, presets, sniff, suggest};
use guanxi_store::{ImportRow, Scope as Rows};

use super::{ImportView, read, write};
use crate::{App, AppError};

/// Bytes of a piece in the store.
const PIECE_BYTES: usize = 1024 * 1024;
/// The most imports of a tenant that hold a file at once.
const OPEN_MAX: i64 = 20;
/// The most characters of a file's name.
const NAME_MAX: usize = 200;

/// What whoever uploads knows of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportWish {
    /// What its rows are about.
    pub subject: Option<Subject>,
    /// The name of a preset.
    pub preset: Option<String>,
    /// The name of a saved mapping.
    pub saved: Option<String>,
}

/// A file on its way in.
pub struct Upload {
    app: App,
    tenant: Tenant,
    row: ImportRow,
    wish: ImportWish,
    detection: Detection,
    beginning: Vec<u8>,
    piece: Vec<u8>,
    pieces: i64,
    bytes: u64,
}

impl App {
    /// Begins an upload. Needs `manage`.
    pub async fn begin_import(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        wish: ImportWish,
    ) -> Result<Upload, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
        if name.is_empty() {
            return Err(AppError::invalid("name", "give the name of the file"));
        }
        if wish.preset.as_deref().is_some_and(|wanted| !presets().iter().any(|preset| preset.name == wanted)) {
            return Err(AppError::invalid("preset", "there is no such preset"));
        }
        let now = self.ambient().now();
        let row = ImportRow {
            id: ImportId::from_uuid(self.ambient().uuid()),
            name,
            subject: wish.subject.unwrap_or_default().as_str().to_owned(),
            format: String::new(),
            status: ImportStatus::Uploading,
            mapping: String::new(),
            bytes: 0,
            rows_sent: 0,
            rows_done: 0,
            rows_total: None,
            counts: ImportCounts::default(),
            error: None,
            created_by: caller.token.to_string(),
            created_at: now,
            updated_at: now,
        };
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        if work.open_imports(tenant.id).await? >= OPEN_MAX {
            return Err(AppError::Conflict(format!("{OPEN_MAX} imports are not done yet; finish or delete some")));
        }
        work.insert_import(tenant.id, &row).await?;
        work.commit().await?;
        let (detection, beginning) = (Detection::default(), Vec::new());
        let piece = Vec::with_capacity(PIECE_BYTES);
        Ok(Upload { app: self.clone(), tenant, row, wish, detection, beginning, piece, pieces: 0, bytes: 0 })
    }
}

impl Upload {
    /// Which import it will be.
    pub fn id(&self) -> ImportId {
        self.row.id
    }

    /// Takes the next bytes of the file.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), AppError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > FILE_BYTES_MAX {
            return Err(AppError::TooLarge(format!("a file has at most {} MB; cut it", FILE_BYTES_MAX >> 20)));
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE_BYTES {
                self.store_piece().await?;
            }
        }
        Ok(())
    }

    /// The file is here: finds out what it is and suggests a mapping. Nothing is imported before somebody starts it.
    pub async fn finish(mut self) -> Result<ImportView, AppError> {
        self.store_piece().await?;
        let detection = std::mem::take(&mut self.detection);
        let region = self.tenant.settings.region.clone();
        let encoding = detection.finish(region.as_deref());
        let format = match sniff(&self.beginning, encoding) {
            Ok(Format::Xlsx) if self.bytes > WORKBOOK_BYTES_MAX as u64 => {
                return self.refuse(BadFile::TooLarge("save it as CSV".to_owned())).await;
            }
            Ok(format) => format,
            Err(bad) => return self.refuse(bad).await,
        };
        let mut row = self.row.clone();
        row.bytes = i64::try_from(self.bytes).map_err(AppError::internal)?;
        row.format = format.as_str().to_owned();
        let mut mapping = Mapping::default();
        mapping.options.encoding = (format != Format::Xlsx).then_some(encoding);
        let sample = match self.app.sample(self.tenant.id, &row, &mapping).await? {
            Ok(sample) => sample,
            Err(bad) => return self.refuse(bad).await,
        };
        let found = |name: &String| presets().iter().find(|preset| preset.name == *name);
        let mut suggested = match (&self.wish.saved, self.wish.preset.as_ref().and_then(found)) {
            (Some(name), _) => self.saved(name).await?,
            (None, Some(preset)) => preset.mapping(&sample.header),
            (None, None) => suggest(&sample, self.wish.subject, region.as_deref()).mapping,
        };
        suggested.options.encoding = mapping.options.encoding;
        row.subject = suggested.subject.as_str().to_owned();
        row.mapping = write(&suggested)?;
        row.status = ImportStatus::Stopped;
        let mut work = self.app.store().begin(Rows::Tenant(self.tenant.id)).await?;
        let now = self.app.ambient().now();
        let mapped = work.map_import(self.tenant.id, &row, &[ImportStatus::Uploading], now).await?;
        work.commit().await?;
        if mapped { ImportView::new(row) } else { Err(AppError::NotFound("import")) }
    }

    /// Forgets what has come so far.
    pub async fn abandon(self) -> Result<(), AppError> {
        let mut work = self.app.store().begin(Rows::Tenant(self.tenant.id)).await?;
        work.delete_import(self.tenant.id, self.row.id).await?;
        Ok(work.commit().await?)
    }

    async fn refuse(self, bad: BadFile) -> Result<ImportView, AppError> {
        self.abandon().await?;
        Err(AppError::invalid("file", bad.to_string()))
    }

    async fn saved(&self, name: &str) -> Result<Mapping, AppError> {
        let mut work = self.app.store().read(Rows::Tenant(self.tenant.id)).await?;
        let saved = work.mappings(self.tenant.id, super::saved::SAVED_MAX).await?;
        let saved = saved.into_iter().find(|saved| saved.name == name).ok_or(AppError::NotFound("saved mapping"))?;
        read(&saved.mapping)
    }

    async fn store_piece(&mut self) -> Result<(), AppError> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.detection.feed(&self.piece);
        if self.beginning.is_empty() {
            self.beginning = self.piece.get(..self.piece.len().min(4096)).unwrap_or(&self.piece).to_vec();
        }
        let (tenant, id, now) = (self.tenant.id, self.row.id, self.app.ambient().now());
        let mut work = self.app.store().begin(Rows::Tenant(tenant)).await?;
        let taken = work.add_import_piece(tenant, id, self.pieces, &self.piece, now).await?;
        work.commit().await?;
        self.pieces += 1;
        self.piece.clear();
        if taken { Ok(()) } else { Err(AppError::NotFound("import")) }
    }
}
