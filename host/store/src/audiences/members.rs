//! Whom channels were told of: by hash, so that a removal can be told whatever has become of the person. What is to be
//! added and what is to be removed waits here until the channel has taken it.

use guanxi_domain::Millis;
use guanxi_domain::audience::Hashed;
use guanxi_domain::ids::AudienceId;
use guanxi_domain::tenant::TenantId;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

const TABLE: &str = "audience_members";

/// Whether the channel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is to be added.
    ToAdd,
    /// It was added.
    There,
    /// It is to be removed, whether it was added or not.
    ToRemove,
}

/// An identifier in an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceMember {
    /// What the channel is told.
    pub hashed: Hashed,
    /// Whose it is; 0 for nobody any more.
    pub number: u32,
    /// Whether the channel knows.
    pub told: Told,
    /// When what allows it ends by itself.
    pub allowed_until: Option<Millis>,
}

/// How many identifiers an audience has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AudienceCounts {
    /// To be added.
    pub to_add: i64,
    /// Added.
    pub there: i64,
    /// To be removed.
    pub to_remove: i64,
}

impl Told {
    fn of_rank(rank: i64) -> Option<Self> {
        [Self::ToAdd, Self::There, Self::ToRemove].into_iter().find(|told| *told as i64 == rank)
    }

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToAdd => "to-add",
            Self::There => "there",
            Self::ToRemove => "to-remove",
        }
    }
}

