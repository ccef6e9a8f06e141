-- What a brand says more than once, by name. One that was taken away leaves its name and version, so that no version of a
-- name ever means something else.
create table contents (
  tenant_id integer not null,
  name text not null,
  version integer not null,
  document text,
  updated_at integer not null,
  primary key (tenant_id, name)
) without rowid;

-- Which kept content a message says.
create table message_contents (
  tenant_id integer not null,
  message_id blob not null,
  name text not null,
  version integer not null,
  primary key (tenant_id, message_id)
) without rowid;

-- What became of a message once it was there, each sort once.
create table message_marks (
  tenant_id integer not null,
  message_id blob not null,
  mark text not null check (mark in ('opened', 'clicked', 'replied')),
  primary key (tenant_id, message_id, mark)
) without rowid;

-- Messages of a day, days since 1970 in the tenant's time zone, by what made them, and how many were marked. An empty
-- campaign is one that is not known any more; an empty content one that was not kept.
create table message_rates (
  tenant_id integer not null,
  day integer not null,
  connector_id blob not null,
  channel text not null,
  campaign_id blob not null,
  content text not null,
  sent integer not null,
  opened integer not null,
  clicked integer not null,
  replied integer not null,
  primary key (tenant_id, day, connector_id, channel, campaign_id, content)
) without rowid;

-- Pictures, recordings and films that a brand keeps, by name; another one under a name has another id.
create table media (
  tenant_id integer not null,
  name text not null,
  id blob not null,
  kind text not null,
  bytes integer not null,
  created_at integer not null,
  primary key (tenant_id, name)
) without rowid;
create unique index media_id on media (tenant_id, id);
create table media_pieces (
  tenant_id integer not null,
  media_id blob not null,
  number integer not null,
  bytes blob not null,
  primary key (tenant_id, media_id, number)
);
