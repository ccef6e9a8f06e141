-- What a brand says more than once, by name. One that was taken away leaves its name and version, so that no version of a
-- name ever means something else.
create table contents (
  tenant_id bigint not null,
  name text not null,
  version bigint not null,
  document text,
  updated_at bigint not null,
  primary key (tenant_id, name)
);
alter table contents enable row level security;
alter table contents force row level security;
create policy contents_tenant on contents using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Which kept content a message says.
create table message_contents (
  tenant_id bigint not null,
  message_id bytea not null,
  name text not null,
  version bigint not null,
  primary key (tenant_id, message_id)
);
alter table message_contents enable row level security;
alter table message_contents force row level security;
create policy message_contents_tenant on message_contents using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- What became of a message once it was there, each sort once.
create table message_marks (
  tenant_id bigint not null,
  message_id bytea not null,
  mark text not null check (mark in ('opened', 'clicked', 'replied')),
  primary key (tenant_id, message_id, mark)
);
alter table message_marks enable row level security;
alter table message_marks force row level security;
create policy message_marks_tenant on message_marks using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Messages of a day, days since 1970 in the tenant's time zone, by what made them, and how many were marked. An empty
-- campaign is one that is not known any more; an empty content one that was not kept.
create table message_rates (
  tenant_id bigint not null,
  day bigint not null,
  connector_id bytea not null,
  channel text not null,
  campaign_id bytea not null,
  content text not null,
  sent bigint not null,
  opened bigint not null,
  clicked bigint not null,
  replied bigint not null,
  primary key (tenant_id, day, connector_id, channel, campaign_id, content)
);
alter table message_rates enable row level security;
alter table message_rates force row level security;
create policy message_rates_tenant on message_rates using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Pictures, recordings and films that a brand keeps, by name; another one under a name has another id.
create table media (
  tenant_id bigint not null,
  name text not null,
  id bytea not null,
  kind text not null,
  bytes bigint not null,
  created_at bigint not null,
  primary key (tenant_id, name)
);
create unique index media_id on media (tenant_id, id);
alter table media enable row level security;
alter table media force row level security;
create policy media_tenant on media using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
create table media_pieces (
  tenant_id bigint not null,
  media_id bytea not null,
  number bigint not null,
  bytes bytea not null,
  primary key (tenant_id, media_id, number)
);
alter table media_pieces enable row level security;
alter table media_pieces force row level security;
create policy media_pieces_tenant on media_pieces using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
