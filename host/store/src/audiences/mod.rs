//! Audiences: segments on advertising channels, how far each has come, and whom it has to look at again.

mod members;

use guanxi_domain::Millis;
use guanxi_domain::audience::Audience;
use guanxi_domain::ids::{AudienceId, InstallationId, SegmentId};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches};
use crate::error::StoreError;
use crate::row::{Cells, json_text};
use crate::work::Work;

pub use members::{AudienceCounts, AudienceMember, Told};

const TABLE: &str = "audiences";
const COLUMNS: &str = "id, name, title, segment_id, installation_id, channel_audience, kinds, purpose, ending, wanted, seen,
                       walking, walk_after, walked_at, due_at, lease, lease_until, held_until, failures, outcome, problem,
                       uploaded_at, created_by, created_at, updated_at";

/// An audience and how far it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct AudienceRow {
    /// What is wanted.
    pub audience: Audience,
    /// How far it has come.
    pub progress: AudienceProgress,
    /// Counts how often somebody wanted everybody to be looked at again.
    pub wanted: i64,
    /// Counts turns; whoever has an older one writes nothing any more.
    pub lease: i64,
    /// Until when somebody works on it.
    pub lease_until: Millis,
}

/// How far an audience has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AudienceProgress {
    /// Of what everybody was looked at the last time: the segment's revision, a slash, `wanted`.
    pub seen: String,
    /// The same of the walk that is under way.
    pub walking: Option<String>,
    /// The number behind which that goes on.
    pub walk_after: u32,
    /// When the last walk ended.
    pub walked_at: Millis,
    /// When there is something to do again.
    pub due_at: Millis,
    /// Before this nothing is uploaded.
    pub held_until: Millis,
    /// How often in a row an upload failed.
    pub failures: u32,
    /// What the last upload came to, in a word.
    pub outcome: Option<String>,
    /// And why, if it did not end well.
    pub problem: Option<String>,
    /// When the channel last took something.
    pub uploaded_at: Option<Millis>,
}

impl AudienceRow {
    /// What [`AudienceProgress::seen`] is to be, of a segment of this revision.
    pub fn print(&self, revision: i64) -> String {
        format!("{revision}/{}", self.wanted)
    }
}

