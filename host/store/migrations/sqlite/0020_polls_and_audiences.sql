-- How far each channel that must be asked was asked: one poller an installation, of all processes.
-- While it is being asked, `due_at` is when its lease ends; whoever wants it asked again puts another time there.
create table polls (
  tenant_id integer not null,
  installation_id blob not null,
  cursor text,
  cursor_at integer not null,
  due_at integer not null,
  lease integer not null,
  lease_until integer not null,
  failures integer not null,
  outcome text,
  problem text,
  polled_at integer,
  succeeded_at integer,
  events integer not null,
  reset_at integer,
  reset_by text,
  reset_reason text,
  primary key (tenant_id, installation_id)
) without rowid;

-- Segments on advertising channels. Everybody is walked through anew whenever `seen` is not the segment's revision, a slash and
-- `wanted`, which counts how often somebody asked for it.
create table audiences (
  tenant_id integer not null,
  id blob not null,
  name text not null,
  title text not null,
  segment_id blob not null,
  installation_id blob not null,
  channel_audience text not null,
  kinds text not null,
  purpose text not null,
  ending integer not null,
  wanted integer not null,
  seen text not null,
  walking text,
  walk_after integer not null,
  walked_at integer not null,
  due_at integer not null,
  lease integer not null,
  lease_until integer not null,
  held_until integer not null,
  failures integer not null,
  outcome text,
  problem text,
  uploaded_at integer,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, id)
) without rowid;
create unique index audiences_name on audiences (tenant_id, name);

-- What a channel was told or is to be told. `state`: 0 is to be added, 1 is there, 2 is to be removed. A row goes only once
-- the channel has taken the removal; until then it may be nobody's, with the number 0.
create table audience_members (
  tenant_id integer not null,
  audience_id blob not null,
  kind text not null,
  hash blob not null,
  number integer not null,
  state integer not null check (state in (0, 1, 2)),
  allowed_until integer,
  batch integer not null,
  primary key (tenant_id, audience_id, kind, hash)
) without rowid;
create index audience_members_number on audience_members (tenant_id, audience_id, number);
create index audience_members_to_add on audience_members (tenant_id, audience_id, kind, hash) where state = 0;
create index audience_members_to_remove on audience_members (tenant_id, audience_id, kind, hash) where state = 2;
create index audience_members_until on audience_members (tenant_id, audience_id, allowed_until)
  where allowed_until is not null;

-- People of whom an audience has to be told something else since they were looked at. Every mark is a row of its own, so
-- that whoever works marks off takes away none that came meanwhile.
create table audience_marks (
  tenant_id integer not null,
  audience_id blob not null,
  number integer not null,
  mark integer not null,
  primary key (tenant_id, audience_id, number, mark)
) without rowid;
