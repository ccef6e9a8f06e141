-- What channels let connectors in with: one session an installation, sealed, and who is getting the next one.
create table channel_sessions (
  tenant_id bigint not null,
  installation_id bytea not null,
  generation bigint not null,
  made_for bigint not null,
  token bytea,
  expires_at bigint not null,
  refreshing_until bigint not null,
  failures bigint not null,
  retry_at bigint not null,
  problem text,
  primary key (tenant_id, installation_id)
);
alter table channel_sessions enable row level security;
alter table channel_sessions force row level security;
create policy channel_sessions_tenant on channel_sessions using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
