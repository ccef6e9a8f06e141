//! Whom a filter means, of all people of a tenant at once.
//!
//! Two connections go through half of them each: as many as the smallest machine has cores. Both see the same people as
//! long as nothing is decided meanwhile, which the position of the log tells.

use futures::future::try_join_all;
use guanxi_domain::Millis;
use guanxi_domain::segment::Filter;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use roaring::RoaringBitmap;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::compile::{Bound, Ground, Part, compile};
use crate::error::StoreError;
use crate::open::Store;
use crate::sql::Sql;
use crate::work::{Dialect, Scope, Work};

/// Fewer people than this are not worth a second connection.
const WORTH_PARTING: u32 = 50_000;

/// Everybody whom a filter means.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Their numbers.
    pub members: RoaringBitmap,
    /// Where the log stood; nothing if it went on meanwhile.
    pub position: Option<i64>,
}

/// How many a filter means, and some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How many; exact unless something is decided at the very moment.
    pub count: u64,
    /// The numbers of the latest of them.
    pub numbers: Vec<u32>,
}

/// Some of those whom a filter means.
struct FoundPart {
    members: RoaringBitmap,
    position: i64,
    file: i64,
}

impl Store {
    /// Everybody whom the filter means; segments that it names must have been put in.
    pub async fn find_people(
        &self,
        tenant: TenantId,
        settings: &TenantSettings,
        filter: &Filter,
        now: Millis,
    ) -> Result<Found, StoreError> {
        // None of these connections waits for another one: many who ask at once would else wait for each other.
        let (parts, file) = self.read(Scope::Tenant(tenant)).await?.halves(tenant).await?;
        let grounds = parts.iter().map(|part| Ground { tenant, settings, now, part });
        let found = try_join_all(grounds.map(|ground| self.find_part(filter, ground))).await?;
        let mut members = RoaringBitmap::new();
        let mut position = found.first().map(|part| part.position);
        for part in found {
            position = position.filter(|position| *position == part.position && part.file == file);
            members |= part.members;
        }
        Ok(Found { members, position })
    }

    /// How many people the filter means, and some of them: found in one walk, for going through everybody costs more than
    /// telling who it was.
    pub async fn sample_people(
        &self,
        tenant: TenantId,
        settings: &TenantSettings,
        filter: &Filter,
        now: Millis,
        limit: u32,
    ) -> Result<Sample, StoreError> {
        let members = self.find_people(tenant, settings, filter, now).await?.members;
        Ok(Sample { count: members.len(), numbers: members.iter().rev().take(limit as usize).collect() })
    }

    async fn find_part(&self, filter: &Filter, ground: Ground<'_>) -> Result<FoundPart, StoreError> {
        let mut work = self.read(Scope::Tenant(ground.tenant)).await?;
        let position = work.position(ground.tenant).await?;
        // One long value costs a tenth of as many rows.
        let joined = match work.dialect() {
            Dialect::Sqlite => "select group_concat(p.number) from people p where p.tenant_id = ",
            Dialect::Postgres => "select string_agg(int8send(p.number), '') from people p where p.tenant_id = ",
        };
        let sql = statement(&work, joined, filter, ground);
        let row = sql.query().fetch_one(work.connection()).await?;
        let members = match work.dialect() {
            Dialect::Sqlite => {
                let text: Option<String> = row.try_get(0)?;
                text.unwrap_or_default().split(',').filter_map(|number| number.parse::<u32>().ok()).collect()
            }
            Dialect::Postgres => {
                let bytes: Option<Vec<u8>> = row.try_get(0)?;
                let (numbers, _) = bytes.as_deref().unwrap_or_default().as_chunks();
                numbers.iter().filter_map(|number| u32::try_from(i64::from_be_bytes(*number)).ok()).collect()
            }
        };
        Ok(FoundPart { members, position, file: work.file().await? })
    }
}

impl Work {
    /// About two halves of the people, or all of them if they are few; and the file in which they lie.
    async fn halves(&mut self, tenant: TenantId) -> Result<(Vec<Part>, i64), StoreError> {
        let people = self.cursor(tenant).await?.people;
        let bound = if people < WORTH_PARTING { None } else { self.middle(tenant, people).await? };
        let halves = |bound: Bound| vec![Part::Before(bound.clone()), Part::From(bound)];
        Ok((bound.map_or_else(|| vec![Part::Everybody], halves), self.file().await?))
    }

    /// Where about half of the people lie before.
    async fn middle(&mut self, tenant: TenantId, people: u32) -> Result<Option<Bound>, StoreError> {
        let middle = match self.dialect() {
            Dialect::Sqlite => "id",
            Dialect::Postgres => "ctid::text",
        };
        let sql = format!("select {middle} from people where tenant_id = $1 and number >= $2 order by number limit 1");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(i64::from(people / 2))
            .fetch_optional(self.connection())
            .await?;
        let bound = |row: AnyRow| match self.dialect() {
            Dialect::Sqlite => row.try_get(0).map(Bound::Id),
            Dialect::Postgres => row.try_get(0).map(Bound::Place),
        };
        Ok(row.map(bound).transpose()?)
    }

    /// On PostgreSQL the file that this transaction has read people from: places mean something in this one only, and
    /// `vacuum full` writes another.
    async fn file(&mut self) -> Result<i64, StoreError> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(0);
        }
        let sql = "select pg_relation_filenode('people')::bigint";
        Ok(sqlx::query_scalar(sql).fetch_one(self.connection()).await?)
    }
}

fn statement(work: &Work, select: &str, filter: &Filter, ground: Ground<'_>) -> Sql {
    let mut sql = Sql::new(work.dialect());
    sql.put(select).int(ground.tenant.0).put(" and p.merged_into is null");
    ground.part.hold(&mut sql);
    sql.put(" and ");
    compile(&mut sql, filter, ground);
    sql
}
