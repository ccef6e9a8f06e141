//! Who knows whom, by people's numbers. An edge keeps the numbers of those whom its event named; who was joined with
//! whom is known by the people themselves.

use guanxi_domain::Millis;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "edges";

/// A relation between two people.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeRow {
    /// Who has it.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// What it is.
    pub kind: String,
    /// 0 to 1.
    pub strength: f64,
    /// Who said so last.
    pub source: String,
    /// Since when.
    pub at: Millis,
}

/// Relations of one kind that are no more: from any of these people to any of those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeRemoval {
    /// Those who were joined with whoever had it, or only them.
    pub from: Vec<u32>,
    /// And with the other one.
    pub to: Vec<u32>,
    /// What it was.
    pub kind: String,
}

impl Work {
    /// Stores relations; one that is there gets the new strength, source and time.
    pub async fn put_edges(&mut self, tenant: TenantId, rows: &[EdgeRow]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), &last_of_each(rows, |row| (row.from, row.to, &row.kind))) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(i64::from(row.from))
                    .bind(i64::from(row.to))
                    .bind(&row.kind)
                    .bind(row.strength)
                    .bind(&row.source)
                    .bind(row.at);
            }
            let sql = format!(
                "insert into edges (tenant_id, from_number, to_number, kind, strength, source, at)
                 {}
                 on conflict (tenant_id, from_number, to_number, kind) do update
                   set strength = excluded.strength, source = excluded.source, at = excluded.at",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Takes relations away; one that is not there is no error.
    pub async fn remove_edges(&mut self, tenant: TenantId, removals: &[EdgeRemoval]) -> Result<(), StoreError> {
        for EdgeRemoval { from, to, kind } in removals {
            if from.is_empty() || to.is_empty() {
                continue;
            }
            let sql = format!(
                "delete from edges
                 where tenant_id = $1 and kind = $2 and from_number in ({}) and to_number in ({})",
                list(2, from.len()),
                list(2 + from.len(), to.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(kind);
            for number in from.iter().chain(to) {
                query = query.bind(i64::from(*number));
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The relations in either direction between any of these people and any of those.
    pub async fn edges_between(
        &mut self,
        tenant: TenantId,
        some: &[u32],
        others: &[u32],
    ) -> Result<Vec<EdgeRow>, StoreError> {
        let mut edges = Vec::new();
        if some.is_empty() {
            return Ok(edges);
        }
        for piece in pieces(others) {
            let (one, other) = (list(1, some.len()), list(1 + some.len(), piece.len()));
            let sql = format!(
                "select from_number, to_number, kind, strength, source, at
                 from edges
                 where tenant_id = $1 and from_number in ({one}) and to_number in ({other})
                 union all
                 select from_number, to_number, kind, strength, source, at
                 from edges
                 where tenant_id = $1 and from_number in ({other}) and to_number in ({one})"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for number in some.iter().chain(piece) {
                query = query.bind(i64::from(*number));
            }
            for row in query.fetch_all(self.connection()).await? {
                edges.push(read_edge(&Cells::of(&row, TABLE))?);
            }
        }
        Ok(edges)
    }

    /// The relations behind one of them, in the order of their ends and kinds; without one, from the first on.
    pub async fn edges_after(
        &mut self,
        tenant: TenantId,
        after: Option<&EdgeRow>,
        limit: u32,
    ) -> Result<Vec<EdgeRow>, StoreError> {
        let (from, to, kind) = after.map_or((-1, -1, ""), |row| (i64::from(row.from), i64::from(row.to), &*row.kind));
        let rows = sqlx::query(
            "select from_number, to_number, kind, strength, source, at
             from edges
             where tenant_id = $1 and (from_number, to_number, kind) > ($2, $3, $4)
             order by from_number, to_number, kind
             limit $5",
        )
        .bind(tenant.0)
        .bind(from)
        .bind(to)
        .bind(kind)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(|row| read_edge(&Cells::of(row, TABLE))).collect()
    }

    /// Every tenant that has relations. Needs [`crate::Scope::Host`].
    pub async fn tenants_with_edges(&mut self) -> Result<Vec<TenantId>, StoreError> {
        let sql = "select t.tenant_id
                   from tenants t
                   where exists (select 1 from edges e where e.tenant_id = t.tenant_id)
                   order by t.tenant_id";
        let ids: Vec<i64> = sqlx::query_scalar(sql).fetch_all(self.connection()).await?;
        Ok(ids.into_iter().map(TenantId).collect())
    }
}

fn read_edge(cells: &Cells<'_>) -> Result<EdgeRow, StoreError> {
    Ok(EdgeRow {
        from: cells.number("from_number")?,
        to: cells.number("to_number")?,
        kind: cells.get("kind")?,
        strength: cells.get("strength")?,
        source: cells.get("source")?,
        at: cells.get("at")?,
    })
}
