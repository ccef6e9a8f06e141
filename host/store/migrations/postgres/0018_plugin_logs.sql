-- What plugins log, a line each: those of a call once, however many it was about. `people` says whom, with its first line.
-- Receipts keep no lines any more; those from before have theirs.
create table plugin_logs (
  tenant_id bigint not null,
  installation_id bytea not null,
  at bigint not null,
  call_id bytea not null,
  number bigint not null,
  level bigint not null,
  line text not null,
  digest text not null,
  asked text not null check (asked in ('decide', 'score', 'deliver')),
  message_id bytea,
  people bytea,
  primary key (tenant_id, installation_id, at, call_id, number)
);
alter table plugin_logs enable row level security;
alter table plugin_logs force row level security;
create policy plugin_logs_tenant on plugin_logs using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- What calls came to, by what they were for, too; what was counted before was not told apart.
alter table plugin_usage add column work text not null default 'pipeline'
  check (work in ('pipeline', 'delivery', 'backtest', 'replay'));
alter table plugin_usage alter column work drop default;
alter table plugin_usage add column timeouts bigint not null default 0;
alter table plugin_usage add column refusals bigint not null default 0;
alter table plugin_usage drop constraint plugin_usage_pkey;
alter table plugin_usage add primary key (tenant_id, day, installation_id, work);
