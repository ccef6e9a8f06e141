-- What went out to channels and what came back, without secrets: the exchanges of one try in one row, as JSON.
create table exchanges (
  tenant_id bigint not null,
  at bigint not null,
  message_id bytea not null,
  attempt bigint not null,
  document bytea not null,
  primary key (tenant_id, at, message_id, attempt)
);
alter table exchanges enable row level security;
alter table exchanges force row level security;
create policy exchanges_tenant on exchanges using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- How tries ended and how long they took, counted in slots of time.
create table channel_counts (
  tenant_id bigint not null,
  installation_id bytea not null,
  slot bigint not null,
  status text not null check (status in ('queued', 'sent', 'failed', 'expired', 'uncertain')),
  took_ms bigint not null,
  count bigint not null,
  primary key (tenant_id, installation_id, slot, status, took_ms)
);
alter table channel_counts enable row level security;
alter table channel_counts force row level security;
create policy channel_counts_tenant on channel_counts using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Who had a connector send a test message, and what came of it. The address is not kept.
create table channel_tests (
  tenant_id bigint not null,
  installation_id bytea not null,
  at bigint not null,
  message_id bytea not null,
  token_id bytea not null,
  outcome text not null,
  detail text,
  primary key (tenant_id, installation_id, at, message_id)
);
alter table channel_tests enable row level security;
alter table channel_tests force row level security;
create policy channel_tests_tenant on channel_tests using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- What did not arrive is looked for among millions that did.
create index messages_undelivered on messages (tenant_id, id) where status in ('failed', 'expired', 'uncertain');
-- The log of one connector.
create index messages_connector on messages (tenant_id, connector_id, id);
