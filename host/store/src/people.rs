//! People of a tenant, by id.

use std::borrow::Borrow;
use std::collections::HashMap;

use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Facts, Membership, Person, Role, Stage};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::provenance;
use crate::row::{Cells, json_text};
use crate::work::{Dialect, Work};

const TABLE: &str = "people";

/// What [`read_person`] reads of `people p`.
pub(crate) fn columns(dialect: Dialect) -> String {
    let [attributes, activity] = ["p.attributes", "p.activity"].map(|column| document(dialect, column));
    format!(
        "p.id, p.number, p.is_group, p.merged_into, p.root_id, p.stage, p.roles, {attributes} as attributes, p.provenance,
         p.event_count, p.order_count, p.revenue, p.first_seen, p.last_seen, p.last_order_at, {activity} as activity,
         p.first_touch, p.last_touch, p.created_at, p.updated_at"
    )
}

/// The JSON text of a column of documents, see [`Rows::document`].
pub(crate) fn document(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("json({column})"),
        Dialect::Postgres => format!("{column}::text"),
    }
}

impl Work {
    /// Those of the people that exist.
    pub async fn people(
        &mut self,
        tenant: TenantId,
        ids: &[PersonId],
    ) -> Result<HashMap<PersonId, Person>, StoreError> {
        let mut people = HashMap::with_capacity(ids.len());
        let columns = columns(self.dialect());
        for piece in pieces(ids) {
            let sql =
                format!("select {columns} from people p where p.tenant_id = $1 and p.id in ({})", list(1, piece.len()));
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for id in piece {
                query = query.bind(id.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let person = read_person(&row)?;
                people.insert(person.id, person);
            }
        }
        Ok(people)
    }

    /// The person, if there is one.
    pub async fn person(&mut self, tenant: TenantId, id: PersonId) -> Result<Option<Person>, StoreError> {
        let columns = columns(self.dialect());
        sqlx::query(AssertSqlSafe(format!("select {columns} from people p where p.tenant_id = $1 and p.id = $2")))
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await?
            .map(|row| read_person(&row))
            .transpose()
    }

    /// Stores people, new ones and changed ones; of one who is there `number` and `created_at` stay.
    pub async fn put_people<P: Borrow<Person>>(&mut self, tenant: TenantId, people: &[P]) -> Result<(), StoreError> {
        let last = last_of_each(people, |person| person.borrow().id);
        let changed = "on conflict (tenant_id, id) do update
                   set merged_into = excluded.merged_into, root_id = excluded.root_id, stage = excluded.stage,
                       roles = excluded.roles, name_key = excluded.name_key, attributes = excluded.attributes,
                       provenance = excluded.provenance, event_count = excluded.event_count,
                       order_count = excluded.order_count, revenue = excluded.revenue,
                       first_seen = excluded.first_seen, last_seen = excluded.last_seen,
                       last_order_at = excluded.last_order_at, activity = excluded.activity,
                       first_touch = excluded.first_touch, last_touch = excluded.last_touch,
                       updated_at = excluded.updated_at";
        let last: Vec<&Person> = last.into_iter().map(Borrow::borrow).collect();
        for piece in batches(self.dialect(), &last) {
            let rows = person_rows(self.dialect(), tenant, piece)?;
            let sql = insert_sql(&rows, changed);
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Everybody inside these outermost groups: those who were joined, and groups among them; the groups themselves not.
    pub async fn members(
        &mut self,
        tenant: TenantId,
        roots: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<PersonId>>, StoreError> {
        let mut members: HashMap<PersonId, Vec<PersonId>> = HashMap::new();
        for piece in pieces(roots) {
            let sql = format!(
                "select id, root_id from people where tenant_id = $1 and root_id in ({}) order by id",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for root in piece {
                query = query.bind(root.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, TABLE);
                let root = cells.id("root_id", PersonId::from_slice)?;
                members.entry(root).or_default().push(cells.id("id", PersonId::from_slice)?);
            }
        }
        Ok(members)
    }

    /// Whose rows make up this person: those who were joined if it is a group, else the person alone.
    pub async fn leaves(&mut self, tenant: TenantId, person: &Person) -> Result<Vec<PersonId>, StoreError> {
        if !person.membership.is_group {
            return Ok(vec![person.id]);
        }
        let sql = "with recursive inside (id, is_group) as (
               select id, is_group from people where tenant_id = $1 and root_id = $3 and merged_into = $2
               union all
               select p.id, p.is_group
               from inside i
               join people p on p.tenant_id = $1 and p.root_id = $3 and p.merged_into = i.id
             )
             select id from inside where is_group = 0 order by id";
        let rows = sqlx::query(sql)
            .bind(tenant.0)
            .bind(person.id.as_bytes().as_slice())
            .bind(person.root().as_bytes().as_slice())
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(|row| Cells::of(row, TABLE).id("id", PersonId::from_slice)).collect()
    }

    /// Takes groups away whose members were parted, with what was kept for them as one.
    pub async fn dissolve(&mut self, tenant: TenantId, groups: &[PersonId]) -> Result<(), StoreError> {
        for group in groups {
            for sql in [
                "delete from people where tenant_id = $1 and id = $2 and is_group = 1",
                "delete from tags where tenant_id = $1 and person_id = $2",
                "delete from scores where tenant_id = $1 and person_id = $2",
                "delete from plugin_states
                 where tenant_id = $1 and person_id = $2
                   and installation_id in (select id from installations where tenant_id = $1)",
                "delete from consents where tenant_id = $1 and person_id = $2",
                "delete from signals where tenant_id = $1 and person_id = $2",
            ] {
                sqlx::query(sql).bind(tenant.0).bind(group.as_bytes().as_slice()).execute(self.connection()).await?;
            }
        }
        Ok(())
    }

    /// How many people there are, those who were joined counted as one, and whether that is exact. From `cap` on they are
    /// not counted, for a million take as long as a page may: it is told how many ever were.
    pub async fn count_people(&mut self, tenant: TenantId, cap: u32) -> Result<(i64, bool), StoreError> {
        // Those who were joined are few and have an index of their own, so that nobody's whole row is read.
        let sql = "select count(*) from people where tenant_id = $1 and root_id is not null";
        let joined: i64 = sqlx::query_scalar(sql).bind(tenant.0).fetch_one(self.connection()).await?;
        let sql = "select count(*)
             from (select number from people where tenant_id = $1 and number > 0 limit $2) as counted";
        let limit = i64::from(cap).saturating_add(joined);
        let all: i64 = sqlx::query_scalar(sql).bind(tenant.0).bind(limit).fetch_one(self.connection()).await?;
        if all < limit {
            return Ok((all - joined, true));
        }
        Ok((i64::from(self.cursor(tenant).await?.people), false))
    }
}

/// The form in which names are compared. PostgreSQL keeps no NUL in a text.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase().replace('\0', "")
}

/// Rows of `people`, for [`insert_sql`].
pub(crate) fn person_rows(dialect: Dialect, tenant: TenantId, people: &[&Person]) -> Result<Rows, StoreError> {
    let mut rows = Rows::new(dialect);
    for person in people {
        let touch = |touch: &Option<_>| touch.as_ref().map(|touch| json_text(TABLE, "touch", touch)).transpose();
        rows.row()
            .bind(tenant.0)
            .bind(person.id.as_bytes().as_slice())
            .bind(i64::from(person.number))
            .bind(i64::from(person.membership.is_group))
            .bind(person.membership.merged_into.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(person.membership.root.as_ref().map(|id| id.as_bytes().as_slice()))
            .bind(person.stage.as_str())
            .bind(json_text(TABLE, "roles", &person.roles)?)
            .bind(person.display_name().map(|name| name_key(&name)))
            .document(json_text(TABLE, "attributes", &person.attributes)?)
            .bind(json_text(TABLE, "provenance", &provenance::by_source(&person.provenance))?)
            .bind(person.facts.event_count)
            .bind(person.facts.order_count)
            .bind(person.facts.revenue)
            .bind(person.facts.first_seen)
            .bind(person.facts.last_seen)
            .bind(person.facts.last_order_at)
            .document(json_text(TABLE, "activity", &person.activity)?)
            .bind(touch(&person.first_touch)?)
            .bind(touch(&person.last_touch)?)
            .bind(person.created_at)
            .bind(person.updated_at);
    }
    Ok(rows)
}

/// Inserts rows of people.
pub(crate) fn insert_sql(rows: &Rows, on_conflict: &str) -> String {
    format!(
        "insert into people (tenant_id, id, number, is_group, merged_into, root_id, stage, roles, name_key, attributes,
           provenance, event_count, order_count, revenue, first_seen, last_seen, last_order_at, activity, first_touch,
           last_touch, created_at, updated_at)
         {}
         {on_conflict}",
        rows.source()
    )
}

/// Reads the columns of `people`.
pub(crate) fn read_person(row: &AnyRow) -> Result<Person, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(Person {
        id: cells.id("id", PersonId::from_slice)?,
        number: cells.number("number")?,
        membership: Membership {
            is_group: cells.get::<i64>("is_group")? != 0,
            merged_into: cells.maybe_id("merged_into", PersonId::from_slice)?,
            root: cells.maybe_id("root_id", PersonId::from_slice)?,
        },
        stage: cells.word("stage", Stage::parse)?,
        roles: cells.json::<Vec<Role>>("roles")?,
        attributes: cells.json("attributes")?,
        provenance: cells.json::<provenance::Stored>("provenance")?.by_name(),
        facts: Facts {
            event_count: cells.get("event_count")?,
            order_count: cells.get("order_count")?,
            revenue: cells.get("revenue")?,
            first_seen: cells.get("first_seen")?,
            last_seen: cells.get("last_seen")?,
            last_order_at: cells.get("last_order_at")?,
        },
        activity: cells.json("activity")?,
        first_touch: cells.maybe_json("first_touch")?,
        last_touch: cells.maybe_json("last_touch")?,
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    })
}
