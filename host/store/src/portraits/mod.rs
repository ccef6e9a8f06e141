//! Portraits of sets of people: what was counted last, who wants it newer, and who counts.

mod piece;
mod rows;

use guanxi_domain::Millis;
use guanxi_domain::ids::SegmentId;
use guanxi_domain::insight::Portrait;
use guanxi_domain::tenant::TenantId;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

pub use piece::{PortraitPiece, Survey, TagSum, Whom};

const TABLE: &str = "portraits";
/// Stands for everybody where a segment's id would stand.
const EVERYBODY: [u8; 16] = [0; 16];

/// The portrait of a segment, or of everybody, as it was counted last.
#[derive(Debug, Clone, PartialEq)]
pub struct PortraitRow {
    /// The portrait; nothing before it is counted for the first time, or if another version of Guanxi wrote it in a
    /// form that this one cannot read: it is counted anew.
    pub portrait: Option<Portrait>,
    /// The segment's revision when counting began; 0 for everybody.
    pub revision: i64,
    /// How far the log was decided when counting began.
    pub position: i64,
    /// As of when it is; 0 before the first time.
    pub computed_at: Millis,
    /// How long counting took.
    pub took_ms: Millis,
    /// When a newer one was asked for; nothing if none is wanted.
    pub wanted_at: Option<Millis>,
}

/// A portrait that this node counts until its lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortraitClaim {
    /// Whose.
    pub tenant: TenantId,
    /// Of which segment; everybody if none.
    pub segment: Option<SegmentId>,
    /// Until when. Tells this claim from another node's.
    pub until: Millis,
}

impl Work {
    /// The portrait of a segment, or of everybody; nothing if nobody asked for it yet.
    pub async fn portrait(
        &mut self,
        tenant: TenantId,
        segment: Option<SegmentId>,
    ) -> Result<Option<PortraitRow>, StoreError> {
        let row = sqlx::query(
            "select document, revision, position, computed_at, took_ms, wanted_at
             from portraits
             where tenant_id = $1 and segment_id = $2",
        )
        .bind(tenant.0)
        .bind(bytes(segment.as_ref()))
        .fetch_optional(self.connection())
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Asks for a newer portrait; asked for twice before it is there, it is counted once.
    pub async fn want_portrait(
        &mut self,
        tenant: TenantId,
        segment: Option<SegmentId>,
        now: Millis,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into portraits (tenant_id, segment_id, document, people, revision, position, computed_at, took_ms,
               wanted_at, lease_until)
             values ($1, $2, null, 0, 0, 0, 0, 0, $3, 0)
             on conflict (tenant_id, segment_id) do update
               set wanted_at = coalesce(portraits.wanted_at, excluded.wanted_at)",
        )
        .bind(tenant.0)
        .bind(bytes(segment.as_ref()))
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes the portrait that is wanted longest and that nobody counts. Needs [`crate::Scope::Host`].
    pub async fn claim_portrait(&mut self, now: Millis, until: Millis) -> Result<Option<PortraitClaim>, StoreError> {
        let row = sqlx::query(
            "select tenant_id, segment_id
             from portraits
             where wanted_at is not null and lease_until < $1
             order by wanted_at
             limit 1",
        )
        .bind(now)
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let cells = Cells::of(&row, TABLE);
        let segment = cells.id("segment_id", SegmentId::from_slice)?;
        let segment = Some(segment).filter(|segment| *segment.as_bytes() != EVERYBODY);
        let claim = PortraitClaim { tenant: TenantId(cells.get("tenant_id")?), segment, until };
        let done = sqlx::query(
            "update portraits set lease_until = $3
             where tenant_id = $1 and segment_id = $2 and wanted_at is not null and lease_until < $4",
        )
        .bind(claim.tenant.0)
        .bind(bytes(claim.segment.as_ref()))
        .bind(until)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok((done.rows_affected() == 1).then_some(claim))
    }

    /// Keeps a claim for longer, or lets go of it until then; nothing if it is not held any more.
    pub async fn renew_portrait(
        &mut self,
        claim: &PortraitClaim,
        until: Millis,
    ) -> Result<Option<PortraitClaim>, StoreError> {
        let done = sqlx::query(
            "update portraits set lease_until = $4 where tenant_id = $1 and segment_id = $2 and lease_until = $3",
        )
        .bind(claim.tenant.0)
        .bind(bytes(claim.segment.as_ref()))
        .bind(claim.until)
        .bind(until)
        .execute(self.connection())
        .await?;
        Ok((done.rows_affected() == 1).then_some(PortraitClaim { until, ..*claim }))
    }

    /// Stores what was counted and ends the claim; `false` if it is not held any more.
    pub async fn put_portrait(&mut self, claim: &PortraitClaim, row: &PortraitRow) -> Result<bool, StoreError> {
        let document = row.portrait.as_ref().map(|portrait| json_text(TABLE, "document", portrait)).transpose()?;
        let people = row.portrait.as_ref().map_or(0, |portrait| i64::try_from(portrait.people).unwrap_or(i64::MAX));
        let done = sqlx::query(
            "update portraits
             set document = $4, people = $5, revision = $6, position = $7, computed_at = $8, took_ms = $9,
                 wanted_at = null, lease_until = 0
             where tenant_id = $1 and segment_id = $2 and lease_until = $3",
        )
        .bind(claim.tenant.0)
        .bind(bytes(claim.segment.as_ref()))
        .bind(claim.until)
        .bind(document)
        .bind(people)
        .bind(row.revision)
        .bind(row.position)
        .bind(row.computed_at)
        .bind(row.took_ms)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn bytes(segment: Option<&SegmentId>) -> Vec<u8> {
    segment.map_or(EVERYBODY, |segment| *segment.as_bytes()).to_vec()
}

fn read(row: &AnyRow) -> Result<PortraitRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    let document: Option<&str> = cells.get("document")?;
    Ok(PortraitRow {
        portrait: document.and_then(|text| serde_json::from_str(text).ok()),
        revision: cells.get("revision")?,
        position: cells.get("position")?,
        computed_at: cells.get("computed_at")?,
        took_ms: cells.get("took_ms")?,
        wanted_at: cells.get("wanted_at")?,
    })
}
