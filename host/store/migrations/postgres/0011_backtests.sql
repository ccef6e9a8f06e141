-- What would have been, had another version or configuration decided.
create table backtests (
  tenant_id bigint not null,
  id bytea not null,
  installation_id bytea not null,
  spec text not null,
  status text not null check (status in ('waiting', 'running', 'done', 'stopped', 'failed')),
  requested_by text not null,
  requested_at bigint not null,
  ended_at bigint,
  lease_until bigint not null,
  progress double precision not null,
  difference text not null,
  error text,
  primary key (tenant_id, id)
);
create index backtests_open on backtests (lease_until) where status in ('waiting', 'running');
alter table backtests enable row level security;
alter table backtests force row level security;
create policy backtests_tenant on backtests using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
