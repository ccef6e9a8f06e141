-- Documents that filters look into are kept in the form in which SQLite finds a value without reading the whole.
update people set attributes = jsonb(attributes), activity = jsonb(activity);

-- All links of a person stand side by side: they are read together, and each was in a place of its own.
create table links (
  tenant_id integer not null,
  person_id blob not null,
  kind text not null,
  value text not null,
  first_position integer not null,
  created_at integer not null,
  state text not null check (state in ('unverified', 'verified', 'disputed', 'invalid', 'stale')),
  source text not null,
  confidence real not null check (confidence >= 0 and confidence <= 1),
  reason text,
  changed_by text,
  changed_at integer not null,
  primary key (tenant_id, person_id, kind, value)
) without rowid;
insert into links
select tenant_id, person_id, kind, value, first_position, created_at, state, source, confidence, reason, changed_by, changed_at
from identities
order by tenant_id, person_id, kind, value;
drop table identities;
alter table links rename to identities;
create unique index identities_value on identities (tenant_id, kind, value);
insert into sqlite_stat1 (tbl, idx, stat) values
  ('identities', 'identities', '1000000 100000 3 2 1'),
  ('identities', 'identities_value', '1000000 100000 20000 1');
analyze sqlite_schema;
