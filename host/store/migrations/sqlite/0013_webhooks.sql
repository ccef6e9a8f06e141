-- Addresses of a tenant's own systems that are told of notices.
create table webhooks (
  tenant_id integer not null,
  id blob not null,
  address text not null,
  kinds text not null,
  off_reason text check (off_reason in ('switched-off', 'gone', 'failing')),
  secrets blob not null,
  rotated_at integer,
  failing_since integer,
  dropped integer not null,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, id)
) without rowid;
create unique index webhooks_address on webhooks (tenant_id, address);

-- Notices on their way to them, and what became of those.
create table webhook_deliveries (
  tenant_id integer not null,
  webhook_id blob not null,
  id blob not null,
  kind text not null,
  payload text not null,
  status text not null check (status in ('waiting', 'sending', 'delivered', 'failed')),
  attempts integer not null,
  due_at integer not null,
  http_status integer,
  error text,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, webhook_id, id)
) without rowid;
create index webhook_deliveries_due on webhook_deliveries (due_at, tenant_id, webhook_id)
  where status in ('waiting', 'sending');
create index webhook_deliveries_queue on webhook_deliveries (tenant_id, webhook_id, due_at)
  where status in ('waiting', 'sending');
