//! What plugins log: by installation, and of the call that a decision came of.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::CallId;
use guanxi_domain::plugin_log::Level;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{DecisionRow, LogPlace, LogQuery, LogRow, Scope as Rows, Work};
use serde_json::json;

use crate::insight::page;
use crate::{App, AppError};

/// What a receipt holds that has no lines of its own.
const NO_LINES: &str = "[]";

impl App {
    /// What an installation logged, newest first: lines that matter at least so much. They are kept as long as receipts, and
    /// at most the newest [`LOG_LINES_KEPT`](guanxi_domain::limits::LOG_LINES_KEPT), give or take an hour.
    pub async fn installation_logs(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        level: Level,
        before: Option<LogPlace>,
        limit: Option<u32>,
    ) -> Result<Vec<LogRow>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let installation = read.installation(tenant, name).await?.ok_or(AppError::NotFound("installation"))?.id;
        Ok(read.logs(tenant, &LogQuery { installation, level, before, limit: page(limit) }).await?)
    }
}

/// Gives a receipt the lines of the call that it came of; one from before they were kept apart has its own.
pub(crate) async fn add_lines(read: &mut Work, tenant: TenantId, row: &mut DecisionRow) -> Result<(), AppError> {
    let call = row.call.as_ref().and_then(|call| CallId::from_slice(call.first.as_bytes()));
    let Some(call) = call.filter(|_| row.log == NO_LINES) else { return Ok(()) };
    let lines = read.logs_of_call(tenant, row.installation, row.at, call).await?;
    let line = |row: LogRow| json!({"level": row.level.as_str(), "line": row.line});
    row.log = serde_json::Value::from_iter(lines.into_iter().map(line)).to_string();
    Ok(())
}
