-- Another version or configuration beside what an installation runs: the latest of each installation.
create table candidates (
  tenant_id integer not null,
  installation_id blob not null,
  id blob not null,
  spec text not null,
  percent integer not null,
  guard text not null,
  status text not null check (status in ('running', 'stopped', 'promoted', 'fell-back')),
  started_by text not null,
  started_at integer not null,
  ended_at integer,
  reason text,
  evidence text not null,
  primary key (tenant_id, installation_id)
) without rowid;

-- Whether the decision was made beside the one that took effect.
alter table decisions add column shadow integer not null default 0;
