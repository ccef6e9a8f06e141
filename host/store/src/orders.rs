//! Orders of people, kept so that a changed or refunded order is recognised.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, last_of_each, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The shop's own id.
    pub order_id: String,
    /// Who ordered.
    pub person: PersonId,
    /// Minor units, refunds not taken off.
    pub amount: i64,
    /// Minor units paid back.
    pub refunded: i64,
    /// ISO 4217, if known.
    pub currency: Option<String>,
    /// When it was completed.
    pub ordered_at: Millis,
    /// The event that said so last.
    pub position: i64,
}

impl Work {
    /// Those of the orders that exist.
    pub async fn orders(&mut self, tenant: TenantId, ids: &[String]) -> Result<HashMap<String, OrderRow>, StoreError> {
        let mut orders = HashMap::with_capacity(ids.len());
        for piece in pieces(ids) {
            let sql = format!(
                "select order_id, person_id, amount, refunded, currency, ordered_at, position
                 from orders
                 where tenant_id = $1 and order_id in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for id in piece {
                query = query.bind(id);
            }
            for row in query.fetch_all(self.connection()).await? {
                let order = read(&row)?;
                orders.insert(order.order_id.clone(), order);
            }
        }
        Ok(orders)
    }

    /// Stores orders, new ones and changed ones.
    pub async fn put_orders(&mut self, tenant: TenantId, orders: &[OrderRow]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), &last_of_each(orders, |order| &order.order_id)) {
            let mut rows = Rows::new(self.dialect());
            for order in piece {
                rows.row()
                    .bind(tenant.0)
                    .bind(&order.order_id)
                    .bind(order.person.as_bytes().as_slice())
                    .bind(order.amount)
                    .bind(order.refunded)
                    .bind(order.currency.as_deref())
                    .bind(order.ordered_at)
                    .bind(order.position);
            }
            let sql = format!(
                "insert into orders (tenant_id, order_id, person_id, amount, refunded, currency, ordered_at, position)
                 {}
                 on conflict (tenant_id, order_id) do update
                   set person_id = excluded.person_id, amount = excluded.amount, refunded = excluded.refunded,
                       currency = excluded.currency, ordered_at = excluded.ordered_at, position = excluded.position",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// When the tenant's first order was completed; nothing without orders.
    pub async fn first_order(&mut self, tenant: TenantId) -> Result<Option<Millis>, StoreError> {
        let sql = "select min(ordered_at) from orders where tenant_id = $1 and ordered_at > 0";
        Ok(sqlx::query_scalar(sql).bind(tenant.0).fetch_one(self.connection()).await?)
    }

    /// A person's orders, newest first.
    pub async fn orders_of(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        limit: u32,
    ) -> Result<Vec<OrderRow>, StoreError> {
        sqlx::query(
            "select order_id, person_id, amount, refunded, currency, ordered_at, position
             from orders
             where tenant_id = $1 and person_id = $2
             order by ordered_at desc, order_id
             limit $3",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read)
        .collect()
    }
}

fn read(row: &AnyRow) -> Result<OrderRow, StoreError> {
    let cells = Cells::of(row, "orders");
    Ok(OrderRow {
        order_id: cells.get("order_id")?,
        person: cells.id("person_id", PersonId::from_slice)?,
        amount: cells.get("amount")?,
        refunded: cells.get("refunded")?,
        currency: cells.get("currency")?,
        ordered_at: cells.get("ordered_at")?,
        position: cells.get("position")?,
    })
}
