//! What plugins log: lines by installation, and the lines of one call for its receipts.

use guanxi_domain::Millis;
use guanxi_domain::ids::{CallId, InstallationId, MessageId, PersonId, new_uuid};
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk;
use crate::error::StoreError;
use crate::row::{AFTER_ALL_IDS, Cells};
use crate::work::{Dialect, Work};

const TABLE: &str = "plugin_logs";

/// One call of a plugin that said something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCall {
    /// Whose call.
    pub installation: InstallationId,
    /// When; receipts of the call have the same time.
    pub at: Millis,
    /// Which call.
    pub id: CallId,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// What for.
    pub asked: Asked,
    /// The message that was to be delivered.
    pub message: Option<MessageId>,
    /// Whom it was about: a line may say something of each of them.
    pub people: Vec<PersonId>,
    /// What it said, in this order.
    pub lines: Vec<(Level, String)>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Where it stands.
    pub place: LogPlace,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub line: String,
    /// SHA-256 of the component, lower-case hex.
    pub digest: String,
    /// What the call was for.
    pub asked: Asked,
    /// The message that was to be delivered.
    pub message: Option<MessageId>,
}

/// Where a line stands among those of its installation: later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// When the call was.
    pub at: Millis,
    /// Which call.
    pub call: CallId,
    /// Which of its lines, from 0.
    pub number: u32,
}

impl LogPlace {
    /// Before every line from this time on.
    pub fn first_at(at: Millis) -> Self {
        Self { at, call: CallId::from_uuid(new_uuid(0, [0; 10])), number: 0 }
    }
}

/// Which lines to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery {
    /// Whose.
    pub installation: InstallationId,
    /// Those that matter at least so much.
    pub level: Level,
    /// The last one of the page before.
    pub before: Option<LogPlace>,
    /// At most so many.
    pub limit: u32,
}

