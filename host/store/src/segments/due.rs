//! People for whom the answer of a filter may have changed by time alone, found by the times at which something happened
//! to them.

use guanxi_domain::Millis;
use guanxi_domain::ids::PersonId;
use guanxi_domain::segment::Tick;
use guanxi_domain::tenant::TenantId;

use crate::error::StoreError;
use crate::row::Cells;
use crate::sql::Sql;
use crate::work::Work;

impl Work {
    /// For whom the tick came between the two times, the first included; at most `limit` of them, so that as many may
    /// mean that there are more. `None` if such ticks are not found by times.
    pub async fn due_people(
        &mut self,
        tenant: TenantId,
        tick: &Tick,
        (from, to): (Millis, Millis),
        limit: u32,
    ) -> Result<Option<Vec<PersonId>>, StoreError> {
        let mut sql = Sql::new(self.dialect());
        match tick {
            Tick::Event(Some(kind), span) => {
                sql.put("select distinct r.person_id from timeline r where r.tenant_id = ").int(tenant.0);
                sql.put(" and r.kind = ").text(kind.as_str());
                between(&mut sql, "r.occurred_at", from - span, to - span);
            }
            Tick::Event(None, span) => {
                // Kinds are few: each is looked up in turn, so that the index by kind and time serves.
                sql.put("with recursive kinds (kind) as (select min(kind) from timeline where tenant_id = ")
                    .int(tenant.0);
                sql.put(" union all select (select min(t.kind) from timeline t where t.tenant_id = ").int(tenant.0);
                sql.put(" and t.kind > k.kind) from kinds k where k.kind is not null)");
                sql.put(" select distinct r.person_id from kinds k cross join timeline r where r.tenant_id = ");
                sql.int(tenant.0).put(" and r.kind = k.kind");
                between(&mut sql, "r.occurred_at", from - span, to - span);
            }
            Tick::Order(span) => {
                sql.put("select distinct r.person_id from orders r where r.tenant_id = ").int(tenant.0);
                between(&mut sql, "r.ordered_at", from - span, to - span);
            }
            Tick::Created(_) | Tick::Tag(..) | Tick::Consent(_) | Tick::Day | Tick::Standing => return Ok(None),
        }
        sql.put(" limit ").int(i64::from(limit));
        let rows = sql.query().fetch_all(self.connection()).await?;
        let ids = rows.iter().map(|row| Cells::of(row, "timeline").id("person_id", PersonId::from_slice));
        ids.collect::<Result<Vec<_>, _>>().map(Some)
    }
}

fn between(sql: &mut Sql, column: &str, from: Millis, to: Millis) {
    sql.put(&format!(" and {column} >= ")).int(from).put(&format!(" and {column} < ")).int(to);
}
