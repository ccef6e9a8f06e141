-- Documents that filters look into are kept in the form in which PostgreSQL finds a value without reading the whole. It has
-- none for U+0000, which imports let in: the sign for what cannot be shown stands there from now on.
set local guanxi.tenant = '*';
update people
set attributes = regexp_replace(attributes, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')
where attributes like '%\\u0000%';
alter table people
  alter column activity drop default,
  alter column attributes type jsonb using attributes::jsonb,
  alter column activity type jsonb using activity::jsonb;
