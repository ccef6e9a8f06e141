-- One view of every person: people are numbered and can be joined and parted, links have states, and tags, consents,
-- relations, segments and imports have tables of their own.

-- Rows of every tenant are brought along.
set local guanxi.tenant = '*';

-- What a brand sets for itself: region, purposes, attribute types, tag dimensions. One JSON document.
alter table tenants add column settings text not null default '{}';

-- `number` counts a tenant's people from 1: sets of people are bitmaps of it. A person who was joined with others is
-- part of `merged_into`, a person made for the group; `root_id` is the group's outermost. Both are null for whoever
-- stands alone. `provenance` says of each attribute when it was learnt and from whom, `activity` of each kind of event
-- how often and when last.
alter table people add column number bigint not null default 0;
alter table people add column is_group bigint not null default 0;
alter table people add column merged_into bytea;
alter table people add column root_id bytea;
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
alter table log_positions add column people_count bigint not null default 0;
update log_positions
set people_count = (select coalesce(max(p.number), 0) from people p where p.tenant_id = log_positions.tenant_id);

-- Why an identity is believed to be a person's, and how far it may be relied on.
alter table identities add column state text not null default 'unverified'
  check (state in ('unverified', 'verified', 'disputed', 'invalid', 'stale'));
alter table identities add column source text not null default '';
alter table identities add column confidence double precision not null default 0.5 check (confidence >= 0 and confidence <= 1);
alter table identities add column reason text;
alter table identities add column changed_by text;
alter table identities add column changed_at bigint not null default 0;

-- What could not be linked by itself waits for somebody to look at it.
alter table identity_conflicts add column cause text not null default 'taken';
alter table identity_conflicts add column status text not null default 'open'
  check (status in ('open', 'resolved', 'dismissed'));
alter table identity_conflicts add column settled_by text;
alter table identity_conflicts add column settled_at bigint;
create index identity_conflicts_open on identity_conflicts (tenant_id, position) where status = 'open';

-- Who linked, confirmed, disputed, joined and parted what, and why.
create table identity_actions (
  tenant_id bigint not null,
  position bigint not null,
  number bigint not null,
  action text not null,
  person_id bytea not null,
  other_id bytea,
  identity text,
  actor text not null,
  reason text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  detail text,
  at bigint not null,
  primary key (tenant_id, position, number)
);
create index identity_actions_person on identity_actions (tenant_id, person_id, position);
create index identity_actions_other on identity_actions (tenant_id, other_id, position) where other_id is not null;

alter table timeline add column kind text not null default '';
update timeline
set kind = (select e.kind from events e where e.tenant_id = timeline.tenant_id and e.position = timeline.position);
create index timeline_kind on timeline (tenant_id, kind, occurred_at, person_id);

create index orders_time on orders (tenant_id, ordered_at, person_id);

-- A tag loses half of its weight in each `half_life` milliseconds; null: never.
alter table tags add column half_life bigint check (half_life > 0);
create index tags_name on tags (tenant_id, dimension, name, person_id);

-- What channels tell of a person: followers, mood, favourite pages.
create table signals (
  tenant_id bigint not null,
  person_id bytea not null,
  kind text not null,
  source text not null,
  value text not null,
  observed_at bigint not null,
  expires_at bigint,
  primary key (tenant_id, person_id, kind, source)
);

-- Who knows whom, by people's numbers.
create table edges (
  tenant_id bigint not null,
  from_number bigint not null,
  to_number bigint not null,
  kind text not null,
  strength double precision not null check (strength >= 0 and strength <= 1),
  source text not null,
  at bigint not null,
  primary key (tenant_id, from_number, to_number, kind)
);
create index edges_to on edges (tenant_id, to_number, from_number);

-- What the graph says of a person: influence (mean 1), steps to the nearest opinion leader or employee, and how many
-- others they have relations with.
create table standings (
  tenant_id bigint not null,
  number bigint not null,
  influence double precision not null,
  distance bigint,
  connections bigint not null,
  at bigint not null,
  primary key (tenant_id, number)
);

