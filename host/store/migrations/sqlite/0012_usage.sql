-- What calls of plugins came to, by day.
create table plugin_usage (
  tenant_id integer not null,
  day integer not null,
  installation_id blob not null,
  calls integer not null,
  items integer not null,
  crashes integer not null,
  fuel integer not null,
  micros integer not null,
  primary key (tenant_id, day, installation_id)
) without rowid;

-- How much of it a tenant may have; who is not here may have as much as there is.
create table quotas (
  tenant_id integer primary key,
  fuel_per_day integer,
  weight integer not null
);
