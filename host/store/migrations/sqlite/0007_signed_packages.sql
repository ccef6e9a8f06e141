-- Whose packages the operators trust.
create table publishers (
  name text primary key,
  title text not null,
  created_at integer not null
);
create table publisher_keys (
  key text primary key,
  publisher text not null references publishers (name),
  added_at integer not null,
  revoked_at integer
);
create index publisher_keys_publisher on publisher_keys (publisher);

-- Where each package came from. What is there already was uploaded before packages were signed.
alter table plugins add column publisher text;
alter table plugins add column signer text;
alter table plugins add column source text not null default 'upload';
alter table plugins add column yanked_at integer;
alter table plugins add column yanked_reason text;
