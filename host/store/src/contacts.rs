//! When people wrote, and how often they were written to since: what caps and reply windows depend on.

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::message::MessageClass;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

/// From when on messages to somebody are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SentQuery {
    /// To whom.
    pub person: PersonId,
    /// Those that the channel took then or later.
    pub since: Millis,
}

/// How many messages of one sort were sent to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCount {
    /// What was asked for.
    pub query: SentQuery,
    /// Through which installation.
    pub connector: InstallationId,
    /// On which channel.
    pub channel: String,
    /// Of which class.
    pub class: MessageClass,
    /// For which purpose.
    pub purpose: String,
    /// How many.
    pub count: u32,
}

/// The latest event of a kind that somebody caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestAct {
    /// Who.
    pub person: PersonId,
    /// What.
    pub kind: String,
    /// When.
    pub at: Millis,
}

impl Work {
    /// How many messages were sent, by installation, channel, class and purpose; nothing where there were none. Each query
    /// stands in `queries` once.
    pub async fn sent_since(&mut self, tenant: TenantId, queries: &[SentQuery]) -> Result<Vec<SentCount>, StoreError> {
        let mut counts = Vec::new();
        for piece in batches(self.dialect(), queries) {
            let mut rows = Rows::new(self.dialect());
            for query in piece {
                rows.row().bind(query.person.as_bytes().as_slice()).bind(query.since);
            }
            // On SQLite this join looks for the messages of one query after the other.
            let sql = format!(
                "with wanted (person_id, since) as ({})
                 select w.person_id, w.since, m.connector_id, m.channel, m.class, m.purpose, count(*) as count
                 from wanted w
                 cross join messages m
                 where m.tenant_id = ${} and m.person_id = w.person_id and m.status = 'sent' and m.updated_at >= w.since
                 group by w.person_id, w.since, m.connector_id, m.channel, m.class, m.purpose",
                rows.source(),
                rows.parameters() + 1,
            );
            for row in rows.query(sql).bind(tenant.0).fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "messages");
                counts.push(SentCount {
                    query: SentQuery {
                        person: cells.id("person_id", PersonId::from_slice)?,
                        since: cells.get("since")?,
                    },
                    connector: cells.id("connector_id", InstallationId::from_slice)?,
                    channel: cells.get("channel")?,
                    class: cells.word("class", MessageClass::parse)?,
                    purpose: cells.get("purpose")?,
                    count: cells.number("count")?,
                });
            }
        }
        Ok(counts)
    }

    /// When each of these people last did something of these kinds on a channel, at `since` or later; of each kind apart,
    /// and nothing of what they did not do.
    pub async fn latest_acts(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
        kinds: &[String],
        channel: &str,
        since: Millis,
    ) -> Result<Vec<LatestAct>, StoreError> {
        let mut acts = Vec::new();
        if kinds.is_empty() {
            return Ok(acts);
        }
        let of_channel = match self.dialect() {
            Dialect::Sqlite => "e.body ->> 'channel'",
            Dialect::Postgres => "cast(e.body as json) ->> 'channel'",
        };
        for piece in pieces(people) {
            let sql = format!(
                "select t.person_id, t.kind, max(t.occurred_at) as at
                 from timeline t
                 join events e on e.tenant_id = t.tenant_id and e.position = t.position
                 where t.tenant_id = $1 and t.occurred_at >= $2 and t.person_id in ({}) and t.kind in ({})
                   and {of_channel} = $3
                 group by t.person_id, t.kind",
                list(3, piece.len()),
                list(3 + piece.len(), kinds.len()),
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(since).bind(channel);
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for kind in kinds {
                query = query.bind(kind);
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "timeline");
                acts.push(LatestAct {
                    person: cells.id("person_id", PersonId::from_slice)?,
                    kind: cells.get("kind")?,
                    at: cells.get("at")?,
                });
            }
        }
        Ok(acts)
    }
}
