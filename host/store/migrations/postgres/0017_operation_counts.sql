-- How often limited operations of plugins were carried out on a day: about a person, or with a zero byte
-- in the person's place about everybody.
create table operation_counts (
  tenant_id bigint not null,
  person_id bytea not null,
  day bigint not null,
  installation_id bytea not null,
  operation text not null,
  done bigint not null,
  primary key (tenant_id, person_id, day, installation_id, operation)
);
alter table operation_counts enable row level security;
alter table operation_counts force row level security;
create policy operation_counts_tenant on operation_counts using (
  (select current_setting('guanxi.tenant', true)) = '*'
  or tenant_id = nullif((select current_setting('guanxi.tenant', true)), '*')::bigint
);

-- Classes are granted like everything else. Where nothing is said of them all are meant, which is so where anything was granted.
set local guanxi.tenant = '*';
update installations set grants = jsonb_set(grants::jsonb, '{classes}', '[]')::text
where grants = '{"events":[],"fields":[],"operations":[],"egress":[],"secrets":[]}';
update candidates set spec = jsonb_set(spec::jsonb, '{grants,classes}', '["roles", "scores", "stage", "tags"]')::text;
