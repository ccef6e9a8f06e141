-- Addresses of a tenant's own systems that are told of notices.
create table webhooks (
  tenant_id bigint not null,
  id bytea not null,
  address text not null,
  kinds text not null,
  off_reason text check (off_reason in ('switched-off', 'gone', 'failing')),
  secrets bytea not null,
  rotated_at bigint,
  failing_since bigint,
  dropped bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id)
);
create unique index webhooks_address on webhooks (tenant_id, address);
alter table webhooks enable row level security;
alter table webhooks force row level security;
create policy webhooks_tenant on webhooks using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Notices on their way to them, and what became of those.
create table webhook_deliveries (
  tenant_id bigint not null,
  webhook_id bytea not null,
  id bytea not null,
  kind text not null,
  payload text not null,
  status text not null check (status in ('waiting', 'sending', 'delivered', 'failed')),
  attempts bigint not null,
  due_at bigint not null,
  http_status bigint,
  error text,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, webhook_id, id)
);
create index webhook_deliveries_due on webhook_deliveries (due_at, tenant_id, webhook_id)
  where status in ('waiting', 'sending');
create index webhook_deliveries_queue on webhook_deliveries (tenant_id, webhook_id, due_at)
  where status in ('waiting', 'sending');
alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;
create policy webhook_deliveries_tenant on webhook_deliveries using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
