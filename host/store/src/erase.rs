//! Forgets people. [`Work::detach`] takes away what makes somebody known, at once; the other functions rewrite what is
//! left of them, so many rows a call, until there is no more. Each can be done again and then finds nothing.

use guanxi_domain::Millis;
use guanxi_domain::erasure::{ERASED_BODY, NOBODY};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::Row;

use crate::bulk::{list, pieces};
use crate::error::StoreError;
use crate::open::Store;
use crate::work::{Dialect, Work};

/// What goes at once, by table. A bounded number of rows a person each.
const AT_ONCE: [(&str, &str); 13] = [
    ("identities", "delete from identities where tenant_id = $1 and person_id in"),
    ("identity_conflicts", "delete from identity_conflicts where tenant_id = $1 and person_id in"),
    ("identity_conflicts", "delete from identity_conflicts where tenant_id = $1 and claimed_by in"),
    ("tags", "delete from tags where tenant_id = $1 and person_id in"),
    ("scores", "delete from scores where tenant_id = $1 and person_id in"),
    (
        "plugin_states",
        "delete from plugin_states
         where tenant_id = $1 and installation_id in (select id from installations where tenant_id = $1)
           and person_id in",
    ),
    (
        "timers",
        "delete from timers
         where tenant_id = $1 and installation_id in (select id from installations where tenant_id = $1)
           and person_id in",
    ),
    ("signals", "delete from signals where tenant_id = $1 and person_id in"),
    ("operation_counts", "delete from operation_counts where tenant_id = $1 and person_id in"),
    ("consents", "delete from consents where tenant_id = $1 and person_id in"),
    (
        "identity_actions",
        "update identity_actions set identity = null, reason = '', detail = null where tenant_id = $1 and person_id in",
    ),
    (
        "identity_actions",
        "update identity_actions set identity = null, reason = '', detail = null where tenant_id = $1 and other_id in",
    ),
    ("people", "delete from people where tenant_id = $1 and id in"),
];

/// Relations of a number, as many as are taken away at once: some people know very many.
const EDGES: [&str; 2] = [
    "delete from edges
     where (tenant_id, from_number, to_number, kind) in (
       select tenant_id, from_number, to_number, kind from edges where tenant_id = $1 and from_number = $2 limit $3)",
    "delete from edges
     where (tenant_id, from_number, to_number, kind) in (
       select tenant_id, from_number, to_number, kind from edges where tenant_id = $1 and to_number = $2 limit $3)",
];

/// Where rows of people are.
const VACUUMED: &[&str] = &[
    "events",
    "timeline",
    "people",
    "identities",
    "identity_conflicts",
    "identity_actions",
    "tags",
    "scores",
    "plugin_states",
    "timers",
    "signals",
    "operation_counts",
    "consents",
    "decisions",
    "plugin_logs",
    "backtests",
    "messages",
    "attempts",
    "exchanges",
    "orders",
    "portraits",
    "audience_members",
];

