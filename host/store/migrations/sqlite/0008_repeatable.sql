-- What makes a decision one that can be executed again; receipts from before have none of it. A receipt is longer than what SQLite
-- keeps inside of a table without rowid: each took a page of its own besides, twice as many bytes to write.
create table receipts (
  tenant_id integer not null,
  id blob not null,
  installation_id blob not null,
  person_id blob not null,
  position integer not null,
  at integer not null,
  digest text not null,
  config_hash text not null,
  outcome text not null check (outcome in ('acted', 'refused', 'skipped', 'failed')),
  operations text not null,
  reasons text not null,
  log text not null,
  input text not null,
  seed integer not null,
  fuel integer not null,
  call_id blob,
  call_others blob,
  call_fuel integer,
  answer_hash blob,
  primary key (tenant_id, id)
);
insert into receipts (tenant_id, id, installation_id, person_id, position, at, digest, config_hash, outcome, operations, reasons,
                      log, input, seed, fuel)
select tenant_id, id, installation_id, person_id, position, at, digest, config_hash, outcome, operations, reasons, log, input,
       seed, fuel
from decisions
order by tenant_id, id;
drop table decisions;
alter table receipts rename to decisions;
create index decisions_person on decisions (tenant_id, person_id, id);
insert into sqlite_stat1 (tbl, idx, stat) values
  ('decisions', 'sqlite_autoindex_decisions_1', '1000000 100000 1'),
  ('decisions', 'decisions_person', '1000000 100000 10 1');
analyze sqlite_schema;

-- Every configuration that decided something, by the hash that receipts name.
create table configurations (
  tenant_id integer not null,
  hash text not null,
  config text not null,
  primary key (tenant_id, hash)
) without rowid;
