//! What an archive of a person holds besides what lists show: rows of one person in pages, as JSON.

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::tenant::TenantId;
use serde_json::{Value, json};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

impl Work {
    /// A page of a person's orders behind that number, by number.
    pub async fn archived_orders(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query(
            "select order_id, amount, refunded, currency, ordered_at
             from orders
             where tenant_id = $1 and person_id = $2 and order_id > $3
             order by order_id
             limit $4",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(order).collect()
    }

    /// A page of whom a person knows and is known by, behind a direction, a number and a kind. The other one is named
    /// by id, if there is still one.
    pub async fn archived_relations(
        &mut self,
        tenant: TenantId,
        number: u32,
        after: (i64, i64, &str),
        limit: u32,
    ) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query(
            "select side, other, kind, strength, source, at,
                    (select p.id from people p where p.tenant_id = $1 and p.number = other) as person_id
             from (select 0 as side, to_number as other, kind, strength, source, at
                   from edges where tenant_id = $1 and from_number = $2
                   union all
                   select 1 as side, from_number as other, kind, strength, source, at
                   from edges where tenant_id = $1 and to_number = $2) as known
             where (side, other, kind) > ($3, $4, $5)
             order by side, other, kind
             limit $6",
        )
        .bind(tenant.0)
        .bind(i64::from(number))
        .bind(after.0)
        .bind(after.1)
        .bind(after.2)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(relation).collect()
    }

    /// What channels told of a person, and what the graph says.
    pub async fn archived_signals(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        number: u32,
    ) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query(
            "select kind, source, value, observed_at, expires_at
             from signals
             where tenant_id = $1 and person_id = $2
             order by kind, source",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        let mut signals = rows.iter().map(signal).collect::<Result<Vec<_>, _>>()?;
        let standing =
            sqlx::query("select influence, distance, at from standings where tenant_id = $1 and number = $2")
                .bind(tenant.0)
                .bind(i64::from(number))
                .fetch_optional(self.connection())
                .await?;
        if let Some(row) = standing {
            let cells = Cells::of(&row, "standings");
            signals.push(json!({
                "kind": "standing",
                "influence": cells.get::<f64>("influence")?,
                "distance": cells.get::<Option<i64>>("distance")?,
                "at": cells.get::<i64>("at")?,
            }));
        }
        Ok(signals)
    }

    /// What plugins keep of a person between their decisions, and the timers that they set.
    pub async fn archived_plugin_data(&mut self, tenant: TenantId, person: PersonId) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query(
            "select installation_id, state
             from plugin_states
             where tenant_id = $1 and person_id = $2
               and installation_id in (select id from installations where tenant_id = $1)
             order by installation_id",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await?;
        let state = |row: &AnyRow| {
            let cells = Cells::of(row, "plugin_states");
            let installation = cells.id("installation_id", InstallationId::from_slice)?;
            Ok(json!({"installation": installation, "state": cells.get::<String>("state")?}))
        };
        let mut kept = rows.iter().map(state).collect::<Result<Vec<Value>, StoreError>>()?;
        for timer in self.timers_of(tenant, person).await? {
            let (installation, due_at) = (timer.installation, timer.due_at);
            kept.push(json!({
                "installation": installation, "timer": timer.key, "due_at": due_at, "payload": timer.payload,
            }));
        }
        Ok(kept)
    }
}

fn order(row: &AnyRow) -> Result<Value, StoreError> {
    let cells = Cells::of(row, "orders");
    Ok(json!({
        "order_id": cells.get::<String>("order_id")?,
        "amount": cells.get::<i64>("amount")?,
        "refunded": cells.get::<i64>("refunded")?,
        "currency": cells.get::<Option<String>>("currency")?,
        "ordered_at": cells.get::<i64>("ordered_at")?,
    }))
}

fn relation(row: &AnyRow) -> Result<Value, StoreError> {
    let cells = Cells::of(row, "edges");
    Ok(json!({
        "side": cells.get::<i64>("side")?,
        "number": cells.get::<i64>("other")?,
        "kind": cells.get::<String>("kind")?,
        "person": cells.maybe_id("person_id", PersonId::from_slice)?,
        "strength": cells.get::<f64>("strength")?,
        "source": cells.get::<String>("source")?,
        "at": cells.get::<i64>("at")?,
    }))
}

fn signal(row: &AnyRow) -> Result<Value, StoreError> {
    let cells = Cells::of(row, "signals");
    Ok(json!({
        "kind": cells.get::<String>("kind")?,
        "source": cells.get::<String>("source")?,
        "value": cells.json::<Value>("value")?,
        "observed_at": cells.get::<i64>("observed_at")?,
        "expires_at": cells.get::<Option<i64>>("expires_at")?,
    }))
}
