//! Whose packages the operators trust, and their keys. Keys stay when they are revoked: packages name them.

use guanxi_domain::Millis;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// A key that a publisher signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherKeyRow {
    /// The public key, `ed25519:` and base64.
    pub key: String,
    /// Trusted from then on.
    pub added_at: Millis,
    /// Not trusted any more since then.
    pub revoked_at: Option<Millis>,
}

/// Somebody who makes plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherRow {
    /// Names it in packages' provenance.
    pub name: String,
    /// For people.
    pub title: String,
    /// When it was trusted first.
    pub created_at: Millis,
    /// Its keys, oldest first, revoked ones too.
    pub keys: Vec<PublisherKeyRow>,
}

impl Work {
    /// Keeps a publisher, or gives it another title.
    pub async fn put_publisher(&mut self, name: &str, title: &str, now: Millis) -> Result<(), StoreError> {
        sqlx::query(
            "insert into publishers (name, title, created_at) values ($1, $2, $3)
             on conflict (name) do update set title = excluded.title",
        )
        .bind(name)
        .bind(title)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Trusts a key of a publisher; `Conflict("key")` if the key is known already, whose ever it is.
    pub async fn insert_publisher_key(&mut self, publisher: &str, key: &str, now: Millis) -> Result<(), StoreError> {
        sqlx::query("insert into publisher_keys (key, publisher, added_at) values ($1, $2, $3)")
            .bind(key)
            .bind(publisher)
            .bind(now)
            .execute(self.connection())
            .await
            .map_err(StoreError::on_conflict("key"))?;
        Ok(())
    }

    /// Trusts a key no more; whether it was trusted.
    pub async fn revoke_publisher_key(&mut self, publisher: &str, key: &str, now: Millis) -> Result<bool, StoreError> {
        let sql = "update publisher_keys set revoked_at = $3 where publisher = $1 and key = $2 and revoked_at is null";
        let revoked = sqlx::query(sql).bind(publisher).bind(key).bind(now).execute(self.connection()).await?;
        Ok(revoked.rows_affected() == 1)
    }

    /// Whose key this is, and since when it is not trusted any more, if so.
    pub async fn key_owner(&mut self, key: &str) -> Result<Option<(String, Option<Millis>)>, StoreError> {
        let row = sqlx::query("select publisher, revoked_at from publisher_keys where key = $1")
            .bind(key)
            .fetch_optional(self.connection())
            .await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }

    /// Every publisher by name, at most so many.
    pub async fn publishers(&mut self, limit: u32) -> Result<Vec<PublisherRow>, StoreError> {
        let sql = "select name, title, created_at from publishers order by name limit $1";
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(self.connection()).await?;
        let mut publishers = Vec::with_capacity(rows.len());
        for row in &rows {
            publishers.push(self.with_keys(row).await?);
        }
        Ok(publishers)
    }

    /// One publisher.
    pub async fn publisher(&mut self, name: &str) -> Result<Option<PublisherRow>, StoreError> {
        let sql = "select name, title, created_at from publishers where name = $1";
        match sqlx::query(sql).bind(name).fetch_optional(self.connection()).await? {
            Some(row) => Ok(Some(self.with_keys(&row).await?)),
            None => Ok(None),
        }
    }

    async fn with_keys(&mut self, row: &AnyRow) -> Result<PublisherRow, StoreError> {
        let cells = Cells::of(row, "publishers");
        let name: String = cells.get("name")?;
        let sql = "select key, added_at, revoked_at from publisher_keys where publisher = $1 order by added_at, key";
        let keys = sqlx::query(sql).bind(&name).fetch_all(self.connection()).await?;
        let keys = keys.iter().map(|row| {
            let cells = Cells::of(row, "publisher_keys");
            let (key, added_at, revoked_at) = (cells.get("key")?, cells.get("added_at")?, cells.get("revoked_at")?);
            Ok(PublisherKeyRow { key, added_at, revoked_at })
        });
        Ok(PublisherRow {
            title: cells.get("title")?,
            created_at: cells.get("created_at")?,
            keys: keys.collect::<Result<_, StoreError>>()?,
            name,
        })
    }
}