impl Work {
    /// Keeps what calls said, as it was; U+0000, which PostgreSQL cannot keep, becomes U+FFFD. Lines of a call that are kept
    /// already stay as they are.
    pub async fn insert_logs(&mut self, tenant: TenantId, calls: &[LoggedCall]) -> Result<(), StoreError> {
        let lines: Vec<(&LoggedCall, usize)> =
            calls.iter().flat_map(|call| (0..call.lines.len()).map(move |number| (call, number))).collect();
        for piece in bulk::batches(self.dialect(), &lines) {
            let mut rows = bulk::Rows::new(self.dialect());
            for (call, number) in piece {
                let Some((level, line)) = call.lines.get(*number) else { continue };
                let people = || call.people.iter().flat_map(|person| *person.as_bytes()).collect::<Vec<u8>>();
                rows.row()
                    .bind(tenant.0)
                    .bind(call.installation.as_bytes().as_slice())
                    .bind(call.at)
                    .bind(call.id.as_bytes().as_slice())
                    .bind(i64::try_from(*number).unwrap_or(i64::MAX))
                    .bind(level.rank())
                    .bind(line.replace('\0', "\u{fffd}"))
                    .bind(&call.digest)
                    .bind(call.asked.as_str())
                    .bind(call.message.map(|message| message.as_bytes().to_vec()))
                    .bind((*number == 0).then(people));
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into plugin_logs (tenant_id, installation_id, at, call_id, number, level, line, digest, asked,
                                          message_id, people)
                 {source}
                 on conflict do nothing"
            ));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// A page of an installation's lines, newest first.
    pub async fn logs(&mut self, tenant: TenantId, query: &LogQuery) -> Result<Vec<LogRow>, StoreError> {
        let (at, call, number) = match &query.before {
            Some(place) => (place.at, place.call.as_bytes(), i64::from(place.number)),
            None => (i64::MAX, &AFTER_ALL_IDS, i64::MAX),
        };
        sqlx::query(
            "select at, call_id, number, level, line, digest, asked, message_id
             from plugin_logs
             where tenant_id = $1 and installation_id = $2 and (at, call_id, number) < ($3, $4, $5) and level >= $6
             order by at desc, call_id desc, number desc
             limit $7",
        )
        .bind(tenant.0)
        .bind(query.installation.as_bytes().as_slice())
        .bind(at)
        .bind(call.as_slice())
        .bind(number)
        .bind(query.level.rank())
        .bind(i64::from(query.limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Whether any plugin of a tenant said anything that is kept.
    pub async fn has_logs(&mut self, tenant: TenantId) -> Result<bool, StoreError> {
        let sql = "select number from plugin_logs where tenant_id = $1 limit 1";
        Ok(sqlx::query(sql).bind(tenant.0).fetch_optional(self.connection()).await?.is_some())
    }

    /// What one call said, in its order.
    pub async fn logs_of_call(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        at: Millis,
        call: CallId,
    ) -> Result<Vec<LogRow>, StoreError> {
        sqlx::query(
            "select at, call_id, number, level, line, digest, asked, message_id
             from plugin_logs
             where tenant_id = $1 and installation_id = $2 and at = $3 and call_id = $4
             order by number",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(at)
        .bind(call.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// Where the first of the newest `keep` lines of an installation stands; nothing if there are fewer.
    pub async fn oldest_log_kept(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        keep: u32,
    ) -> Result<Option<LogPlace>, StoreError> {
        sqlx::query(
            "select at, call_id, number
             from plugin_logs
             where tenant_id = $1 and installation_id = $2
             order by at desc, call_id desc, number desc
             limit 1 offset $3",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(i64::from(keep.saturating_sub(1)))
        .fetch_optional(self.connection())
        .await?
        .map(|row| place(&Cells::of(&row, TABLE)))
        .transpose()
    }

    /// Takes away lines of an installation before a place, at most so many; how many it were.
    pub async fn forget_logs(
        &mut self,
        tenant: TenantId,
        installation: InstallationId,
        before: LogPlace,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "delete from plugin_logs
             where tenant_id = $1 and installation_id = $2
               and (at, call_id, number) in (
                 select at, call_id, number
                 from plugin_logs
                 where tenant_id = $1 and installation_id = $2 and (at, call_id, number) < ($3, $4, $5)
                 order by at, call_id, number
                 limit $6)",
        )
        .bind(tenant.0)
        .bind(installation.as_bytes().as_slice())
        .bind(before.at)
        .bind(before.call.as_bytes().as_slice())
        .bind(i64::from(before.number))
        .bind(i64::from(limit))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Takes away what calls about this person said, whoever else they were about, of at most so many calls; how many lines
    /// it were.
    pub async fn erase_logs(&mut self, tenant: TenantId, person: PersonId, limit: u32) -> Result<u64, StoreError> {
        let names_them = match self.dialect() {
            Dialect::Sqlite => "instr(people, $2) > 0",
            Dialect::Postgres => "position(cast($2 as bytea) in people) > 0",
        };
        let sql = format!(
            "delete from plugin_logs
             where tenant_id = $1
               and (installation_id, at, call_id) in (
                 select installation_id, at, call_id
                 from plugin_logs
                 where tenant_id = $1 and {names_them}
                 limit $3)"
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(person.as_bytes().as_slice())
            .bind(i64::from(limit))
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected())
    }
}

fn place(cells: &Cells<'_>) -> Result<LogPlace, StoreError> {
    Ok(LogPlace {
        at: cells.get("at")?,
        call: cells.id("call_id", CallId::from_slice)?,
        number: cells.number("number")?,
    })
}

fn read(row: &AnyRow) -> Result<LogRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(LogRow {
        place: place(&cells)?,
        level: cells.rank("level", Level::of_rank)?,
        line: cells.get("line")?,
        digest: cells.get("digest")?,
        asked: cells.word("asked", Asked::parse)?,
        message: cells.maybe_id("message_id", MessageId::from_slice)?,
    })
}
