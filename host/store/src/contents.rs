//! What brands say more than once, by name, and which message says which.

use guanxi_domain::ids::MessageId;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

const TABLE: &str = "contents";

/// A content that a brand keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentRow {
    /// Unique per tenant.
    pub name: String,
    /// Goes up with every change.
    pub version: u32,
    /// What it says.
    pub document: JsonMap,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// Which kept content a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageContent {
    /// The message.
    pub message: MessageId,
    /// The content's name
    pub name: String,
    /// and version.
    pub version: u32,
}

impl Work {
    /// The contents of a tenant, by name.
    pub async fn contents(&mut self, tenant: TenantId, limit: u32) -> Result<Vec<ContentRow>, StoreError> {
        sqlx::query(
            "select name, version, document, updated_at
             from contents
             where tenant_id = $1 and document is not null
             order by name
             limit $2",
        )
        .bind(tenant.0)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// One content.
    pub async fn content(&mut self, tenant: TenantId, name: &str) -> Result<Option<ContentRow>, StoreError> {
        sqlx::query(
            "select name, version, document, updated_at
             from contents
             where tenant_id = $1 and name = $2 and document is not null",
        )
        .bind(tenant.0)
        .bind(name)
        .fetch_optional(self.connection())
        .await?
        .map(|row| read(&row))
        .transpose()
    }

    /// How many contents a tenant keeps.
    pub async fn count_contents(&mut self, tenant: TenantId) -> Result<i64, StoreError> {
        let sql = "select count(*) from contents where tenant_id = $1 and document is not null";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).fetch_one(self.connection()).await?)
    }

    /// A number that is another one whenever a content of the tenant has changed.
    pub async fn contents_revision(&mut self, tenant: TenantId) -> Result<i64, StoreError> {
        let sql = "select cast(coalesce(sum(version), 0) as bigint) from contents where tenant_id = $1";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).fetch_one(self.connection()).await?)
    }

    /// Keeps a content under its name, over one that is there; its version now.
    pub async fn put_content(
        &mut self,
        tenant: TenantId,
        name: &str,
        document: &JsonMap,
        now: Millis,
    ) -> Result<u32, StoreError> {
        let row = sqlx::query(
            "insert into contents (tenant_id, name, version, document, updated_at) values ($1, $2, 1, $3, $4)
             on conflict (tenant_id, name) do update
               set version = contents.version + 1, document = excluded.document, updated_at = excluded.updated_at
             returning version",
        )
        .bind(tenant.0)
        .bind(name)
        .bind(json_text(TABLE, "document", document)?)
        .bind(now)
        .fetch_one(self.connection())
        .await?;
        Cells::of(&row, TABLE).number("version")
    }

    /// Takes a content away; `false` if there is none.
    pub async fn delete_content(&mut self, tenant: TenantId, name: &str, now: Millis) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update contents set document = null, version = version + 1, updated_at = $3
             where tenant_id = $1 and name = $2 and document is not null",
        )
        .bind(tenant.0)
        .bind(name)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes which contents messages say; of one that is noted already nothing changes.
    pub async fn note_message_contents(
        &mut self,
        tenant: TenantId,
        notes: &[MessageContent],
    ) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), notes) {
            let mut rows = Rows::new(self.dialect());
            for note in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(note.message.as_bytes().as_slice())
                    .bind(&note.name)
                    .bind(i64::from(note.version));
            }
            let sql = format!(
                "insert into message_contents (tenant_id, message_id, name, version)
                 {}
                 on conflict (tenant_id, message_id) do nothing",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<ContentRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(ContentRow {
        name: cells.get("name")?,
        version: cells.number("version")?,
        document: cells.json("document")?,
        updated_at: cells.get("updated_at")?,
    })
}