impl Work {
    /// All audiences of a tenant, by name.
    pub async fn audiences(&mut self, tenant: TenantId) -> Result<Vec<AudienceRow>, StoreError> {
        let sql = format!("select {COLUMNS} from audiences where tenant_id = $1 order by name");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).fetch_all(self.connection()).await?;
        rows.iter().map(read).collect()
    }

    /// One audience.
    pub async fn audience(&mut self, tenant: TenantId, name: &str) -> Result<Option<AudienceRow>, StoreError> {
        let sql = format!("select {COLUMNS} from audiences where tenant_id = $1 and name = $2");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(name).fetch_optional(self.connection()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Adds an audience; `Conflict` if there is one of that name.
    pub async fn insert_audience(&mut self, tenant: TenantId, audience: &Audience) -> Result<(), StoreError> {
        sqlx::query(
            "insert into audiences (tenant_id, id, name, title, segment_id, installation_id, channel_audience, kinds,
                                    purpose, ending, wanted, seen, walk_after, walked_at, due_at, lease, lease_until,
                                    held_until, failures, created_by, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 1, '', 0, 0, 0, 0, 0, 0, 0, $10, $11, $12)",
        )
        .bind(tenant.0)
        .bind(audience.id.as_bytes().as_slice())
        .bind(&audience.name)
        .bind(&audience.title)
        .bind(audience.segment.as_bytes().as_slice())
        .bind(audience.installation.as_bytes().as_slice())
        .bind(&audience.channel_audience)
        .bind(json_text(TABLE, "kinds", &audience.kinds)?)
        .bind(&audience.purpose)
        .bind(&audience.created_by)
        .bind(audience.created_at)
        .bind(audience.updated_at)
        .execute(self.connection())
        .await
        .map_err(StoreError::on_conflict("audience"))?;
        Ok(())
    }

    /// Changes title, segment, kinds and purpose of an audience; everybody is looked at again.
    pub async fn put_audience(&mut self, tenant: TenantId, audience: &Audience) -> Result<(), StoreError> {
        sqlx::query(
            "update audiences
             set title = $3, segment_id = $4, kinds = $5, purpose = $6, updated_at = $7, wanted = wanted + 1, due_at = $7,
                 held_until = 0, failures = 0
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(audience.id.as_bytes().as_slice())
        .bind(&audience.title)
        .bind(audience.segment.as_bytes().as_slice())
        .bind(json_text(TABLE, "kinds", &audience.kinds)?)
        .bind(&audience.purpose)
        .bind(audience.updated_at)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has everybody looked at again, and what waits uploaded at once: in one audience, or in all of the tenant.
    pub async fn want_audiences(
        &mut self,
        tenant: TenantId,
        one: Option<AudienceId>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let which = if one.is_some() { " and id = $3" } else { "" };
        let sql = format!(
            "update audiences set wanted = wanted + 1, due_at = $2, held_until = 0, failures = 0
             where tenant_id = $1{which}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(now);
        if let Some(id) = &one {
            query = query.bind(id.as_bytes().as_slice());
        }
        query.execute(self.connection()).await?;
        Ok(())
    }

    /// Says that everybody is to leave an audience, after which it goes.
    pub async fn end_audience(&mut self, tenant: TenantId, id: AudienceId, now: Millis) -> Result<(), StoreError> {
        sqlx::query(
            "update audiences set ending = 1, updated_at = $3, due_at = $3, held_until = 0, failures = 0
             where tenant_id = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(now)
        .execute(self.connection())
        .await?;
        sqlx::query("delete from audience_marks where tenant_id = $1 and audience_id = $2")
            .bind(tenant.0)
            .bind(id.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets an audience and whoever is in it.
    pub async fn drop_audience(&mut self, tenant: TenantId, id: AudienceId) -> Result<(), StoreError> {
        for sql in [
            "delete from audiences where tenant_id = $1 and id = $2",
            "delete from audience_marks where tenant_id = $1 and audience_id = $2",
            "delete from audience_members where tenant_id = $1 and audience_id = $2",
        ] {
            sqlx::query(sql).bind(tenant.0).bind(id.as_bytes().as_slice()).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Audiences for which there is something to do and on which nobody works, the one that waits longest first. Needs
    /// [`crate::Scope::Host`].
    pub async fn due_audiences(&mut self, now: Millis, limit: u32) -> Result<Vec<(TenantId, AudienceId)>, StoreError> {
        sqlx::query(
            "select a.tenant_id, a.id
             from audiences a
             where a.lease_until <= $1
               and (a.due_at <= $1
                 or a.outcome is distinct from 'paused'
                   and exists (select 1 from audience_marks m where m.tenant_id = a.tenant_id and m.audience_id = a.id)
                 or a.outcome is distinct from 'paused' and exists (select 1 from segments s
                            where s.tenant_id = a.tenant_id and s.id = a.segment_id
                              and (s.due_at is null or s.due_at > 0) and a.ending = 0 and a.walking is null
                              and a.seen <> cast(s.revision as text) || '/' || cast(a.wanted as text)))
             order by a.due_at, a.tenant_id, a.id
             limit $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, TABLE);
            Ok((TenantId(cells.get("tenant_id")?), cells.id("id", AudienceId::from_slice)?))
        })
        .collect()
    }

    /// Begins a turn that nobody else has until `lease_until`; nothing if somebody has it, or it is gone.
    pub async fn claim_audience(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        now: Millis,
        lease_until: Millis,
    ) -> Result<Option<AudienceRow>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "update audiences
             set lease = lease + 1, lease_until = $4, due_at = $4
             where tenant_id = $1 and id = $2 and lease_until <= $3
             returning {COLUMNS}"
        )))
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(now)
        .bind(lease_until)
        .fetch_optional(self.connection())
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Notes what a turn has come to, which goes on until `lease_until` or ends with 0; `false` if it is over by now, and with
    /// it whatever else is written.
    pub async fn settle_audience(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        lease: i64,
        progress: &AudienceProgress,
        lease_until: Millis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update audiences
             set seen = $4, walking = $5, walk_after = $6, walked_at = $7,
                 due_at = case when due_at = lease_until then $8 else due_at end, lease_until = $14, held_until = $9,
                 failures = $10, outcome = $11, problem = $12, uploaded_at = $13
             where tenant_id = $1 and id = $2 and lease = $3",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(lease)
        .bind(&progress.seen)
        .bind(progress.walking.as_deref())
        .bind(i64::from(progress.walk_after))
        .bind(progress.walked_at)
        .bind(progress.due_at)
        .bind(progress.held_until)
        .bind(i64::from(progress.failures))
        .bind(progress.outcome.as_deref())
        .bind(progress.problem.as_deref())
        .bind(progress.uploaded_at)
        .bind(lease_until)
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The audiences of a tenant with their segments: mostly there are none.
    pub async fn audience_segments(&mut self, tenant: TenantId) -> Result<Vec<(AudienceId, SegmentId)>, StoreError> {
        sqlx::query("select id, segment_id from audiences where tenant_id = $1 and ending = 0 order by id")
            .bind(tenant.0)
            .fetch_all(self.connection())
            .await?
            .iter()
            .map(|row| {
                let cells = Cells::of(row, TABLE);
                Ok((cells.id("id", AudienceId::from_slice)?, cells.id("segment_id", SegmentId::from_slice)?))
            })
            .collect()
    }

    /// Notes that these people have to be looked at again; `mark` was used for none of them before.
    pub async fn mark_audiences(
        &mut self,
        tenant: TenantId,
        whom: &[(AudienceId, u32)],
        mark: i64,
    ) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), whom) {
            let mut rows = Rows::new(self.dialect());
            for (id, number) in piece {
                rows.row().bind(tenant.0).bind(id.as_bytes().as_slice()).bind(i64::from(*number)).bind(mark);
            }
            let sql = format!(
                "insert into audience_marks (tenant_id, audience_id, number, mark)
                 {}
                 on conflict (tenant_id, audience_id, number, mark) do nothing",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Whom an audience has to look at again, each with its mark.
    pub async fn audience_marks(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        limit: u32,
    ) -> Result<Vec<(u32, i64)>, StoreError> {
        sqlx::query(
            "select number, mark
             from audience_marks
             where tenant_id = $1 and audience_id = $2
             order by number, mark
             limit $3",
        )
        .bind(tenant.0)
        .bind(id.as_bytes().as_slice())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(|row| {
            let cells = Cells::of(row, "audience_marks");
            Ok((cells.number("number")?, cells.get("mark")?))
        })
        .collect()
    }

    /// Takes marks away that were worked off.
    pub async fn unmark_audience(
        &mut self,
        tenant: TenantId,
        id: AudienceId,
        marks: &[(u32, i64)],
    ) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), marks) {
            let mut rows = Rows::new(self.dialect());
            for (number, mark) in piece {
                rows.row().bind(i64::from(*number)).bind(*mark);
            }
            let (source, next) = (rows.source(), rows.parameters() + 1);
            let sql = format!(
                "with done (of_number, of_mark) as ({source})
                 delete from audience_marks
                 where tenant_id = ${next} and audience_id = ${}
                   and (number, mark) in (select of_number, of_mark from done)",
                next + 1
            );
            rows.query(sql).bind(tenant.0).bind(id.as_bytes().as_slice()).execute(self.connection()).await?;
        }
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<AudienceRow, StoreError> {
    let cells = Cells::of(row, TABLE);
    let audience = Audience {
        id: cells.id("id", AudienceId::from_slice)?,
        name: cells.get("name")?,
        title: cells.get("title")?,
        segment: cells.id("segment_id", SegmentId::from_slice)?,
        installation: cells.id("installation_id", InstallationId::from_slice)?,
        channel_audience: cells.get("channel_audience")?,
        kinds: cells.json("kinds")?,
        purpose: cells.get("purpose")?,
        ending: cells.get::<i64>("ending")? != 0,
        created_by: cells.get("created_by")?,
        created_at: cells.get("created_at")?,
        updated_at: cells.get("updated_at")?,
    };
    let progress = AudienceProgress {
        seen: cells.get("seen")?,
        walking: cells.get("walking")?,
        walk_after: cells.number("walk_after")?,
        walked_at: cells.get("walked_at")?,
        due_at: cells.get("due_at")?,
        held_until: cells.get("held_until")?,
        failures: cells.number("failures")?,
        outcome: cells.get("outcome")?,
        problem: cells.get("problem")?,
        uploaded_at: cells.get("uploaded_at")?,
    };
    let (wanted, lease, lease_until) = (cells.get("wanted")?, cells.get("lease")?, cells.get("lease_until")?);
    Ok(AudienceRow { audience, progress, wanted, lease, lease_until })
}
