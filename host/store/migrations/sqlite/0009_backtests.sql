-- What would have been, had another version or configuration decided.
create table backtests (
  tenant_id integer not null,
  id blob not null,
  installation_id blob not null,
  spec text not null,
  status text not null check (status in ('waiting', 'running', 'done', 'stopped', 'failed')),
  requested_by text not null,
  requested_at integer not null,
  ended_at integer,
  lease_until integer not null,
  progress real not null,
  difference text not null,
  error text,
  primary key (tenant_id, id)
) without rowid;
create index backtests_open on backtests (lease_until) where status in ('waiting', 'running');
