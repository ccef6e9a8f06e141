-- What channels let connectors in with: one session an installation, sealed, and who is getting the next one.
create table channel_sessions (
  tenant_id integer not null,
  installation_id blob not null,
  generation integer not null,
  made_for integer not null,
  token blob,
  expires_at integer not null,
  refreshing_until integer not null,
  failures integer not null,
  retry_at integer not null,
  problem text,
  primary key (tenant_id, installation_id)
) without rowid;
