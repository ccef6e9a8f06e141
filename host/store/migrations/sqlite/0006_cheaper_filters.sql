-- Filters read whose rows fit from the index alone: a look into the table for each row cost ten times as much.
drop index orders_time;
create index orders_time on orders (tenant_id, ordered_at, person_id, amount, refunded);
drop index tags_name;
create index tags_name on tags (tenant_id, dimension, name, person_id, weight, at, half_life);
create index identities_kind on identities (tenant_id, kind, state, person_id);
insert into sqlite_stat1 (tbl, idx, stat) values
  ('orders', 'orders_time', '1000000 100000 2 1 1 1'),
  ('tags', 'tags_name', '1000000 100000 30000 3000 1 1 1 1'),
  ('identities', 'identities_kind', '1000000 100000 20000 10000 2');
analyze sqlite_schema;
