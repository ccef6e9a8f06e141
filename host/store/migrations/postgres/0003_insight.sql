-- What sets of people are like, counted beside the work. `segment_id` is 16 zero bytes for everybody. `document` is null
-- until it is counted for the first time; `revision` is that of the segment and `position` that of the log when counting
-- began. `wanted_at` is when a newer one was asked for, null if none is. Who counts has it until `lease_until`.
create table portraits (
  tenant_id bigint not null,
  segment_id bytea not null,
  document text,
  people bigint not null,
  revision bigint not null,
  position bigint not null,
  computed_at bigint not null,
  took_ms bigint not null,
  wanted_at bigint,
  lease_until bigint not null,
  primary key (tenant_id, segment_id)
);
create index portraits_wanted on portraits (wanted_at) where wanted_at is not null;

-- The second lock.
alter table portraits enable row level security;
alter table portraits force row level security;
create policy portraits_tenant on portraits using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
