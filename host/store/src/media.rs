//! Pictures, recordings and films that brands keep, in pieces, so that no statement carries more than one of them and every
//! node can serve them.

use guanxi_domain::Millis;
use guanxi_domain::ids::MediaId;
use guanxi_domain::media::MediaKind;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "media";

/// A picture, recording or film that a brand keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRow {
    /// Unique per tenant.
    pub name: String,
    /// Another one for whatever is kept under the name later.
    pub id: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// How many bytes it has.
    pub bytes: u64,
    /// When it came.
    pub created_at: Millis,
}

impl Work {
    /// What a tenant keeps, by name.
    pub async fn all_media(&mut self, tenant: TenantId, limit: u32) -> Result<Vec<MediaRow>, StoreError> {
        sqlx::query("select name, id, kind, bytes, created_at from media where tenant_id = $1 order by name limit $2")
            .bind(tenant.0)
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// One of them by its id.
    pub async fn media(&mut self, tenant: TenantId, id: MediaId) -> Result<Option<MediaRow>, StoreError> {
        sqlx::query("select name, id, kind, bytes, created_at from media where tenant_id = $1 and id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// Keeps one with its pieces under its name, in the place of what is there.
    pub async fn put_media<'b>(
        &mut self,
        tenant: TenantId,
        media: &MediaRow,
        pieces: impl Iterator<Item = &'b [u8]>,
    ) -> Result<(), StoreError> {
        self.delete_media(tenant, &media.name).await?;
        sqlx::query("insert into media (tenant_id, name, id, kind, bytes, created_at) values ($1, $2, $3, $4, $5, $6)")
            .bind(tenant.0)
            .bind(&media.name)
            .bind(media.id.as_bytes().as_slice())
            .bind(media.kind.as_str())
            .bind(i64::try_from(media.bytes).unwrap_or(i64::MAX))
            .bind(media.created_at)
            .execute(self.connection())
            .await
            .map_err(StoreError::on_conflict("media"))?;
        for (number, bytes) in pieces.enumerate() {
            sqlx::query("insert into media_pieces (tenant_id, media_id, number, bytes) values ($1, $2, $3, $4)")
                .bind(tenant.0)
                .bind(media.id.as_bytes().as_slice())
                .bind(i64::try_from(number).unwrap_or(i64::MAX))
                .bind(bytes)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// A piece of one, counted from 0; nothing behind the last one.
    pub async fn media_piece(
        &mut self,
        tenant: TenantId,
        id: MediaId,
        number: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "select bytes from media_pieces where tenant_id = $1 and media_id = $2 and number = $3";
        let row = sqlx::query(sql)
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(number)
            .fetch_optional(self.connection())
            .await?;
        row.map(|row| Cells::of(&row, "media_pieces").get("bytes")).transpose()
    }

    /// Takes one away with its pieces; `false` if there is none.
    pub async fn delete_media(&mut self, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        sqlx::query(
            "delete from media_pieces
             where tenant_id = $1 and media_id in (select id from media where tenant_id = $1 and name = $2)",
        )
        .bind(tenant.0)
        .bind(name)
        .execute(self.connection())
        .await?;
        let done = sqlx::query("delete from media where tenant_id = $1 and name = $2")
            .bind(tenant.0)
            .bind(name)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<MediaRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(MediaRow {
        name: cells.get("name")?,
        id: cells.id("id", MediaId::from_slice)?,
        kind: cells.word("kind", MediaKind::parse)?,
        bytes: cells.number("bytes")?,
        created_at: cells.get("created_at")?,
    })
}
