-- How far each channel that must be asked was asked: one poller an installation, of all processes.
-- While it is being asked, `due_at` is when its lease ends; whoever wants it asked again puts another time there.
create table polls (
  tenant_id bigint not null,
  installation_id bytea not null,
  cursor text,
  cursor_at bigint not null,
  due_at bigint not null,
  lease bigint not null,
  lease_until bigint not null,
  failures bigint not null,
  outcome text,
  problem text,
  polled_at bigint,
  succeeded_at bigint,
  events bigint not null,
  reset_at bigint,
  reset_by text,
  reset_reason text,
  primary key (tenant_id, installation_id)
);
alter table polls enable row level security;
alter table polls force row level security;
create policy polls_tenant on polls using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Segments on advertising channels. Everybody is walked through anew whenever `seen` is not the segment's revision, a slash and
-- `wanted`, which counts how often somebody asked for it.
create table audiences (
  tenant_id bigint not null,
  id bytea not null,
  name text not null,
  title text not null,
  segment_id bytea not null,
  installation_id bytea not null,
  channel_audience text not null,
  kinds text not null,
  purpose text not null,
  ending bigint not null,
  wanted bigint not null,
  seen text not null,
  walking text,
  walk_after bigint not null,
  walked_at bigint not null,
  due_at bigint not null,
  lease bigint not null,
  lease_until bigint not null,
  held_until bigint not null,
  failures bigint not null,
  outcome text,
  problem text,
  uploaded_at bigint,
  created_by text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id)
);
alter table audiences enable row level security;
alter table audiences force row level security;
create policy audiences_tenant on audiences using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
create unique index audiences_name on audiences (tenant_id, name);

-- What a channel was told or is to be told. `state`: 0 is to be added, 1 is there, 2 is to be removed. A row goes only once
-- the channel has taken the removal; until then it may be nobody's, with the number 0.
create table audience_members (
  tenant_id bigint not null,
  audience_id bytea not null,
  kind text not null,
  hash bytea not null,
  number bigint not null,
  state bigint not null check (state in (0, 1, 2)),
  allowed_until bigint,
  batch bigint not null,
  primary key (tenant_id, audience_id, kind, hash)
);
alter table audience_members enable row level security;
alter table audience_members force row level security;
create policy audience_members_tenant on audience_members using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
create index audience_members_number on audience_members (tenant_id, audience_id, number);
create index audience_members_to_add on audience_members (tenant_id, audience_id, kind, hash) where state = 0;
create index audience_members_to_remove on audience_members (tenant_id, audience_id, kind, hash) where state = 2;
create index audience_members_until on audience_members (tenant_id, audience_id, allowed_until)
  where allowed_until is not null;

-- People of whom an audience has to be told something else since they were looked at. Every mark is a row of its own, so
-- that whoever works marks off takes away none that came meanwhile.
create table audience_marks (
  tenant_id bigint not null,
  audience_id bytea not null,
  number bigint not null,
  mark bigint not null,
  primary key (tenant_id, audience_id, number, mark)
);
alter table audience_marks enable row level security;
alter table audience_marks force row level security;
create policy audience_marks_tenant on audience_marks using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);
