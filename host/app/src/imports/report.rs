//! What became of every row, as CSV, however many there are.

use bytes::Bytes;
use futures::Stream;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::ImportId;
use guanxi_domain::import::RowResult;
use guanxi_store::Scope as Rows;

use crate::sheet::Sheet;
use crate::{App, AppError};

/// Chunks of rows that are read at once.
const CHUNKS: u32 = 8;

impl App {
    /// The rows of an import that came to `result`, or all, as a stream of CSV: row, result, subject, reason.
    pub async fn import_report(
        &self,
        caller: &Caller,
        slug: &str,
        id: ImportId,
        result: Option<RowResult>,
    ) -> Result<impl Stream<Item = Result<Bytes, AppError>> + Send + use<>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        self.import_row(tenant.id, id).await?;
        let app = self.clone();
        Ok(futures::stream::try_unfold(None, move |after: Option<u64>| {
            let app = app.clone();
            async move {
                let mut read = app.store().read(Rows::Tenant(tenant.id)).await?;
                let chunks = read.import_outcomes(tenant.id, id, after.unwrap_or(0), CHUNKS).await?;
                drop(read);
                let mut sheet = Sheet::default();
                if after.is_none() {
                    sheet.begin(&["row", "result", "subject", "reason"]);
                } else if chunks.is_empty() {
                    return Ok(None);
                }
                let last = chunks.last().map_or(u64::MAX >> 1, |chunk| chunk.first_row);
                let rows = chunks.iter().flat_map(|chunk| &chunk.rows);
                for row in rows.filter(|row| result.is_none_or(|wanted| wanted == row.1)) {
                    sheet.line([row.0.to_string().as_str(), row.1.as_str(), &row.2, &row.3]);
                }
                Ok(Some((sheet.into_bytes(), Some(last))))
            }
        }))
    }
}
