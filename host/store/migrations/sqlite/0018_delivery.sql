-- How messages are paced and what channels tell of them afterwards. A message may be called off; those that are more
-- urgent are found first. SQLite changes no check of a table, so the table is written anew.
create table messages_anew (
  tenant_id integer not null,
  id blob not null,
  person_id blob not null,
  connector_id blob not null,
  decision_id blob not null,
  channel text not null,
  address text not null,
  content text not null,
  class text not null check (class in ('reply', 'transactional', 'marketing')),
  purpose text not null,
  status text not null
    check (status in ('queued', 'sending', 'sent', 'failed', 'expired', 'uncertain', 'cancelled')),
  reason text,
  channel_id text,
  created_at integer not null,
  not_before integer not null,
  expires_at integer,
  attempts integer not null,
  depth integer not null,
  due_at integer not null,
  updated_at integer not null,
  attempts_before integer not null default 0,
  delivered_at integer,
  read_at integer,
  clicked_at integer,
  bounced_at integer,
  primary key (tenant_id, id)
) without rowid;
insert into messages_anew (tenant_id, id, person_id, connector_id, decision_id, channel, address, content, class,
                           purpose, status, reason, channel_id, created_at, not_before, expires_at, attempts, depth,
                           due_at, updated_at)
select tenant_id, id, person_id, connector_id, decision_id, channel, address, content, class, purpose, status, reason,
       channel_id, created_at, not_before, expires_at, attempts, depth, due_at, updated_at
from messages;
drop table messages;
alter table messages_anew rename to messages;
-- `due_at` is when a queued message may be tried, or when the lease of a message being sent ends.
create index messages_due on messages (tenant_id, connector_id, class, due_at) where status in ('queued', 'sending');
create index messages_person on messages (tenant_id, person_id, id);
create index messages_sent on messages (tenant_id, person_id, updated_at, connector_id, channel, class, purpose)
  where status = 'sent';
create index messages_channel on messages (tenant_id, connector_id, channel_id) where channel_id is not null;
delete from sqlite_stat1 where tbl in ('messages', 'messages_anew');
insert into sqlite_stat1 (tbl, idx, stat) values
  ('messages', 'messages', '1000000 100000 1'),
  ('messages', 'messages_person', '1000000 100000 5 1'),
  ('messages', 'messages_sent', '1000000 100000 5 1 1 1 1 1'),
  ('messages', 'messages_due', '10000 1000 500 250 1'),
  ('messages', 'messages_channel', '1000000 100000 50000 1');

-- What staff asked of messages.
create table message_actions (
  tenant_id integer not null,
  message_id blob not null,
  at integer not null,
  action text not null check (action in ('retry', 'cancel')),
  actor text not null,
  primary key (tenant_id, message_id, at, action)
) without rowid;

-- How channels behave: failures in a row, how long they rest, and what of their quotas is used.
create table channel_states (
  tenant_id integer not null,
  installation_id blob not null,
  failures integer not null,
  openings integer not null,
  open_until integer,
  paused_until integer,
  reason text,
  uses text not null,
  changed_at integer not null,
  primary key (tenant_id, installation_id)
) without rowid;
analyze sqlite_schema;
