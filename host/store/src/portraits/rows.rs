//! Which rows of a table belong to some people, as the text of a statement.
//!
//! Rows of people who were joined stay with whom their events named; `root_id` leads from there to the group. Only few
//! people are groups, so those are named one by one, while the others may be a range of ids.

use guanxi_domain::Millis;
use guanxi_domain::ids::{PersonId, new_uuid};
use guanxi_domain::insight::{ANSWER_WITHIN, MESSAGES_WITHIN};
use guanxi_domain::tenant::TenantId;

use crate::sql::Sql;
use crate::work::Dialect;

/// Some people of a tenant.
pub(super) struct Rows {
    tenant: TenantId,
    ids: Ids,
    groups: Vec<PersonId>,
}

enum Ids {
    /// Behind the first, up to the second.
    Between(Option<PersonId>, PersonId),
    These(Vec<PersonId>),
}

/// Whose rows are led to the people.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Their own.
    Alone,
    /// Those of everybody inside groups.
    Inside,
}

/// An event that the person caused, not the host.
const OWN: &str = "substr(t.kind, 1, 7) <> 'guanxi.'";

impl Rows {
    pub(super) fn between(tenant: TenantId, first: Option<PersonId>, last: PersonId, groups: Vec<PersonId>) -> Self {
        Self { tenant, ids: Ids::Between(first, last), groups }
    }

    pub(super) fn of(tenant: TenantId, ids: Vec<PersonId>, groups: Vec<PersonId>) -> Self {
        Self { tenant, ids: Ids::These(ids), groups }
    }

    pub(super) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Adds that `column` names one of the people, or, where they are a range, perhaps somebody inside a group.
    pub(super) fn whose(&self, sql: &mut Sql, column: &str) {
        match &self.ids {
            Ids::Between(first, last) => {
                sql.put(&format!(" and {column} > ")).bytes(&first.map_or([0; 16], |id| *id.as_bytes()));
                sql.put(&format!(" and {column} <= ")).bytes(last.as_bytes());
            }
            Ids::These(ids) => among(sql, column, ids),
        }
    }

    /// `select` of `owner` and what is `wanted` of rows `r` of a table, those of people inside groups as their group's.
    pub(super) fn select(&self, sql: &mut Sql, table: &str, wanted: &str, fits: impl Fn(&mut Sql)) {
        let tenant = self.tenant.0;
        sql.put(&format!("select p.id as owner, {wanted} from people p cross join {table} r where p.tenant_id = "));
        sql.int(tenant);
        self.whose(sql, "p.id");
        sql.put(" and p.merged_into is null and r.tenant_id = ").int(tenant).put(" and r.person_id = p.id");
        fits(sql);
        if !self.groups.is_empty() {
            sql.put(&format!(
                " union all select p.root_id as owner, {wanted} from people p cross join {table} r where p.tenant_id = "
            ));
            sql.int(tenant);
            among(sql, "p.root_id", &self.groups);
            sql.put(" and r.tenant_id = ").int(tenant).put(" and r.person_id = p.id");
            fits(sql);
        }
    }

    /// `select` of `owner` and `seen_before`, the last own event until `then`, of those who were seen since, too; `false`
    /// if it would find nothing.
    pub(super) fn seen_before(&self, sql: &mut Sql, group: Group, then: Millis) -> bool {
        let tenant = self.tenant.0;
        if group == Group::Alone {
            // One step in the index for each who was seen since, however much there is before.
            sql.put(&format!(
                "select p.id as owner,
                        (select t.occurred_at from timeline t
                         where t.tenant_id = p.tenant_id and t.person_id = p.id and t.occurred_at <= {then} and {OWN}
                         order by t.occurred_at desc limit 1) as seen_before
                 from people p
                 where p.is_group = 0 and p.merged_into is null and p.last_seen > {then}
                   and p.first_seen > 0 and p.first_seen <= {then} and p.tenant_id = "
            ));
            sql.int(tenant);
            self.whose(sql, "p.id");
            return true;
        }
        if self.groups.is_empty() {
            return false;
        }
        sql.put(&format!(
            "select p.root_id as owner, max(t.occurred_at) as seen_before
             from people p cross join timeline t
             where t.occurred_at <= {then} and {OWN} and p.tenant_id = "
        ));
        sql.int(tenant);
        among(sql, "p.root_id", &self.groups);
        sql.put(" and t.tenant_id = ").int(tenant).put(" and t.person_id = p.id group by p.root_id");
        true
    }

    /// `select` of `channel`, to how many people of these messages were `sent`, and how many of them `answered`.
    pub(super) fn told(&self, sql: &mut Sql, now: Millis) {
        sql.put("with told as (");
        self.messages(sql, Group::Alone, now);
        if !self.groups.is_empty() {
            sql.put(" union all ");
            self.messages(sql, Group::Inside, now);
        }
        sql.put("), asked as (select owner, channel, max(answered) as answered from told group by owner, channel)");
        sql.put(
            " select channel, count(*) as sent, cast(sum(answered) as bigint) as answered from asked group by channel",
        );
    }

    /// A message is answered by what the person does afterwards, and of a group by what anybody inside does.
    fn messages(&self, sql: &mut Sql, group: Group, now: Millis) {
        let tenant = self.tenant.0;
        let (owner, people, theirs) = match group {
            Group::Alone => ("p.id", "timeline t", "t.person_id = m.person_id"),
            Group::Inside => (
                "p.root_id",
                "people s cross join timeline t",
                "s.tenant_id = m.tenant_id and s.root_id = p.root_id and t.person_id = s.id",
            ),
        };
        let channel = match sql.dialect() {
            Dialect::Sqlite => "coalesce(json_extract(e.body, '$.channel'), m.channel)",
            // PostgreSQL reads no JSON in which a NUL is written.
            Dialect::Postgres => {
                r"case when strpos(e.body, '\u0000') > 0 then m.channel
                       else coalesce(e.body::json ->> 'channel', m.channel) end"
            }
        };
        sql.put(&format!(
            "select {owner} as owner, m.channel,
                    case when exists (
                      select 1 from {people} cross join events e
                      where {theirs} and t.tenant_id = m.tenant_id and e.tenant_id = m.tenant_id
                        and e.position = t.position and t.occurred_at > m.updated_at
                        and t.occurred_at <= m.updated_at + {ANSWER_WITHIN} and {OWN} and {channel} = m.channel
                    ) then 1 else 0 end as answered
             from people p cross join messages m
             where p.tenant_id = "
        ));
        sql.int(tenant);
        match group {
            Group::Alone => {
                self.whose(sql, "p.id");
                sql.put(" and p.merged_into is null");
            }
            Group::Inside => among(sql, "p.root_id", &self.groups),
        }
        sql.put(" and m.tenant_id = ").int(tenant).put(" and m.person_id = p.id and m.status = 'sent' and m.id >= ");
        sql.bytes(new_uuid(now - MESSAGES_WITHIN, [0; 10]).as_bytes());
    }
}

fn among(sql: &mut Sql, column: &str, ids: &[PersonId]) {
    sql.put(&format!(" and {column} in ("));
    for (index, id) in ids.iter().enumerate() {
        sql.put(if index == 0 { "" } else { ", " }).bytes(id.as_bytes());
    }
    sql.put(")");
}
