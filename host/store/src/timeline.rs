//! Which events belong to which person, by the time at which they happened.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::event::Event;
use guanxi_domain::ids::PersonId;
use guanxi_domain::tenant::TenantId;

use crate::bulk::{Rows, batches, list};
use crate::error::StoreError;
use crate::log::read_event;
use crate::row::Cells;
use crate::work::{Dialect, Work};

/// An event of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// Whose.
    pub person: PersonId,
    /// When it happened.
    pub occurred_at: Millis,
    /// Its place in the log.
    pub position: i64,
    /// Its kind.
    pub kind: String,
}

/// Whose earlier events, and before which point of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whose.
    pub person: PersonId,
    /// Time and position of the event that they precede.
    pub before: (Millis, i64),
}

impl Work {
    /// Puts events on timelines; one that is there already stays.
    pub async fn add_timeline(&mut self, tenant: TenantId, rows: &[TimelineRow]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), rows) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(row.person.as_bytes().as_slice())
                    .bind(row.occurred_at)
                    .bind(row.position)
                    .bind(&row.kind);
            }
            let sql = format!(
                "insert into timeline (tenant_id, person_id, occurred_at, position, kind)
                 {}
                 on conflict (tenant_id, person_id, occurred_at, position) do nothing",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// One page of a person's events before that time and position, newest first.
    pub async fn timeline(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        before: Option<(Millis, i64)>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let (time, position) = before.unwrap_or((i64::MAX, i64::MAX));
        sqlx::query(
            "select e.position, e.id, e.message_id, e.kind, e.occurred_at, e.received_at, e.body
             from timeline t
             join events e on e.tenant_id = t.tenant_id and e.position = t.position
             where t.tenant_id = $1 and t.person_id = $2 and (t.occurred_at, t.position) < ($3, $4)
             order by t.occurred_at desc, t.position desc
             limit $5",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(time)
        .bind(position)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_event)
        .collect()
    }

    /// Up to `limit` earlier events of each person, newest first, of these kinds; `*` among them is every kind.
    /// Each person stands in `queries` once.
    pub async fn history(
        &mut self,
        tenant: TenantId,
        queries: &[HistoryQuery],
        kinds: &[String],
        limit: u32,
    ) -> Result<HashMap<PersonId, Vec<Event>>, StoreError> {
        let mut history: HashMap<PersonId, Vec<Event>> = HashMap::with_capacity(queries.len());
        if kinds.is_empty() {
            return Ok(history);
        }
        let kinds = if kinds.iter().any(|kind| kind == "*") { &[] } else { kinds };
        for piece in batches(self.dialect(), queries) {
            let mut rows = Rows::new(self.dialect());
            for HistoryQuery { person, before: (time, position) } in piece {
                rows.row().bind(person.as_bytes().as_slice()).bind(*time).bind(*position);
            }
            let sql = history_sql(self.dialect(), &rows, kinds.len());
            let mut query = rows.query(sql).bind(tenant.0).bind(i64::from(limit));
            for kind in kinds {
                query = query.bind(kind);
            }
            for row in query.fetch_all(self.connection()).await? {
                let person = Cells::of(&row, "timeline").id("person_id", PersonId::from_slice)?;
                history.entry(person).or_default().push(read_event(&row)?);
            }
        }
        Ok(history)
    }
}

/// Walks each person's timeline backwards until there is enough. PostgreSQL does that with a lateral join, SQLite,
/// which has none, by looking up a correlated list.
fn history_sql(dialect: Dialect, wanted: &Rows, kinds: usize) -> String {
    let (tenant, limit) = (wanted.parameters() + 1, wanted.parameters() + 2);
    let wanted = wanted.source();
    let of_kind = if kinds == 0 { String::new() } else { format!("and t.kind in ({})", list(limit, kinds)) };
    match dialect {
        Dialect::Postgres => format!(
            "with wanted (person_id, before_time, before_position) as ({wanted})
             select w.person_id, h.position, h.id, h.message_id, h.kind, h.occurred_at, h.received_at, h.body
             from wanted w
             cross join lateral (
               select t.occurred_at as at, e.position, e.id, e.message_id, e.kind, e.occurred_at, e.received_at, e.body
               from timeline t
               join events e on e.tenant_id = t.tenant_id and e.position = t.position
               where t.tenant_id = ${tenant} and t.person_id = w.person_id
                 and (t.occurred_at, t.position) < (w.before_time, w.before_position) {of_kind}
               order by t.occurred_at desc, t.position desc
               limit ${limit}
             ) h
             order by w.person_id, h.at desc, h.position desc"
        ),
        Dialect::Sqlite => format!(
            "with wanted (person_id, before_time, before_position) as ({wanted})
             select w.person_id, h.position, h.id, h.message_id, h.kind, h.occurred_at, h.received_at, h.body
             from wanted w
             cross join timeline r
             cross join events h
             where r.tenant_id = ${tenant} and r.person_id = w.person_id
               and (r.occurred_at, r.position) in (
                 select t.occurred_at, t.position
                 from timeline t
                 join events e on e.tenant_id = t.tenant_id and e.position = t.position
                 where t.tenant_id = ${tenant} and t.person_id = w.person_id
                   and (t.occurred_at, t.position) < (w.before_time, w.before_position) {of_kind}
                 order by t.occurred_at desc, t.position desc
                 limit ${limit}
               )
               and h.tenant_id = r.tenant_id and h.position = r.position
             order by w.person_id, r.occurred_at desc, r.position desc"
        ),
    }
}
