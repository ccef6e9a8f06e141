-- Another version or configuration beside what an installation runs: the latest of each installation.
create table candidates (
  tenant_id bigint not null,
  installation_id bytea not null,
  id bytea not null,
  spec text not null,
  percent bigint not null,
  guard text not null,
  status text not null check (status in ('running', 'stopped', 'promoted', 'fell-back')),
  started_by text not null,
  started_at bigint not null,
  ended_at bigint,
  reason text,
  evidence text not null,
  primary key (tenant_id, installation_id)
);
alter table candidates enable row level security;
alter table candidates force row level security;
create policy candidates_tenant on candidates using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Whether the decision was made beside the one that took effect.
alter table decisions add column shadow bigint not null default 0;
