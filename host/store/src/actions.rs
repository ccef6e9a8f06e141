//! Who linked, confirmed, disputed, joined and parted what, and why: the history of identities.

use guanxi_domain::Millis;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::linking::ActionKind;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// Something that was done to the identities of people, or refused.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityAction {
    /// The event that asked for it or caused it.
    pub position: i64,
    /// Counts the actions of one event.
    pub number: u32,
    /// What.
    pub action: ActionKind,
    /// To whom: the owner of the identity, the group that was made, the person who was parted.
    pub person: PersonId,
    /// Who else: who was joined, the group that somebody was parted from.
    pub other: Option<PersonId>,
    /// Which identity.
    pub identity: Option<Identity>,
    /// Who did it: a token, `host`.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Why it was refused; nothing if it was done.
    pub refused: Option<String>,
    /// When.
    pub at: Millis,
}

impl Work {
    /// Keeps what was done.
    pub async fn add_actions(&mut self, tenant: TenantId, rows: &[IdentityAction]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), rows) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(row.position)
                    .bind(i64::from(row.number))
                    .bind(row.action.as_str())
                    .bind(row.person.as_bytes().as_slice())
                    .bind(row.other.as_ref().map(|id| id.as_bytes().as_slice()))
                    .bind(row.identity.as_ref().map(ToString::to_string))
                    .bind(&row.actor)
                    .bind(&row.reason)
                    .bind(if row.refused.is_some() { "refused" } else { "done" })
                    .bind(row.refused.as_deref())
                    .bind(row.at);
            }
            let sql = format!(
                "insert into identity_actions (tenant_id, position, number, action, person_id, other_id, identity,
                   actor, reason, outcome, detail, at)
                 {}
                 on conflict (tenant_id, position, number) do nothing",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// What an event did to identities, in order.
    pub async fn actions_at(&mut self, tenant: TenantId, position: i64) -> Result<Vec<IdentityAction>, StoreError> {
        let sql = "select position, number, action, person_id, other_id, identity, actor, reason, detail, at
             from identity_actions
             where tenant_id = $1 and position = $2
             order by number";
        let rows = sqlx::query(sql).bind(tenant.0).bind(position).fetch_all(self.connection()).await?;
        rows.iter().map(read_action).collect()
    }

    /// The latest actions that concern these people, newest first.
    pub async fn actions_of(
        &mut self,
        tenant: TenantId,
        people: &[PersonId],
        limit: u32,
    ) -> Result<Vec<IdentityAction>, StoreError> {
        let mut found: Vec<IdentityAction> = Vec::new();
        for piece in pieces(people) {
            let wanted = list(2, piece.len());
            let sql = format!(
                "select position, number, action, person_id, other_id, identity, actor, reason, detail, at
                 from identity_actions
                 where tenant_id = $1 and person_id in ({wanted})
                 union
                 select position, number, action, person_id, other_id, identity, actor, reason, detail, at
                 from identity_actions
                 where tenant_id = $1 and other_id in ({wanted})
                 order by position desc, number desc
                 limit $2"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(i64::from(limit));
            for person in piece {
                query = query.bind(person.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                let action = read_action(&row)?;
                if !found.contains(&action) {
                    found.push(action);
                }
            }
        }
        found.sort_by_key(|action| std::cmp::Reverse((action.position, action.number)));
        found.truncate(limit as usize);
        Ok(found)
    }
}

fn read_action(row: &AnyRow) -> Result<IdentityAction, StoreError> {
    let cells = Cells::of(row, "identity_actions");
    let identity = match cells.get::<Option<String>>("identity")? {
        Some(_) => Some(cells.word("identity", |text| text.parse().ok())?),
        None => None,
    };
    Ok(IdentityAction {
        position: cells.get("position")?,
        number: cells.number("number")?,
        action: cells.word("action", ActionKind::parse)?,
        person: cells.id("person_id", PersonId::from_slice)?,
        other: cells.maybe_id("other_id", PersonId::from_slice)?,
        identity,
        actor: cells.get("actor")?,
        reason: cells.get("reason")?,
        refused: cells.get("detail")?,
        at: cells.get("at")?,
    })
}
