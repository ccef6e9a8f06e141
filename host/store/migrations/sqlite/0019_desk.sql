-- What went out to channels and what came back, without secrets: the exchanges of one try in one row, as JSON.
create table exchanges (
  tenant_id integer not null,
  at integer not null,
  message_id blob not null,
  attempt integer not null,
  document blob not null,
  primary key (tenant_id, at, message_id, attempt)
) without rowid;

-- How tries ended and how long they took, counted in slots of time.
create table channel_counts (
  tenant_id integer not null,
  installation_id blob not null,
  slot integer not null,
  status text not null check (status in ('queued', 'sent', 'failed', 'expired', 'uncertain')),
  took_ms integer not null,
  count integer not null,
  primary key (tenant_id, installation_id, slot, status, took_ms)
) without rowid;

-- Who had a connector send a test message, and what came of it. The address is not kept.
create table channel_tests (
  tenant_id integer not null,
  installation_id blob not null,
  at integer not null,
  message_id blob not null,
  token_id blob not null,
  outcome text not null,
  detail text,
  primary key (tenant_id, installation_id, at, message_id)
) without rowid;

-- What did not arrive is looked for among millions that did.
create index messages_undelivered on messages (tenant_id, id) where status in ('failed', 'expired', 'uncertain');
-- The log of one connector.
create index messages_connector on messages (tenant_id, connector_id, id);
-- What the planner should believe of these tables, as in the first step.
insert into sqlite_stat1 (tbl, idx, stat) values
  ('messages', 'messages_undelivered', '100000 10000 1'),
  ('messages', 'messages_connector', '1000000 100000 50000 1'),
  ('exchanges', 'exchanges', '1000000 100000 2 1 1'),
  ('channel_counts', 'channel_counts', '100000 10000 2000 8 4 1'),
  ('channel_tests', 'channel_tests', '1000 100 20 1 1');
analyze sqlite_schema;
