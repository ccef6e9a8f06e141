-- PostgreSQL reads a row up to the column that is asked for, fastest over numbers that are always there: what a walk through
-- everybody asks of each of them stands first.
set local guanxi.tenant = '*';
create table walked (
  tenant_id bigint not null,
  number bigint not null default 0,
  is_group bigint not null default 0,
  event_count bigint not null,
  order_count bigint not null check (order_count >= 0),
  revenue bigint not null,
  first_seen bigint not null,
  last_seen bigint not null,
  last_order_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  id bytea not null,
  merged_into bytea,
  root_id bytea,
  stage text not null check (stage in ('prospect', 'fan', 'customer')),
  attributes jsonb not null,
  activity jsonb not null,
  roles text not null default '[]',
  name_key text collate "C",
  provenance text not null default '{}',
  first_touch text,
  last_touch text
);
insert into walked (tenant_id, number, is_group, event_count, order_count, revenue, first_seen, last_seen, last_order_at,
                    created_at, updated_at, id, merged_into, root_id, stage, attributes, activity, roles, name_key, provenance,
                    first_touch, last_touch)
select tenant_id, number, is_group, event_count, order_count, revenue, first_seen, last_seen, last_order_at,
       created_at, updated_at, id, merged_into, root_id, stage, attributes, activity, roles, name_key, provenance,
       first_touch, last_touch
from people
order by tenant_id, number;
drop table people;
alter table walked rename to people;
alter table people rename constraint walked_order_count_check to people_order_count_check;
alter table people rename constraint walked_stage_check to people_stage_check;
alter table people add primary key (tenant_id, id);
create unique index people_number on people (tenant_id, number);
create index people_name on people (tenant_id, name_key) where name_key is not null;
create index people_root on people (tenant_id, root_id) where root_id is not null;
create index people_with_roles on people (tenant_id, number) where roles <> '[]';
alter table people enable row level security;
alter table people force row level security;
create policy people_tenant on people using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