impl Work {
    /// What an audience holds of these people.
    pub async fn audience_members(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        numbers: &[u32],
    ) -> Result<Vec<AudienceMember>, StoreError> {
        let mut members = Vec::new();
        for piece in pieces(numbers) {
            let sql = format!(
                "select kind, hash, number, state, allowed_until
                 from audience_members
                 where tenant_id = $1 and audience_id = $2 and number in ({})",
                list(2, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(id.as_bytes().as_slice());
            for number in piece {
                query = query.bind(i64::from(*number));
            }
            let rows = query.fetch_all(self.connection()).await?;
            members.extend(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(members)
    }

    /// Numbers greater than `after` of whom an audience holds something, in order.
    pub async fn audience_numbers(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<u32>, StoreError> {
        let numbers: Vec<i64> = sqlx::query_scalar(
            "select distinct number
             from audience_members
             where tenant_id = $1 and audience_id = $2 and number > $3
             order by number
             limit $4",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(i64::from(after))
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        Ok(numbers.into_iter().filter_map(|number| u32::try_from(number).ok()).collect())
    }

    /// Numbers of people of whom what allowed them has ended by that time.
    pub async fn disallowed_numbers(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        now: Millis,
        limit: u32,
    ) -> Result<Vec<u32>, StoreError> {
        let numbers: Vec<i64> = sqlx::query_scalar(
            "select number
             from audience_members
             where tenant_id = $1 and audience_id = $2 and allowed_until <= $3
             order by allowed_until
             limit $4",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        Ok(numbers.into_iter().filter_map(|number| u32::try_from(number).ok()).collect())
    }

    /// When what allows somebody ends next.
    pub async fn next_disallowed(&mut self, tenant: TenantId, id: AudienceId) -> Result<Option<Millis>, StoreError> {
        let sql = "select min(allowed_until) from audience_members
             where tenant_id = $1 and audience_id = $2 and allowed_until is not null";
        let next: Option<Millis> =
            sqlx::query_scalar(sql).bind(tenant.0).bind(id.as_bytes().as_slice()).fetch_one(self.connection()).await?;
        Ok(next)
    }

    /// Has identifiers added, or notes whose they are now and how long that is allowed: those that the channel knows stay
    /// known, those that were on their way out are added anew.
    pub async fn put_audience_members(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        members: &[AudienceMember],
    ) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), &last_of_each(members, |member| &member.hashed)) {
            let mut rows = Rows::new(self.dialect());
            for member in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(id.as_bytes().as_slice())
                    .bind(member.hashed.kind.as_str())
                    .bind(member.hashed.hash.as_slice())
                    .bind(i64::from(member.number))
                    .bind(0)
                    .bind(member.allowed_until)
                    .bind(0);
            }
            let sql = format!(
                "insert into audience_members (tenant_id, audience_id, kind, hash, number, state, allowed_until, batch)
                 {}
                 on conflict (tenant_id, audience_id, kind, hash) do update
                   set number = excluded.number, allowed_until = excluded.allowed_until,
                       batch = case when audience_members.state = 2 then 0 else audience_members.batch end,
                       state = case when audience_members.state = 2 then 0 else audience_members.state end",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Has identifiers removed.
    pub async fn remove_audience_members(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        gone: &[Hashed],
    ) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), &last_of_each(gone, |hashed| hashed)) {
            let mut rows = Rows::new(self.dialect());
            for hashed in piece {
                rows.row().bind(hashed.kind.as_str()).bind(hashed.hash.as_slice());
            }
            let (source, next) = (rows.source(), rows.parameters() + 1);
            let sql = format!(
                "with gone (of_kind, of_hash) as ({source})
                 update audience_members set state = 2, allowed_until = null, batch = 0
                 where tenant_id = ${next} and audience_id = ${} and state <> 2
                   and (kind, hash) in (select of_kind, of_hash from gone)",
                next + 1
            );
            rows.query(sql).bind(tenant.0).bind(id.as_bytes().as_slice()).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Has whoever is left removed, so many at once; how many.
    pub async fn remove_all_audience_members(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "update audience_members set state = 2, allowed_until = null, batch = 0
             where tenant_id = $1 and audience_id = $2
               and (kind, hash) in (select kind, hash from audience_members
                                    where tenant_id = $1 and audience_id = $2 and state <> 2
                                    limit $3)",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(i64::from(limit))
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Takes identifiers of one kind to be told in a change called `batch`: those to be removed or those to be added.
    pub async fn take_audience_members(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        removal: bool,
        batch: i64,
        limit: u32,
    ) -> Result<Vec<Hashed>, StoreError> {
        // As it stands, so that the index of this state serves.
        let state = if removal { "state = 2" } else { "state = 0" };
        let sql = format!(
            "update audience_members set batch = $3
             where tenant_id = $1 and audience_id = $2 and {state}
               and (kind, hash) in (select kind, hash from audience_members
                                    where tenant_id = $1 and audience_id = $2 and {state}
                                      and kind = (select min(kind) from audience_members
                                                  where tenant_id = $1 and audience_id = $2 and {state})
                                    order by hash
                                    limit $4)
             returning kind, hash"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .bind(batch)
            .bind(i64::from(limit))
            .fetch_all(self.connection())
            .await?;
        let mut taken = rows.iter().map(|row| hashed(&Cells::of(row, TABLE))).collect::<Result<Vec<_>, _>>()?;
        taken.sort();
        Ok(taken)
    }

    /// Notes that the channel has taken a change; what was decided otherwise meanwhile stays to be told.
    pub async fn settle_audience_members(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        removal: bool,
        batch: i64,
    ) -> Result<(), StoreError> {
        let sql = match removal {
            true => {
                "delete from audience_members where tenant_id = $1 and audience_id = $2 and state = 2 and batch = $3"
            }
            false => {
                "update audience_members set state = 1, batch = 0
                 where tenant_id = $1 and audience_id = $2 and state = 0 and batch = $3"
            }
        };
        sqlx::query(sql).bind(tenant.0).bind(id.as_bytes().as_slice()).bind(batch).execute(self.connection()).await?;
        Ok(())
    }

    /// Whether something is to be added, and whether something is to be removed.
    pub async fn audience_waits(&mut self, tenant: TenantId, id: AudienceId) -> Result<(bool, bool), StoreError> {
        let mut waits = [false, false];
        for (found, sql) in waits.iter_mut().zip([
            "select state from audience_members where tenant_id = $1 and audience_id = $2 and state = 0 limit 1",
            "select state from audience_members where tenant_id = $1 and audience_id = $2 and state = 2 limit 1",
        ]) {
            let row = sqlx::query(sql).bind(tenant.0).bind(id.as_bytes().as_slice());
            *found = row.fetch_optional(self.connection()).await?.is_some();
        }
        let [to_add, to_remove] = waits;
        Ok((to_add, to_remove))
    }

    /// How many identifiers an audience has.
    pub async fn audience_counts(&mut self, tenant: TenantId, id: AudienceId) -> Result<AudienceCounts, StoreError> {
        let rows = sqlx::query(
            "select state, count(*) as identifiers
             from audience_members
             where tenant_id = $1 and audience_id = $2
             group by state",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        let mut counts = AudienceCounts::default();
        for row in &rows {
            let cells = Cells::of(row, TABLE);
            let count = match cells.rank("state", Told::of_rank)? {
                Told::ToAdd => &mut counts.to_add,
                Told::There => &mut counts.there,
                Told::ToRemove => &mut counts.to_remove,
            };
            *count = cells.get("identifiers")?;
        }
        Ok(counts)
    }

    /// Has whatever audiences hold of people who are erased removed, and makes it nobody's: how many identifiers. Each goes
    /// once its channel has taken the removal.
    pub async fn erase_audience_members(&mut self, tenant: TenantId, numbers: &[u32]) -> Result<u64, StoreError> {
        if self.dialect() == Dialect::Postgres {
            // As whoever works on an audience does first, so that neither waits for the other's members.
            sqlx::query("select id from audiences where tenant_id = $1 order by id for update")
                .bind(tenant.0)
                .execute(self.connection())
                .await?;
        }
        let mut rows = 0;
        for piece in pieces(numbers) {
            // Through the index by number of each audience.
            let sql = format!(
                "update audience_members set state = 2, number = 0, allowed_until = null, batch = 0
                 where tenant_id = $1 and audience_id in (select id from audiences where tenant_id = $1)
                   and number in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for number in piece {
                query = query.bind(i64::from(*number));
            }
            rows += query.execute(self.connection()).await?.rows_affected();
        }
        Ok(rows)
    }

    /// Audiences that hold something of a person, for an archive.
    pub async fn archived_audiences(&mut self, tenant: TenantId, number: u32) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query(
            "select a.name, a.title, a.channel_audience, m.kind, m.hash, m.state
             from audiences a
             join audience_members m on m.tenant_id = a.tenant_id and m.audience_id = a.id
             where a.tenant_id = $1 and m.number = $2
             order by a.name, m.kind, m.hash",
        )
        .bind(tenant.0)
        .bind(i64::from(number))
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, TABLE);
                let (name, title): (String, String) = (cells.get("name")?, cells.get("title")?);
                let there: String = cells.get("channel_audience")?;
                let told = cells.rank("state", Told::of_rank)?;
                Ok(json!({
                    "audience": name, "title": title, "channel_audience": there,
                    "identifier": hashed(&cells)?.text(), "state": told.as_str(),
                }))
            })
            .collect()
    }
}

fn hashed(cells: &Cells<'_>) -> Result<Hashed, StoreError> {
    Ok(Hashed { kind: cells.get("kind")?, hash: cells.bytes("hash")? })
}

fn read(row: &AnyRow) -> Result<AudienceMember, StoreError> {
    let cells = Cells::of(row, TABLE);
    Ok(AudienceMember {
        hashed: hashed(&cells)?,
        number: cells.number("number")?,
        told: cells.rank("state", Told::of_rank)?,
        allowed_until: cells.get("allowed_until")?,
    })
}
