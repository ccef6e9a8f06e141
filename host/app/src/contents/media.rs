//! Pictures, recordings and films that a brand keeps with the host, for channels to fetch at an address that nobody guesses.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::content;
use guanxi_domain::ids::MediaId;
use guanxi_domain::media::{MEDIA_BYTES_MAX, MediaKind};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{MediaRow, Scope as Rows};

use crate::tracking::MediaCode;
use crate::{App, AppError};

/// The most media of a tenant, and the most bytes of all of them.
pub(super) const MEDIA_MAX: u32 = 200;
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of a piece in the store.
const PIECE_BYTES: usize = 1024 * 1024;

/// Something that a brand keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaView {
    /// What it is.
    pub media: MediaRow,
    /// Where channels fetch it; nothing if the host does not know its own address.
    pub url: Option<String>,
}

/// Something that anybody who knows its address may fetch, piece by piece.
#[derive(Debug, Clone)]
pub struct ServedMedia {
    tenant: TenantId,
    id: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// How many bytes it has.
    pub bytes: u64,
}

impl App {
    /// What a brand keeps, by name.
    pub async fn media(&self, caller: &Caller, slug: &str) -> Result<Vec<MediaView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let rows = self.store().read(Rows::Tenant(tenant)).await?.all_media(tenant, MEDIA_MAX).await?;
        Ok(rows.into_iter().map(|media| MediaView { url: self.media_url(tenant, &media), media }).collect())
    }

    /// Keeps bytes under a name, in the place of what is there. What they are follows from the bytes. Needs `manage`.
    pub async fn put_media(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<MediaView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        if !content::is_name(name) {
            return Err(AppError::invalid("name", "use 2 to 64 of a-z, 0-9 and -, and not `preview`"));
        }
        if bytes.len() > MEDIA_BYTES_MAX {
            return Err(AppError::TooLarge(format!("media have at most {} MiB", MEDIA_BYTES_MAX >> 20)));
        }
        let kind = MediaKind::of(bytes);
        let kind = kind.ok_or_else(|| AppError::invalid("body", "is no PNG, JPEG, GIF, WebP, MP3, AMR or MP4"))?;
        let id = MediaId::from_uuid(self.ambient().uuid());
        let (size, created_at) = (bytes.len() as u64, self.ambient().now());
        let media = MediaRow { name: name.to_owned(), id, kind, bytes: size, created_at };
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let others = work.all_media(tenant, MEDIA_MAX).await?;
        let others: Vec<&MediaRow> = others.iter().filter(|other| other.name != name).collect();
        if others.len() >= MEDIA_MAX as usize {
            return Err(AppError::Conflict(format!("a tenant keeps at most {MEDIA_MAX} media")));
        }
        if others.iter().map(|other| other.bytes).sum::<u64>() + size > BYTES_MAX {
            return Err(AppError::Conflict(format!("a tenant keeps at most {} MiB of media", BYTES_MAX >> 20)));
        }
        work.put_media(tenant, &media, bytes.chunks(PIECE_BYTES)).await?;
        work.commit().await?;
        self.inner.contents.forget(tenant);
        Ok(MediaView { url: self.media_url(tenant, &media), media })
    }

    /// Takes one away: its address leads nowhere any more. Needs `manage`.
    pub async fn delete_media(&self, caller: &Caller, slug: &str, name: &str) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let deleted = work.delete_media(tenant, name).await?;
        work.commit().await?;
        self.inner.contents.forget(tenant);
        if deleted { Ok(()) } else { Err(AppError::NotFound("media")) }
    }

    /// What is at the address that ends in `code`. `NotFound` for a code that the host did not write, and for what is no
    /// longer kept.
    pub async fn served_media(&self, code: &str) -> Result<ServedMedia, AppError> {
        let gone = || AppError::NotFound("media");
        let MediaCode { tenant, id } = MediaCode::read(code, self.vault()).ok_or_else(gone)?;
        let row = self.store().read(Rows::Tenant(tenant)).await?.media(tenant, id).await?.ok_or_else(gone)?;
        Ok(ServedMedia { tenant, id, kind: row.kind, bytes: row.bytes })
    }

    /// A piece of it, counted from 0; nothing behind the last one.
    pub async fn media_piece(&self, media: &ServedMedia, number: i64) -> Result<Option<Vec<u8>>, AppError> {
        let mut read = self.store().read(Rows::Tenant(media.tenant)).await?;
        Ok(read.media_piece(media.tenant, media.id, number).await?)
    }

    /// Where channels fetch it.
    pub(super) fn media_url(&self, tenant: TenantId, media: &MediaRow) -> Option<String> {
        let code = MediaCode { tenant, id: media.id }.written(self.vault())?;
        self.public_address(&format!("/m/{code}.{}", media.kind.as_str()))
    }
}
