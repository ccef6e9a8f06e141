-- What calls of plugins came to, by day.
create table plugin_usage (
  tenant_id bigint not null,
  day bigint not null,
  installation_id bytea not null,
  calls bigint not null,
  items bigint not null,
  crashes bigint not null,
  fuel bigint not null,
  micros bigint not null,
  primary key (tenant_id, day, installation_id)
);
alter table plugin_usage enable row level security;
alter table plugin_usage force row level security;
create policy plugin_usage_tenant on plugin_usage using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- How much of it a tenant may have; who is not here may have as much as there is.
create table quotas (
  tenant_id bigint primary key,
  fuel_per_day bigint,
  weight bigint not null
);
alter table quotas enable row level security;
alter table quotas force row level security;
create policy quotas_tenant on quotas using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
