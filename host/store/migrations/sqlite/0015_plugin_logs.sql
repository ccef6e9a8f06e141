-- What plugins log, a line each: those of a call once, however many it was about. `people` says whom, with its first line.
-- Receipts keep no lines any more; those from before have theirs.
create table plugin_logs (
  tenant_id integer not null,
  installation_id blob not null,
  at integer not null,
  call_id blob not null,
  number integer not null,
  level integer not null,
  line text not null,
  digest text not null,
  asked text not null check (asked in ('decide', 'score', 'deliver')),
  message_id blob,
  people blob,
  primary key (tenant_id, installation_id, at, call_id, number)
) without rowid;

-- What calls came to, by what they were for, too; what was counted before was not told apart.
create table usage_by_work (
  tenant_id integer not null,
  day integer not null,
  installation_id blob not null,
  work text not null check (work in ('pipeline', 'delivery', 'backtest', 'replay')),
  calls integer not null,
  items integer not null,
  crashes integer not null,
  timeouts integer not null,
  refusals integer not null,
  fuel integer not null,
  micros integer not null,
  primary key (tenant_id, day, installation_id, work)
) without rowid;
insert into usage_by_work (tenant_id, day, installation_id, work, calls, items, crashes, timeouts, refusals, fuel, micros)
select tenant_id, day, installation_id, 'pipeline', calls, items, crashes, 0, 0, fuel, micros
from plugin_usage;
drop table plugin_usage;
alter table usage_by_work rename to plugin_usage;
