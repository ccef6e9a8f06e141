-- What makes a decision one that can be executed again. Receipts from before have none of it.
alter table decisions add column call_id bytea;
alter table decisions add column call_others bytea;
alter table decisions add column call_fuel bigint;
alter table decisions add column answer_hash bytea;

-- Every configuration that decided something, by the hash that receipts name.
create table configurations (
  tenant_id bigint not null,
  hash text not null,
  config text not null,
  primary key (tenant_id, hash)
);
alter table configurations enable row level security;
alter table configurations force row level security;
create policy configurations_tenant on configurations using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
