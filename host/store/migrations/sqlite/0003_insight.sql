-- What sets of people are like, counted beside the work. `segment_id` is 16 zero bytes for everybody. `document` is null
-- until it is counted for the first time; `revision` is that of the segment and `position` that of the log when counting
-- began. `wanted_at` is when a newer one was asked for, null if none is. Who counts has it until `lease_until`.
create table portraits (
  tenant_id integer not null,
  segment_id blob not null,
  document text,
  people integer not null,
  revision integer not null,
  position integer not null,
  computed_at integer not null,
  took_ms integer not null,
  wanted_at integer,
  lease_until integer not null,
  primary key (tenant_id, segment_id)
) without rowid;
create index portraits_wanted on portraits (wanted_at) where wanted_at is not null;
