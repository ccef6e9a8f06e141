-- Filters read whose rows fit from the index alone. Links by kind have an index already, which takes up what else is asked.
drop index orders_time;
create index orders_time on orders (tenant_id, ordered_at, person_id) include (amount, refunded);
drop index tags_name;
create index tags_name on tags (tenant_id, dimension, name, person_id) include (weight, at, half_life);
alter table identities
  drop constraint identities_pkey,
  add primary key (tenant_id, kind, value) include (person_id, state);
