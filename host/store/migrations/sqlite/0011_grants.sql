-- What plugins are told of is granted like everything else. Who was granted everything so far is told of everything it asks for.
update installations set grants = json_set(grants, '$.events', json('["*"]'));
update candidates set spec = json_set(spec, '$.grants.events', json('["*"]'));

-- Versions of plugins that wait until somebody of the tenant approves them: the latest of each installation.
create table upgrades (
  tenant_id integer not null,
  installation_id blob not null,
  version text not null,
  digest text not null,
  config text not null,
  mode text not null check (mode in ('off', 'live')),
  asks text not null,
  asked_by text not null,
  asked_at integer not null,
  primary key (tenant_id, installation_id)
) without rowid;

-- What operators let plugins do at most; what is not here may do whatever its tenants grant.
create table plugin_allowances (
  plugin text primary key,
  grants text not null,
  updated_at integer not null
) without rowid;
