//! What went out to channels and what came back, by the time of the try: what is old is a range, and what comes in stands
//! at the end.

use std::borrow::Borrow;

use guanxi_domain::Millis;
use guanxi_domain::exchange::TriedExchanges;
use guanxi_domain::ids::MessageId;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "exchanges";

impl Work {
    /// Keeps exchanges of tries that are noted in the same transaction.
    pub async fn insert_exchanges(
        &mut self,
        tenant: TenantId,
        tried: &[impl Borrow<TriedExchanges>],
    ) -> Result<(), StoreError> {
        for piece in bulk::batches(self.dialect(), tried) {
            let mut rows = bulk::Rows::new(self.dialect());
            for one in piece {
                let one: &TriedExchanges = one.borrow();
                let document = serde_json::to_vec(&one.exchanges).map_err(|error| corrupt(&error))?;
                rows.row()
                    .bind(tenant.0)
                    .bind(one.at)
                    .bind(one.message.as_bytes().as_slice())
                    .bind(i64::from(one.attempt))
                    .blob(document);
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into exchanges (tenant_id, at, message_id, attempt, document)
                 {source}"
            ));
            query.execute(self.connection()).await.map_err(StoreError::on_conflict("exchanges"))?;
        }
        Ok(())
    }

    /// The exchanges that are kept of a message's tries, first try first.
    pub async fn exchanges(&mut self, tenant: TenantId, message: MessageId) -> Result<Vec<TriedExchanges>, StoreError> {
        sqlx::query(
            "select e.message_id, e.attempt, e.at, e.document
             from attempts a
             join exchanges e
               on e.tenant_id = a.tenant_id and e.at = a.at and e.message_id = a.message_id and e.attempt = a.number
             where a.tenant_id = $1 and a.message_id = $2
             order by a.number",
        )
        .bind(tenant.0)
        .bind(message.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// When the first try was whose exchanges are kept.
    pub async fn first_exchange(&mut self, tenant: TenantId) -> Result<Option<Millis>, StoreError> {
        let sql = "select min(at) from exchanges where tenant_id = $1";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).fetch_one(self.connection()).await?)
    }

    /// Takes away exchanges of tries before that time, at most so many rows; how many it were.
    pub async fn forget_exchanges(&mut self, tenant: TenantId, before: Millis, limit: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "delete from exchanges
             where (tenant_id, at, message_id, attempt) in (
               select tenant_id, at, message_id, attempt
               from exchanges
               where tenant_id = $1 and at < $2
               order by at
               limit $3)",
        )
        .bind(tenant.0)
        .bind(before)
        .bind(i64::from(limit))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<TriedExchanges, StoreError> {
    let cells = Cells::of(row, TABLE);
    let document: &[u8] = cells.get("document")?;
    Ok(TriedExchanges {
        message: cells.id("message_id", MessageId::from_slice)?,
        attempt: cells.number("attempt")?,
        at: cells.get("at")?,
        exchanges: serde_json::from_slice(document).map_err(|error| corrupt(&error))?,
    })
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt { table: TABLE, column: "document", problem: error.to_string() }
}
