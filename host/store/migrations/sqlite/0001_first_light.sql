-- Every table leads with the tenant; 0 is the operator. Times are milliseconds since the epoch, money is minor units,
-- identifiers are UUIDv7 as 16 bytes, JSON is text.

create table tenants (
  tenant_id integer not null primary key,
  slug text not null unique,
  name text not null,
  created_at integer not null
);
insert into tenants (tenant_id, slug, name, created_at) values (0, '-', 'Operator', 0);

create table tokens (
  tenant_id integer not null references tenants (tenant_id),
  id blob not null,
  name text not null,
  scopes text not null,
  hash blob not null unique,
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  primary key (tenant_id, id)
);

create table sessions (
  tenant_id integer not null references tenants (tenant_id),
  hash blob not null unique,
  token_id blob not null,
  created_at integer not null,
  expires_at integer not null,
  primary key (tenant_id, hash),
  foreign key (tenant_id, token_id) references tokens (tenant_id, id)
);

create table idempotency_keys (
  tenant_id integer not null references tenants (tenant_id),
  key text not null,
  fingerprint blob not null,
  status integer not null,
  body text not null,
  created_at integer not null,
  primary key (tenant_id, key)
);

-- The log. `head` is the last place given out, `position` the last one decided.
create table log_heads (
  tenant_id integer not null primary key references tenants (tenant_id),
  head integer not null
);

create table log_positions (
  tenant_id integer not null primary key references tenants (tenant_id),
  position integer not null
);

create table events (
  tenant_id integer not null,
  position integer not null,
  id blob not null,
  message_id text not null,
  kind text not null,
  occurred_at integer not null,
  received_at integer not null,
  body text not null,
  primary key (tenant_id, position)
) without rowid;
create unique index events_message_id on events (tenant_id, message_id);

create table dead_letters (
  tenant_id integer not null,
  position integer not null,
  reason text not null,
  tries integer not null,
  at integer not null,
  primary key (tenant_id, position),
  foreign key (tenant_id, position) references events (tenant_id, position)
);

create table people (
  tenant_id integer not null,
  id blob not null,
  stage text not null check (stage in ('prospect', 'fan', 'customer')),
  name_key text,
  attributes text not null,
  event_count integer not null,
  order_count integer not null check (order_count >= 0),
  revenue integer not null,
  first_seen integer not null,
  last_seen integer not null,
  last_order_at integer not null,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, id)
) without rowid;
create index people_name on people (tenant_id, name_key) where name_key is not null;

create table identities (
  tenant_id integer not null,
  kind text not null,
  value text not null,
  person_id blob not null,
  first_position integer not null,
  created_at integer not null,
  primary key (tenant_id, kind, value)
) without rowid;
create index identities_person on identities (tenant_id, person_id, first_position);

-- An identity that an event named for one person while it belongs to another.
create table identity_conflicts (
  tenant_id integer not null,
  kind text not null,
  value text not null,
  person_id blob not null,
  claimed_by blob not null,
  position integer not null,
  at integer not null,
  primary key (tenant_id, kind, value, claimed_by)
);
create index identity_conflicts_person on identity_conflicts (tenant_id, person_id);
create index identity_conflicts_claimed_by on identity_conflicts (tenant_id, claimed_by);

-- Which events belong to which person, by time.
create table timeline (
  tenant_id integer not null,
  person_id blob not null,
  occurred_at integer not null,
  position integer not null,
  primary key (tenant_id, person_id, occurred_at, position)
) without rowid;

create table orders (
  tenant_id integer not null,
  order_id text not null,
  person_id blob not null,
  amount integer not null check (amount >= 0),
  refunded integer not null check (refunded >= 0),
  currency text,
  ordered_at integer not null,
  position integer not null,
  primary key (tenant_id, order_id)
) without rowid;
create index orders_person on orders (tenant_id, person_id, ordered_at);

create table tags (
  tenant_id integer not null,
  person_id blob not null,
  dimension text not null,
  name text not null,
  weight real not null check (weight >= 0 and weight <= 1),
  source text not null,
  at integer not null,
  primary key (tenant_id, person_id, dimension, name)
) without rowid;

create table scores (
  tenant_id integer not null,
  person_id blob not null,
  name text not null,
  value real not null,
  terms text not null,
  installation_id blob not null,
  at integer not null,
  primary key (tenant_id, person_id, name)
) without rowid;
create index scores_value on scores (tenant_id, name, value, person_id);

