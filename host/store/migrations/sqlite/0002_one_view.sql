-- One view of every person: people are numbered and can be joined and parted, links have states, and tags, consents,
-- relations, segments and imports have tables of their own.

-- What a brand sets for itself: region, purposes, attribute types, tag dimensions. One JSON document.
alter table tenants add column settings text not null default '{}';

-- `number` counts a tenant's people from 1: sets of people are bitmaps of it. A person who was joined with others is
-- part of `merged_into`, a person made for the group; `root_id` is the group's outermost. Both are null for whoever
-- stands alone. `provenance` says of each attribute when it was learnt and from whom, `activity` of each kind of event
-- how often and when last.
alter table people add column number integer not null default 0;
alter table people add column is_group integer not null default 0;
alter table people add column merged_into blob;
alter table people add column root_id blob;
alter table people add column roles text not null default '[]';
alter table people add column provenance text not null default '{}';
alter table people add column activity text not null default '{}';
alter table people add column first_touch text;
alter table people add column last_touch text;
update people set number = numbered.number
from (select tenant_id, id, row_number() over (partition by tenant_id order by id) as number from people) as numbered
where numbered.tenant_id = people.tenant_id and numbered.id = people.id;
create unique index people_number on people (tenant_id, number);
create index people_with_roles on people (tenant_id, number) where roles <> '[]';
create index people_root on people (tenant_id, root_id) where root_id is not null;

-- How far a tenant's people are numbered.
alter table log_positions add column people_count integer not null default 0;
update log_positions
set people_count = (select coalesce(max(p.number), 0) from people p where p.tenant_id = log_positions.tenant_id);

-- Why an identity is believed to be a person's, and how far it may be relied on.
alter table identities add column state text not null default 'unverified'
  check (state in ('unverified', 'verified', 'disputed', 'invalid', 'stale'));
alter table identities add column source text not null default '';
alter table identities add column confidence real not null default 0.5 check (confidence >= 0 and confidence <= 1);
alter table identities add column reason text;
alter table identities add column changed_by text;
alter table identities add column changed_at integer not null default 0;

-- What could not be linked by itself waits for somebody to look at it.
alter table identity_conflicts add column cause text not null default 'taken';
alter table identity_conflicts add column status text not null default 'open'
  check (status in ('open', 'resolved', 'dismissed'));
alter table identity_conflicts add column settled_by text;
alter table identity_conflicts add column settled_at integer;
create index identity_conflicts_open on identity_conflicts (tenant_id, position) where status = 'open';

-- Who linked, confirmed, disputed, joined and parted what, and why.
create table identity_actions (
  tenant_id integer not null,
  position integer not null,
  number integer not null,
  action text not null,
  person_id blob not null,
  other_id blob,
  identity text,
  actor text not null,
  reason text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  detail text,
  at integer not null,
  primary key (tenant_id, position, number)
) without rowid;
create index identity_actions_person on identity_actions (tenant_id, person_id, position);
create index identity_actions_other on identity_actions (tenant_id, other_id, position) where other_id is not null;

alter table timeline add column kind text not null default '';
update timeline
set kind = (select e.kind from events e where e.tenant_id = timeline.tenant_id and e.position = timeline.position);
create index timeline_kind on timeline (tenant_id, kind, occurred_at, person_id);

create index orders_time on orders (tenant_id, ordered_at, person_id);

-- A tag loses half of its weight in each `half_life` milliseconds; null: never.
alter table tags add column half_life integer check (half_life > 0);
create index tags_name on tags (tenant_id, dimension, name, person_id);

-- What channels tell of a person: followers, mood, favourite pages.
create table signals (
  tenant_id integer not null,
  person_id blob not null,
  kind text not null,
  source text not null,
  value text not null,
  observed_at integer not null,
  expires_at integer,
  primary key (tenant_id, person_id, kind, source)
) without rowid;

-- Who knows whom, by people's numbers.
create table edges (
  tenant_id integer not null,
  from_number integer not null,
  to_number integer not null,
  kind text not null,
  strength real not null check (strength >= 0 and strength <= 1),
  source text not null,
  at integer not null,
  primary key (tenant_id, from_number, to_number, kind)
) without rowid;
create index edges_to on edges (tenant_id, to_number, from_number);

-- What the graph says of a person: influence (mean 1), steps to the nearest opinion leader or employee, and how many
-- others they have relations with.
create table standings (
  tenant_id integer not null,
  number integer not null,
  influence real not null,
  distance integer,
  connections integer not null,
  at integer not null,
  primary key (tenant_id, number)
) without rowid;

create table consents (
  tenant_id integer not null,
  person_id blob not null,
  purpose text not null,
  state text not null check (state in ('granted', 'withdrawn')),
  evidence text not null,
  source text not null,
  at integer not null,
  expires_at integer,
  position integer not null,
  primary key (tenant_id, person_id, purpose)
) without rowid;

-- That somebody was erased, without saying who: the id leads to nothing any more.
create table erasures (
  tenant_id integer not null,
  id blob not null,
  person_id blob not null,
  status text not null check (status in ('waiting', 'running', 'done')),
  requested_by text not null,
  requested_at integer not null,
  done_at integer,
  report text,
  primary key (tenant_id, id)
) without rowid;
create index erasures_status on erasures (status) where status <> 'done';

-- `revision` counts what was made of the definition; memberships of another one count no more. `due_at` is when time
-- alone may change them: 0 until they are made, null for never. Up to `swept_to` that is done.
create table segments (
  tenant_id integer not null,
  id blob not null,
  name text not null,
  title text not null,
  filter text not null,
  revision integer not null,
  swept_to integer not null,
  due_at integer,
  members integer not null,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
) without rowid;
create index segments_due on segments (due_at) where due_at is not null;

-- The members of a segment: a compressed bitmap for each 65,536 numbers.
create table segment_chunks (
  tenant_id integer not null,
  segment_id blob not null,
  chunk integer not null,
  members blob not null,
  primary key (tenant_id, segment_id, chunk)
) without rowid;

create table imports (
  tenant_id integer not null,
  id blob not null,
  name text not null,
  subject text not null check (subject in ('people', 'orders', 'relations')),
  format text not null,
  status text not null check (status in ('uploading', 'waiting', 'running', 'stopped', 'done', 'failed')),
  mapping text not null,
  bytes integer not null,
  rows_sent integer not null,
  rows_done integer not null,
  rows_total integer,
  added integer not null,
  recognised integer not null,
  unchanged integer not null,
  conflicting integer not null,
  refused integer not null,
  error text,
  created_by text not null,
  created_at integer not null,
  updated_at integer not null,
  lease_until integer not null,
  primary key (tenant_id, id)
) without rowid;
create index imports_status on imports (status) where status in ('waiting', 'running');

-- The uploaded file, in pieces.
create table import_pieces (
  tenant_id integer not null,
  import_id blob not null,
  number integer not null,
  bytes blob not null,
  primary key (tenant_id, import_id, number)
);

-- What became of each row, a chunk of rows at a time.
create table import_chunks (
  tenant_id integer not null,
  import_id blob not null,
  first_row integer not null,
  outcomes text not null,
  primary key (tenant_id, import_id, first_row)
) without rowid;

-- Mappings that people saved, by name.
create table import_mappings (
  tenant_id integer not null,
  name text not null,
  subject text not null,
  mapping text not null,
  updated_at integer not null,
  primary key (tenant_id, name)
) without rowid;