impl Work {
    /// Takes away what makes these people known: afterwards none of them exists, and their identities are nobody's.
    /// How many rows of which tables it were.
    pub async fn detach(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
        numbers: &[u32],
    ) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let mut rows = Vec::new();
        for (table, statement) in AT_ONCE {
            for piece in pieces(people) {
                let sql = format!("{statement} ({})", list(1, piece.len()));
                let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
                for person in piece {
                    query = query.bind(person.as_bytes().as_slice());
                }
                rows.push((table, query.execute(self.connection()).await?.rows_affected()));
            }
        }
        for number in numbers {
            let sql = "delete from standings where tenant_id = $1 and number = $2";
            let done = sqlx::query(sql).bind(tenant.0).bind(i64::from(*number)).execute(self.connection()).await?;
            rows.push(("standings", done.rows_affected()));
        }
        rows.push(("audience_members", self.erase_audience_members(tenant, numbers).await?));
        // A label of somebody may be their name. Whoever counts one right now loses it, too.
        sqlx::query(
            "update portraits set document = null, people = 0, computed_at = 0, lease_until = 0 where tenant_id = $1",
        )
        .bind(tenant.0)
        .execute(self.connection())
        .await?;
        Ok(rows)
    }

    /// Takes away whom the person with this number knows and is known by.
    pub async fn erase_edges(&mut self, tenant: TenantId, number: u32, limit: u32) -> Result<u64, StoreError> {
        let mut rows = 0;
        for sql in EDGES {
            let query = sqlx::query(sql).bind(tenant.0).bind(i64::from(number)).bind(i64::from(limit));
            rows += query.execute(self.connection()).await?.rows_affected();
        }
        Ok(rows)
    }

    /// Empties the events on a person's timeline and takes the timeline away. An event keeps its message id, by which a
    /// repetition is known, unless `names` says that it names the person. Events of the kinds `shared` are about others,
    /// too, and stay as they are.
    pub async fn erase_timeline(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        names: impl Fn(&str) -> bool,
        shared: &[&str],
        limit: u32,
    ) -> Result<u64, StoreError> {
        let rows = sqlx::query(
            "select t.occurred_at, t.position, coalesce(e.message_id, '') as message_id, t.kind
             from timeline t
             left join events e on e.tenant_id = t.tenant_id and e.position = t.position
             where t.tenant_id = $1 and t.person_id = $2
             order by t.occurred_at, t.position
             limit $3",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        let mut positions = Vec::with_capacity(rows.len());
        for row in &rows {
            let (at, position): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let (message, kind): (&str, &str) = (row.try_get(2)?, row.try_get(3)?);
            if !shared.contains(&kind) {
                positions.push(position);
                if names(message) {
                    self.rename_event(tenant, position).await?;
                }
            }
            let sql = "delete from timeline
                 where tenant_id = $1 and person_id = $2 and occurred_at = $3 and position = $4";
            sqlx::query(sql)
                .bind(tenant.0)
                .bind(person.as_bytes().as_slice())
                .bind(at)
                .bind(position)
                .execute(self.connection())
                .await?;
        }
        self.empty_events(tenant, &positions).await?;
        Ok(rows.len() as u64)
    }

    /// Leaves of these events nothing but id, kind, times and place.
    pub async fn empty_events(&mut self, tenant: TenantId, positions: &[i64]) -> Result<(), StoreError> {
        for piece in pieces(positions) {
            let places = list(2, piece.len());
            let sql = format!("update events set body = $2 where tenant_id = $1 and position in ({places})");
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(ERASED_BODY);
            for position in piece {
                query = query.bind(position);
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Replaces a message id that names somebody by one that follows from the event's place.
    pub async fn rename_event(&mut self, tenant: TenantId, position: i64) -> Result<(), StoreError> {
        sqlx::query("update events set message_id = $3 where tenant_id = $1 and position = $2")
            .bind(tenant.0)
            .bind(position)
            .bind(format!("guanxi.erased/{position}"))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Empties receipts about this person, which are nobody's from then on.
    pub async fn erase_decisions(&mut self, tenant: TenantId, person: PersonId, limit: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "update decisions
             set person_id = $3, operations = '[]', reasons = '[]', log = '[]', input = '{}'
             where tenant_id = $1
               and id in (select id from decisions where tenant_id = $1 and person_id = $2 limit $4)",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(NOBODY.as_bytes().as_slice())
        .bind(i64::from(limit))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Empties messages to this person; those that wait are given up. One that is on its way is left until its lease is
    /// over: what its try comes to must not be written after it was emptied.
    pub async fn erase_messages(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        now: Millis,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let rows = sqlx::query(
            "select id
             from messages
             where tenant_id = $1 and person_id = $2 and (status <> 'sending' or due_at <= $3)
             limit $4",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        let ids = rows.iter().map(|row| row.try_get::<Vec<u8>, _>(0)).collect::<Result<Vec<_>, _>>()?;
        for piece in pieces(&ids) {
            let exchanges = format!(
                "delete from exchanges
                 where tenant_id = $1
                   and (at, message_id) in (select at, message_id from attempts
                                            where tenant_id = $1 and message_id in ({}))",
                list(1, piece.len())
            );
            let tries = format!(
                "update attempts set detail = null where tenant_id = $1 and message_id in ({})",
                list(1, piece.len())
            );
            let emptied = format!(
                "update messages
                 set person_id = $2, address = '', content = '{{}}', reason = 'the person was erased', channel_id = null,
                     status = case when status in ('queued', 'sending') then 'failed' else status end
                 where tenant_id = $1 and id in ({})",
                list(2, piece.len())
            );
            let mut exchanges = sqlx::query(AssertSqlSafe(exchanges)).bind(tenant.0);
            let mut tries = sqlx::query(AssertSqlSafe(tries)).bind(tenant.0);
            let mut emptied = sqlx::query(AssertSqlSafe(emptied)).bind(tenant.0).bind(NOBODY.as_bytes().as_slice());
            for id in piece {
                exchanges = exchanges.bind(id);
                tries = tries.bind(id);
                emptied = emptied.bind(id);
            }
            exchanges.execute(self.connection()).await?;
            tries.execute(self.connection()).await?;
            emptied.execute(self.connection()).await?;
        }
        Ok(ids.len() as u64)
    }

    /// Whether there is a message to this person still: one that was on its way when the others were emptied.
    pub async fn has_messages(&mut self, tenant: TenantId, person: PersonId) -> Result<bool, StoreError> {
        let sql = "select count(*) from messages where tenant_id = $1 and person_id = $2";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(tenant.0)
            .bind(person.as_bytes().as_slice())
            .fetch_one(self.connection())
            .await?;
        Ok(count > 0)
    }

    /// Makes orders of this person nobody's and gives them numbers that no shop knows. Amounts stay.
    pub async fn erase_orders(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        limit: u32,
        fresh: impl Fn() -> String,
    ) -> Result<u64, StoreError> {
        let sql = "select order_id from orders where tenant_id = $1 and person_id = $2 limit $3";
        let orders: Vec<String> = sqlx::query_scalar(sql)
            .bind(tenant.0)
            .bind(person.as_bytes().as_slice())
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        for order in &orders {
            sqlx::query("update orders set person_id = $3, order_id = $4 where tenant_id = $1 and order_id = $2")
                .bind(tenant.0)
                .bind(order)
                .bind(NOBODY.as_bytes().as_slice())
                .bind(format!("erased-{}", fresh()))
                .execute(self.connection())
                .await?;
        }
        Ok(orders.len() as u64)
    }

    /// Gives up imports that came in before that time and were stopped: their files are deleted like those of all that are
    /// over. Whether one of that time has its file still, because it runs.
    pub async fn give_up_imports(&mut self, tenant: TenantId, before: Millis, now: Millis) -> Result<bool, StoreError> {
        let sql = "update imports set status = 'failed', error = $3, updated_at = $4
                   where tenant_id = $1 and status = 'stopped' and created_at < $2";
        let why = "the file was deleted because somebody who may be in it was erased; upload it again without them";
        sqlx::query(sql).bind(tenant.0).bind(before).bind(why).bind(now).execute(self.connection()).await?;
        let sql = "select count(*) from imports
                   where tenant_id = $1 and status in ('uploading', 'waiting', 'running') and created_at < $2";
        let open: i64 = sqlx::query_scalar(sql).bind(tenant.0).bind(before).fetch_one(self.connection()).await?;
        Ok(open > 0)
    }

    /// Deletes what was uploaded for imports that are over, whoever is in it.
    pub async fn erase_uploads(&mut self, tenant: TenantId, limit: u32) -> Result<u64, StoreError> {
        let pieces: Vec<(Vec<u8>, i64)> = sqlx::query_as(
            "select p.import_id, p.number
             from import_pieces p
             join imports i on i.tenant_id = p.tenant_id and i.id = p.import_id
             where p.tenant_id = $1 and i.status in ('done', 'failed')
             limit $2",
        )
        .bind(tenant.0)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        for (import, number) in &pieces {
            sqlx::query("delete from import_pieces where tenant_id = $1 and import_id = $2 and number = $3")
                .bind(tenant.0)
                .bind(import)
                .bind(number)
                .execute(self.connection())
                .await?;
        }
        Ok(pieces.len() as u64)
    }

    /// Takes away that others claimed these identities.
    pub async fn erase_claims(&mut self, tenant: TenantId, identities: &[Identity]) -> Result<u64, StoreError> {
        let mut rows = 0;
        for identity in identities {
            let sql = "delete from identity_conflicts where tenant_id = $1 and kind = $2 and value = $3";
            let done = sqlx::query(sql).bind(tenant.0).bind(identity.kind()).bind(identity.value());
            rows += done.execute(self.connection()).await?.rows_affected();
        }
        Ok(rows)
    }
}

impl Store {
    /// Sees to it that rewritten rows are not found in the database's files either: on SQLite, what was deleted is
    /// overwritten already and only has to leave the write-ahead log; on PostgreSQL the tables are vacuumed.
    pub async fn vacuum_erased(&self) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Sqlite => {
                // Somebody who reads keeps the log; upkeep overwrites it later.
                sqlx::query("pragma wal_checkpoint(truncate)").execute(self.readers()).await?;
            }
            Dialect::Postgres => {
                for table in VACUUMED {
                    sqlx::query(AssertSqlSafe(format!("vacuum (skip_locked) {table}"))).execute(self.readers()).await?;
                }
            }
        }
        Ok(())
    }
}
