-- What plugins are told of is granted like everything else. Who was granted everything so far is told of everything it asks for.
set local guanxi.tenant = '*';
update installations set grants = jsonb_set(grants::jsonb, '{events}', '["*"]')::text;
update candidates set spec = jsonb_set(spec::jsonb, '{grants,events}', '["*"]')::text;

-- Versions of plugins that wait until somebody of the tenant approves them: the latest of each installation.
create table upgrades (
  tenant_id bigint not null,
  installation_id bytea not null,
  version text not null,
  digest text not null,
  config text not null,
  mode text not null check (mode in ('off', 'live')),
  asks text not null,
  asked_by text not null,
  asked_at bigint not null,
  primary key (tenant_id, installation_id)
);
alter table upgrades enable row level security;
alter table upgrades force row level security;
create policy upgrades_tenant on upgrades using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- What operators let plugins do at most; what is not here may do whatever its tenants grant.
create table plugin_allowances (
  plugin text primary key,
  grants text not null,
  updated_at bigint not null
);