-- The host's library of plugins, shared by all tenants.
create table plugins (
  name text not null,
  version text not null,
  digest text not null unique,
  manifest text not null,
  report text not null,
  component blob not null,
  created_at integer not null,
  primary key (name, version)
);

create table installations (
  tenant_id integer not null references tenants (tenant_id),
  id blob not null,
  name text not null,
  plugin text not null,
  version text not null,
  digest text not null references plugins (digest),
  mode text not null check (mode in ('off', 'live')),
  config text not null,
  grants text not null,
  secret_names text not null,
  secrets blob,
  crashes integer not null,
  quarantines integer not null,
  quarantined_until integer,
  last_error text,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table plugin_states (
  tenant_id integer not null,
  installation_id blob not null,
  person_id blob not null,
  state text not null,
  primary key (tenant_id, installation_id, person_id)
) without rowid;

create table timers (
  tenant_id integer not null,
  installation_id blob not null,
  person_id blob not null,
  key text not null,
  due_at integer not null,
  payload text not null,
  primary key (tenant_id, installation_id, person_id, key)
);
create index timers_due on timers (due_at);

create table decisions (
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
  primary key (tenant_id, id)
) without rowid;
create index decisions_person on decisions (tenant_id, person_id, id);

create table messages (
  tenant_id integer not null,
  id blob not null,
  person_id blob not null,
  connector_id blob not null,
  decision_id blob not null,
  channel text not null,
  address text not null,
  content text not null,
  class text not null check (class in ('reply', 'transactional', 'marketing')),
  purpose text not null,
  status text not null check (status in ('queued', 'sending', 'sent', 'failed', 'expired', 'uncertain')),
  reason text,
  channel_id text,
  created_at integer not null,
  not_before integer not null,
  expires_at integer,
  attempts integer not null,
  depth integer not null,
  due_at integer not null,
  updated_at integer not null,
  primary key (tenant_id, id)
) without rowid;
-- `due_at` is when a queued message may be tried, or when the lease of a message being sent ends.
create index messages_due on messages (tenant_id, connector_id, due_at) where status in ('queued', 'sending');
create index messages_person on messages (tenant_id, person_id, id);

create table attempts (
  tenant_id integer not null,
  message_id blob not null,
  number integer not null,
  at integer not null,
  took_ms integer not null,
  http_status integer,
  outcome text not null,
  detail text,
  primary key (tenant_id, message_id, number)
) without rowid;

-- What the planner should believe of a grown database: without it, SQLite takes a tenant for ten rows and walks all of it.
-- Rows and average rows per key prefix, as `analyze` would write them for ten tenants.
analyze;
insert into sqlite_stat1 (tbl, idx, stat) values
  ('events', 'events', '1000000 100000 1'),
  ('events', 'events_message_id', '1000000 100000 1'),
  ('people', 'people', '1000000 100000 1'),
  ('people', 'people_name', '1000000 100000 2'),
  ('identities', 'identities', '1000000 100000 20000 1'),
  ('identities', 'identities_person', '1000000 100000 3 1'),
  ('identity_conflicts', 'sqlite_autoindex_identity_conflicts_1', '100000 10000 2000 2 1'),
  ('identity_conflicts', 'identity_conflicts_person', '100000 10000 2'),
  ('identity_conflicts', 'identity_conflicts_claimed_by', '100000 10000 2'),
  ('timeline', 'timeline', '1000000 100000 10 1 1'),
  ('orders', 'orders', '1000000 100000 1'),
  ('orders', 'orders_person', '1000000 100000 5 1'),
  ('tags', 'tags', '1000000 100000 5 3 1'),
  ('scores', 'scores', '1000000 100000 4 1'),
  ('scores', 'scores_value', '1000000 100000 30000 2 1'),
  ('plugin_states', 'plugin_states', '1000000 100000 30000 1'),
  ('timers', 'sqlite_autoindex_timers_1', '1000000 100000 30000 2 1'),
  ('timers', 'timers_due', '1000000 2'),
  ('decisions', 'decisions', '1000000 100000 1'),
  ('decisions', 'decisions_person', '1000000 100000 10 1'),
  ('messages', 'messages', '1000000 100000 1'),
  ('messages', 'messages_person', '1000000 100000 5 1'),
  ('messages', 'messages_due', '10000 1000 500 1'),
  ('attempts', 'attempts', '1000000 100000 1 1');
analyze sqlite_schema;
