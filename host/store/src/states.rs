//! What each installation of a campaign keeps about each person between its calls.
//!
//! The texts are written so that either database looks each row up by its key whether it has statistics or not: SQLite
//! has none and believes a tenant to have ten rows, PostgreSQL has none until its first analyze.

use std::collections::HashMap;

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::tenant::TenantId;

use crate::bulk;
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::{Dialect, Work};

impl Work {
    /// Gives each person of the second place the states of the one of the first, where they have none of their own.
    pub async fn inherit_states(&mut self, tenant: TenantId, heirs: &[(PersonId, PersonId)]) -> Result<(), StoreError> {
        for (from, to) in heirs {
            sqlx::query(
                "insert into plugin_states (tenant_id, installation_id, person_id, state)
                 select s.tenant_id, s.installation_id, $3, s.state
                 from installations i
                 cross join plugin_states s
                 where i.tenant_id = $1 and s.tenant_id = $1 and s.installation_id = i.id and s.person_id = $2
                 on conflict (tenant_id, installation_id, person_id) do nothing",
            )
            .bind(tenant.0)
            .bind(from.as_bytes().as_slice())
            .bind(to.as_bytes().as_slice())
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// The states of these installations about these people; without an entry where there is none.
    pub async fn states(
        &mut self,
        tenant: TenantId,
        of: &[(InstallationId, PersonId)],
    ) -> Result<HashMap<(InstallationId, PersonId), String>, StoreError> {
        let mut states = HashMap::with_capacity(of.len());
        for piece in bulk::batches(self.dialect(), of) {
            let mut rows = bulk::Rows::new(self.dialect());
            for (installation, person) in piece {
                rows.row().bind(installation.as_bytes().as_slice()).bind(person.as_bytes().as_slice());
            }
            let source = rows.source();
            let tenant_place = rows.parameters() + 1;
            let query = rows.query(format!(
                "with wanted (installation_id, person_id) as ({source})
                 select installation_id, person_id,
                        (select kept.state from plugin_states kept
                         where kept.tenant_id = ${tenant_place} and kept.installation_id = wanted.installation_id
                           and kept.person_id = wanted.person_id) as state
                 from wanted"
            ));
            for row in query.bind(tenant.0).fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "plugin_states");
                let Some(state) = cells.get("state")? else { continue };
                let installation = cells.id("installation_id", InstallationId::from_slice)?;
                let person = cells.id("person_id", PersonId::from_slice)?;
                states.insert((installation, person), state);
            }
        }
        Ok(states)
    }

    /// Replaces states; `None` forgets one. Of several for one installation and person the last counts.
    pub async fn put_states(
        &mut self,
        tenant: TenantId,
        states: &[(InstallationId, PersonId, Option<String>)],
    ) -> Result<(), StoreError> {
        let last = bulk::last_of_each(states, |(installation, person, _)| (*installation, *person));
        let (kept, forgotten): (Vec<_>, Vec<_>) = last.into_iter().partition(|(_, _, state)| state.is_some());
        for piece in bulk::batches(self.dialect(), &kept) {
            let mut rows = bulk::Rows::new(self.dialect());
            for (installation, person, state) in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(installation.as_bytes().as_slice())
                    .bind(person.as_bytes().as_slice())
                    .bind(state.as_deref());
            }
            let source = rows.source();
            let query = rows.query(format!(
                "insert into plugin_states (tenant_id, installation_id, person_id, state)
                 {source}
                 on conflict (tenant_id, installation_id, person_id) do update set state = excluded.state"
            ));
            query.execute(self.connection()).await?;
        }
        for piece in bulk::batches(self.dialect(), &forgotten) {
            let mut rows = bulk::Rows::new(self.dialect());
            for (installation, person, _) in piece {
                rows.row().bind(tenant.0).bind(installation.as_bytes().as_slice()).bind(person.as_bytes().as_slice());
            }
            let source = rows.source();
            let query = rows.query(match self.dialect() {
                Dialect::Sqlite => format!(
                    "with gone (tenant_id, installation_id, person_id) as ({source})
                     delete from plugin_states
                     where tenant_id = $1
                       and (installation_id, person_id) in (select installation_id, person_id from gone)"
                ),
                Dialect::Postgres => format!(
                    "with gone (tenant_id, installation_id, person_id) as ({source})
                     delete from plugin_states
                     where (tenant_id, installation_id, person_id)
                           in (select tenant_id, installation_id, person_id from gone)"
                ),
            });
            query.execute(self.connection()).await?;
        }
        Ok(())
    }
}
