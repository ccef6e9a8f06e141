-- How messages are paced and what channels tell of them afterwards. A message may be called off; those that are more
-- urgent are found first.
alter table messages drop constraint messages_status_check;
alter table messages add constraint messages_status_check
  check (status in ('queued', 'sending', 'sent', 'failed', 'expired', 'uncertain', 'cancelled'));
alter table messages add column attempts_before bigint not null default 0;
alter table messages add column delivered_at bigint;
alter table messages add column read_at bigint;
alter table messages add column clicked_at bigint;
alter table messages add column bounced_at bigint;
-- `due_at` is when a queued message may be tried, or when the lease of a message being sent ends.
drop index messages_due;
create index messages_due on messages (tenant_id, connector_id, class, due_at) where status in ('queued', 'sending');
create index messages_channel on messages (tenant_id, connector_id, channel_id) where channel_id is not null;

-- What staff asked of messages.
create table message_actions (
  tenant_id bigint not null,
  message_id bytea not null,
  at bigint not null,
  action text not null check (action in ('retry', 'cancel')),
  actor text not null,
  primary key (tenant_id, message_id, at, action)
);
alter table message_actions enable row level security;
alter table message_actions force row level security;
create policy message_actions_tenant on message_actions using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- How channels behave: failures in a row, how long they rest, and what of their quotas is used.
create table channel_states (
  tenant_id bigint not null,
  installation_id bytea not null,
  failures bigint not null,
  openings bigint not null,
  open_until bigint,
  paused_until bigint,
  reason text,
  uses text not null,
  changed_at bigint not null,
  primary key (tenant_id, installation_id)
);
alter table channel_states enable row level security;
alter table channel_states force row level security;
create policy channel_states_tenant on channel_states using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
