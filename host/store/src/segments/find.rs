//! Whom a filter means, of all people of a tenant at once.
//!
//! People lie in the order of their ids, which is that in which they came. Two connections go through half of them each:
//! as many as the smallest machine has cores. Both see the same people as long as nothing is decided meanwhile, which the
//! position of the log tells.

use futures::future::try_join_all;
use guanxi_domain::Millis;
use guanxi_domain::segment::Filter;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use roaring::RoaringBitmap;
use sqlx::Row;

use super::compile::{Ground, compile};
use crate::error::StoreError;
use crate::open::Store;
use crate::sql::Sql;
use crate::work::{Scope, Work};

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

/// People with numbers or ids from one bound to another.
#[derive(Debug, Clone, Default)]
struct Part {
    from: Option<Vec<u8>>,
    to: Option<Vec<u8>>,
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
        let ground = Ground { tenant, settings, now };
        let parts = self.parts(tenant).await?;
        let found = try_join_all(parts.iter().map(|part| self.find_part(filter, ground, part))).await?;
        let mut members = RoaringBitmap::new();
        let mut position = found.first().map(|(position, _)| *position);
        for (at, part) in found {
            position = position.filter(|position| *position == at);
            members |= part;
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

    async fn parts(&self, tenant: TenantId) -> Result<Vec<Part>, StoreError> {
        let mut work = self.read(Scope::Tenant(tenant)).await?;
        let (people, middle) = work.middle_person(tenant).await?;
        Ok(match middle.filter(|_| people >= WORTH_PARTING) {
            Some(id) => {
                vec![Part { from: None, to: Some(id.clone()) }, Part { from: Some(id), to: None }]
            }
            None => vec![Part::default()],
        })
    }

    async fn find_part(
        &self,
        filter: &Filter,
        ground: Ground<'_>,
        part: &Part,
    ) -> Result<(i64, RoaringBitmap), StoreError> {
        let mut work = self.read(Scope::Tenant(ground.tenant)).await?;
        let position = work.position(ground.tenant).await?;
        // One long text costs a tenth of as many rows.
        let joined = match work.dialect() {
            crate::Dialect::Sqlite => "select group_concat(p.number) from people p where p.tenant_id = ",
            crate::Dialect::Postgres => "select string_agg(p.number::text, ',') from people p where p.tenant_id = ",
        };
        let sql = statement(&work, joined, filter, ground, part);
        let row = sql.query().fetch_one(work.connection()).await?;
        let text: Option<String> = row.try_get(0)?;
        let numbers = text.as_deref().unwrap_or_default().split(',').filter_map(|number| number.parse::<u32>().ok());
        Ok((position, numbers.collect()))
    }
}

impl Work {
    /// How many numbers are given, and the id of a person about half way.
    async fn middle_person(&mut self, tenant: TenantId) -> Result<(u32, Option<Vec<u8>>), StoreError> {
        let people = self.cursor(tenant).await?.people;
        let sql = "select id from people where tenant_id = $1 and number >= $2 order by number limit 1";
        let id: Option<Vec<u8>> = sqlx::query_scalar(sql)
            .bind(tenant.0)
            .bind(i64::from(people / 2))
            .fetch_optional(self.connection())
            .await?;
        Ok((people, id))
    }
}

fn statement(work: &Work, select: &str, filter: &Filter, ground: Ground<'_>, part: &Part) -> Sql {
    let mut sql = Sql::new(work.dialect());
    sql.put(select).int(ground.tenant.0).put(" and p.merged_into is null");
    part.from.iter().for_each(|id| {
        sql.put(" and p.id >= ").bytes(id);
    });
    part.to.iter().for_each(|id| {
        sql.put(" and p.id < ").bytes(id);
    });
    sql.put(" and ");
    compile(&mut sql, filter, ground);
    sql
}
