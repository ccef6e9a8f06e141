//! What a brand says more than once, by name: kept, changed, taken away, and known to those who decide.

mod media;
mod preview;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::content::{self, DOCUMENT_BYTES_MAX};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{ContentRow, Scope as Rows};

use crate::{App, AppError, Problem};

pub use media::{MediaView, ServedMedia};
pub use preview::{ContentPreview, PreviewInput};

/// The most contents of a tenant.
const CONTENTS_MAX: u32 = 300;
/// How long contents are believed without looking again.
const FRESH: Millis = 1_000;
/// The most tenants whose contents are kept in memory.
const TENANTS_MAX: u64 = 200;

/// A content that a brand keeps.
pub type ContentView = ContentRow;

/// The contents of one tenant, by name, and where channels fetch its media.
#[derive(Debug, Default)]
pub struct Contents {
    revision: i64,
    by_name: Arc<HashMap<String, ContentRow>>,
    media: HashMap<String, String>,
}

impl Contents {
    /// The content of this name.
    pub fn get(&self, name: &str) -> Option<&ContentRow> {
        self.by_name.get(name)
    }

    /// Where channels fetch the media of this name.
    pub fn media(&self, name: &str) -> Option<String> {
        self.media.get(name).cloned()
    }
}

/// Contents in memory, with when they were looked at.
pub(crate) struct Shelf {
    kept: moka::sync::Cache<TenantId, (Millis, Arc<Contents>)>,
    /// How often something was changed by this process.
    changes: AtomicU64,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        Self { kept: moka::sync::Cache::new(TENANTS_MAX), changes: AtomicU64::new(0) }
    }

    /// Something of a tenant was changed.
    fn forget(&self, tenant: TenantId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.kept.invalidate(&tenant);
    }

    fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Keeps what was read since there were so many changes, unless there was one meanwhile: it may be from before.
    fn keep(&self, tenant: TenantId, changes: u64, at: Millis, contents: &Arc<Contents>) {
        self.kept.insert(tenant, (at, Arc::clone(contents)));
        if self.changes() != changes {
            self.kept.invalidate(&tenant);
        }
    }
}

impl App {
    /// What a brand says more than once, by name.
    pub async fn contents(&self, caller: &Caller, slug: &str) -> Result<Vec<ContentView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.contents(tenant.id, CONTENTS_MAX).await?)
    }

    /// One of them.
    pub async fn content(&self, caller: &Caller, slug: &str, name: &str) -> Result<ContentView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let found = self.store().read(Rows::Tenant(tenant.id)).await?.content(tenant.id, name).await?;
        found.ok_or(AppError::NotFound("content"))
    }

    /// Keeps a content under its name, over one that is there; with `expected`, only if that has this version still. All
    /// problems are told at once. On this node it counts at once, on others within a second. Needs `manage`.
    pub async fn put_content(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        document: JsonMap,
        expected: Option<u32>,
    ) -> Result<ContentView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        if !content::is_name(name) {
            return Err(AppError::invalid("name", "use 2 to 64 of a-z, 0-9 and -, and not `preview`"));
        }
        checked(&document)?;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let before = work.content(tenant, name).await?;
        let version = before.as_ref().map_or(0, |before| before.version);
        if expected.is_some_and(|expected| expected != version) {
            return Err(AppError::Conflict("the content was changed meanwhile; read it again".to_owned()));
        }
        if before.is_none() && work.count_contents(tenant).await? >= i64::from(CONTENTS_MAX) {
            return Err(AppError::Conflict(format!("a tenant keeps at most {CONTENTS_MAX} contents")));
        }
        let updated_at = self.ambient().now();
        let version = work.put_content(tenant, name, &document, updated_at).await?;
        work.commit().await?;
        self.inner.contents.forget(tenant);
        Ok(ContentView { name: name.to_owned(), version, document, updated_at })
    }

    /// Takes a content away: a campaign that still names it is refused. Needs `manage`.
    pub async fn delete_content(&self, caller: &Caller, slug: &str, name: &str) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let deleted = work.delete_content(tenant, name, self.ambient().now()).await?;
        work.commit().await?;
        self.inner.contents.forget(tenant);
        if deleted { Ok(()) } else { Err(AppError::NotFound("content")) }
    }

    /// All contents of a tenant, as they are, or as they were at most a second ago where another process has changed them.
    pub async fn kept_contents(&self, tenant: TenantId) -> Result<Arc<Contents>, AppError> {
        let now = self.ambient().now();
        let shelf = &self.inner.contents;
        let (known, changes) = (shelf.kept.get(&tenant), shelf.changes());
        if let Some((at, contents)) = &known
            && now - at < FRESH
        {
            return Ok(Arc::clone(contents));
        }
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let revision = read.contents_revision(tenant).await?;
        let by_name = match known {
            Some((_, contents)) if contents.revision == revision => Arc::clone(&contents.by_name),
            _ => {
                let rows = read.contents(tenant, CONTENTS_MAX).await?;
                Arc::new(rows.into_iter().map(|row| (row.name.clone(), row)).collect())
            }
        };
        let media = read.all_media(tenant, media::MEDIA_MAX).await?;
        drop(read);
        let media = media.into_iter().filter_map(|media| Some((media.name.clone(), self.media_url(tenant, &media)?)));
        let contents = Arc::new(Contents { revision, by_name, media: media.collect() });
        shelf.keep(tenant, changes, now, &contents);
        Ok(contents)
    }
}

/// Everything that is wrong with a document, below `content`.
fn checked(document: &JsonMap) -> Result<(), AppError> {
    let problems = content::check(document);
    if problems.is_empty() {
        return Ok(());
    }
    if serde_json::to_string(document).is_ok_and(|text| text.len() > DOCUMENT_BYTES_MAX) {
        return Err(AppError::TooLarge(format!("a content has at most {DOCUMENT_BYTES_MAX} bytes")));
    }
    Err(AppError::Invalid(problems.into_iter().map(|bad| Problem::new(bad.at, bad.problem)).collect()))
}