create table consents (
  tenant_id bigint not null,
  person_id bytea not null,
  purpose text not null,
  state text not null check (state in ('granted', 'withdrawn')),
  evidence text not null,
  source text not null,
  at bigint not null,
  expires_at bigint,
  position bigint not null,
  primary key (tenant_id, person_id, purpose)
);

-- That somebody was erased, without saying who: the id leads to nothing any more.
create table erasures (
  tenant_id bigint not null,
  id bytea not null,
  person_id bytea not null,
  status text not null check (status in ('waiting', 'running', 'done')),
  requested_by text not null,
  requested_at bigint not null,
  done_at bigint,
  report text,
  primary key (tenant_id, id)
);
create index erasures_status on erasures (status) where status <> 'done';

-- `revision` counts what was made of the definition; memberships of another one count no more. `due_at` is when time
-- alone may change them: 0 until they are made, null for never. Up to `swept_to` that is done.
create table segments (
  tenant_id bigint not null,
  id bytea not null,
  name text not null,
  title text not null,
  filter text not null,
  revision bigint not null,
  swept_to bigint not null,
  due_at bigint,
  members bigint not null,
  created_by text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);
create index segments_due on segments (due_at) where due_at is not null;

-- The members of a segment: a compressed bitmap for each 65,536 numbers.
create table segment_chunks (
  tenant_id bigint not null,
  segment_id bytea not null,
  chunk bigint not null,
  members bytea not null,
  primary key (tenant_id, segment_id, chunk)
);

create table imports (
  tenant_id bigint not null,
  id bytea not null,
  name text not null,
  subject text not null check (subject in ('people', 'orders', 'relations')),
  format text not null,
  status text not null check (status in ('uploading', 'waiting', 'running', 'stopped', 'done', 'failed')),
  mapping text not null,
  bytes bigint not null,
  rows_sent bigint not null,
  rows_done bigint not null,
  rows_total bigint,
  added bigint not null,
  recognised bigint not null,
  unchanged bigint not null,
  conflicting bigint not null,
  refused bigint not null,
  error text,
  created_by text not null,
  created_at bigint not null,
  updated_at bigint not null,
  lease_until bigint not null,
  primary key (tenant_id, id)
);
create index imports_status on imports (status) where status in ('waiting', 'running');

-- The uploaded file, in pieces.
create table import_pieces (
  tenant_id bigint not null,
  import_id bytea not null,
  number bigint not null,
  bytes bytea not null,
  primary key (tenant_id, import_id, number)
);

-- What became of each row, a chunk of rows at a time.
create table import_chunks (
  tenant_id bigint not null,
  import_id bytea not null,
  first_row bigint not null,
  outcomes text not null,
  primary key (tenant_id, import_id, first_row)
);

-- Mappings that people saved, by name.
create table import_mappings (
  tenant_id bigint not null,
  name text not null,
  subject text not null,
  mapping text not null,
  updated_at bigint not null,
  primary key (tenant_id, name)
);

-- The second lock.
alter table identity_actions enable row level security;
alter table identity_actions force row level security;
create policy identity_actions_tenant on identity_actions using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table signals enable row level security;
alter table signals force row level security;
create policy signals_tenant on signals using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table edges enable row level security;
alter table edges force row level security;
create policy edges_tenant on edges using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table standings enable row level security;
alter table standings force row level security;
create policy standings_tenant on standings using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table consents enable row level security;
alter table consents force row level security;
create policy consents_tenant on consents using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table erasures enable row level security;
alter table erasures force row level security;
create policy erasures_tenant on erasures using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table segments enable row level security;
alter table segments force row level security;
create policy segments_tenant on segments using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table segment_chunks enable row level security;
alter table segment_chunks force row level security;
create policy segment_chunks_tenant on segment_chunks using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table imports enable row level security;
alter table imports force row level security;
create policy imports_tenant on imports using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table import_pieces enable row level security;
alter table import_pieces force row level security;
create policy import_pieces_tenant on import_pieces using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table import_chunks enable row level security;
alter table import_chunks force row level security;
create policy import_chunks_tenant on import_chunks using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table import_mappings enable row level security;
alter table import_mappings force row level security;
create policy import_mappings_tenant on import_mappings using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
