-- How often limited operations of plugins were carried out on a day: about a person, or with a zero byte
-- in the person's place about everybody.
create table operation_counts (
  tenant_id integer not null,
  person_id blob not null,
  day integer not null,
  installation_id blob not null,
  operation text not null,
  done integer not null,
  primary key (tenant_id, person_id, day, installation_id, operation)
) without rowid;

-- Classes are granted like everything else. Where nothing is said of them all are meant, which is so where anything was granted.
update installations set grants = json_set(grants, '$.classes', json('[]'))
where grants = '{"events":[],"fields":[],"operations":[],"egress":[],"secrets":[]}';
update candidates set spec = json_set(spec, '$.grants.classes', json('["roles","scores","stage","tags"]'));
