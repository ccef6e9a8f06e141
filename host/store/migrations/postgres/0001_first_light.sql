-- Every table leads with the tenant; 0 is the operator. Times are milliseconds since the epoch, money is minor units,
-- identifiers are UUIDv7 as 16 bytes, JSON is text.

create table tenants (
  tenant_id bigint not null primary key,
  slug text not null unique,
  name text not null,
  created_at bigint not null
);
insert into tenants (tenant_id, slug, name, created_at) values (0, '-', 'Operator', 0);

create table tokens (
  tenant_id bigint not null references tenants (tenant_id),
  id bytea not null,
  name text not null,
  scopes text not null,
  hash bytea not null unique,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint,
  primary key (tenant_id, id)
);

create table sessions (
  tenant_id bigint not null references tenants (tenant_id),
  hash bytea not null unique,
  token_id bytea not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, hash),
  foreign key (tenant_id, token_id) references tokens (tenant_id, id)
);

create table idempotency_keys (
  tenant_id bigint not null references tenants (tenant_id),
  key text not null,
  fingerprint bytea not null,
  status bigint not null,
  body text not null,
  created_at bigint not null,
  primary key (tenant_id, key)
);

-- The log. `head` is the last place given out, `position` the last one decided.
create table log_heads (
  tenant_id bigint not null primary key references tenants (tenant_id),
  head bigint not null
);

create table log_positions (
  tenant_id bigint not null primary key references tenants (tenant_id),
  position bigint not null
);

create table events (
  tenant_id bigint not null,
  position bigint not null,
  id bytea not null,
  message_id text not null,
  kind text not null,
  occurred_at bigint not null,
  received_at bigint not null,
  body text not null,
  primary key (tenant_id, position)
);
create unique index events_message_id on events (tenant_id, message_id);

create table dead_letters (
  tenant_id bigint not null,
  position bigint not null,
  reason text not null,
  tries bigint not null,
  at bigint not null,
  primary key (tenant_id, position),
  foreign key (tenant_id, position) references events (tenant_id, position)
);

create table people (
  tenant_id bigint not null,
  id bytea not null,
  stage text not null check (stage in ('prospect', 'fan', 'customer')),
  name_key text collate "C",
  attributes text not null,
  event_count bigint not null,
  order_count bigint not null check (order_count >= 0),
  revenue bigint not null,
  first_seen bigint not null,
  last_seen bigint not null,
  last_order_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id)
);
create index people_name on people (tenant_id, name_key) where name_key is not null;

create table identities (
  tenant_id bigint not null,
  kind text not null,
  value text not null,
  person_id bytea not null,
  first_position bigint not null,
  created_at bigint not null,
  primary key (tenant_id, kind, value)
);
create index identities_person on identities (tenant_id, person_id, first_position);

-- An identity that an event named for one person while it belongs to another.
create table identity_conflicts (
  tenant_id bigint not null,
  kind text not null,
  value text not null,
  person_id bytea not null,
  claimed_by bytea not null,
  position bigint not null,
  at bigint not null,
  primary key (tenant_id, kind, value, claimed_by)
);
create index identity_conflicts_person on identity_conflicts (tenant_id, person_id);
create index identity_conflicts_claimed_by on identity_conflicts (tenant_id, claimed_by);

-- Which events belong to which person, by time.
create table timeline (
  tenant_id bigint not null,
  person_id bytea not null,
  occurred_at bigint not null,
  position bigint not null,
  primary key (tenant_id, person_id, occurred_at, position)
);

create table orders (
  tenant_id bigint not null,
  order_id text not null,
  person_id bytea not null,
  amount bigint not null check (amount >= 0),
  refunded bigint not null check (refunded >= 0),
  currency text,
  ordered_at bigint not null,
  position bigint not null,
  primary key (tenant_id, order_id)
);
create index orders_person on orders (tenant_id, person_id, ordered_at);

create table tags (
  tenant_id bigint not null,
  person_id bytea not null,
  dimension text not null,
  name text not null,
  weight double precision not null check (weight >= 0 and weight <= 1),
  source text not null,
  at bigint not null,
  primary key (tenant_id, person_id, dimension, name)
);

create table scores (
  tenant_id bigint not null,
  person_id bytea not null,
  name text not null,
  value double precision not null,
  terms text not null,
  installation_id bytea not null,
  at bigint not null,
  primary key (tenant_id, person_id, name)
);
create index scores_value on scores (tenant_id, name, value, person_id);

-- The host's library of plugins, shared by all tenants.
create table plugins (
  name text not null,
  version text not null,
  digest text not null unique,
  manifest text not null,
  report text not null,
  component bytea not null,
  created_at bigint not null,
  primary key (name, version)
);

create table installations (
  tenant_id bigint not null references tenants (tenant_id),
  id bytea not null,
  name text not null,
  plugin text not null,
  version text not null,
  digest text not null references plugins (digest),
  mode text not null check (mode in ('off', 'live')),
  config text not null,
  grants text not null,
  secret_names text not null,
  secrets bytea,
  crashes bigint not null,
  quarantines bigint not null,
  quarantined_until bigint,
  last_error text,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table plugin_states (
  tenant_id bigint not null,
  installation_id bytea not null,
  person_id bytea not null,
  state text not null,
  primary key (tenant_id, installation_id, person_id)
);

create table timers (
  tenant_id bigint not null,
  installation_id bytea not null,
  person_id bytea not null,
  key text not null,
  due_at bigint not null,
  payload text not null,
  primary key (tenant_id, installation_id, person_id, key)
);
create index timers_due on timers (due_at);

create table decisions (
  tenant_id bigint not null,
  id bytea not null,
  installation_id bytea not null,
  person_id bytea not null,
  position bigint not null,
  at bigint not null,
  digest text not null,
  config_hash text not null,
  outcome text not null check (outcome in ('acted', 'refused', 'skipped', 'failed')),
  operations text not null,
  reasons text not null,
  log text not null,
  input text not null,
  seed bigint not null,
  fuel bigint not null,
  primary key (tenant_id, id)
);
create index decisions_person on decisions (tenant_id, person_id, id);

create table messages (
  tenant_id bigint not null,
  id bytea not null,
  person_id bytea not null,
  connector_id bytea not null,
  decision_id bytea not null,
  channel text not null,
  address text not null,
  content text not null,
  class text not null check (class in ('reply', 'transactional', 'marketing')),
  purpose text not null,
  status text not null check (status in ('queued', 'sending', 'sent', 'failed', 'expired', 'uncertain')),
  reason text,
  channel_id text,
  created_at bigint not null,
  not_before bigint not null,
  expires_at bigint,
  attempts bigint not null,
  depth bigint not null,
  due_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, id)
);
-- `due_at` is when a queued message may be tried, or when the lease of a message being sent ends.
create index messages_due on messages (tenant_id, connector_id, due_at) where status in ('queued', 'sending');
create index messages_person on messages (tenant_id, person_id, id);

create table attempts (
  tenant_id bigint not null,
  message_id bytea not null,
  number bigint not null,
  at bigint not null,
  took_ms bigint not null,
  http_status bigint,
  outcome text not null,
  detail text,
  primary key (tenant_id, message_id, number)
);

-- The second lock: a transaction sees the rows of the tenant that it names, or of all with '*'.
alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenants_tenant on tenants using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table tokens enable row level security;
alter table tokens force row level security;
create policy tokens_tenant on tokens using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table sessions enable row level security;
alter table sessions force row level security;
create policy sessions_tenant on sessions using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy idempotency_keys_tenant on idempotency_keys using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table log_heads enable row level security;
alter table log_heads force row level security;
create policy log_heads_tenant on log_heads using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table log_positions enable row level security;
alter table log_positions force row level security;
create policy log_positions_tenant on log_positions using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table events enable row level security;
alter table events force row level security;
create policy events_tenant on events using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table dead_letters enable row level security;
alter table dead_letters force row level security;
create policy dead_letters_tenant on dead_letters using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table people enable row level security;
alter table people force row level security;
create policy people_tenant on people using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table identities enable row level security;
alter table identities force row level security;
create policy identities_tenant on identities using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table identity_conflicts enable row level security;
alter table identity_conflicts force row level security;
create policy identity_conflicts_tenant on identity_conflicts using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table timeline enable row level security;
alter table timeline force row level security;
create policy timeline_tenant on timeline using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table orders enable row level security;
alter table orders force row level security;
create policy orders_tenant on orders using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table tags enable row level security;
alter table tags force row level security;
create policy tags_tenant on tags using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table scores enable row level security;
alter table scores force row level security;
create policy scores_tenant on scores using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table installations enable row level security;
alter table installations force row level security;
create policy installations_tenant on installations using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table plugin_states enable row level security;
alter table plugin_states force row level security;
create policy plugin_states_tenant on plugin_states using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table timers enable row level security;
alter table timers force row level security;
create policy timers_tenant on timers using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table decisions enable row level security;
alter table decisions force row level security;
create policy decisions_tenant on decisions using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table messages enable row level security;
alter table messages force row level security;
create policy messages_tenant on messages using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
alter table attempts enable row level security;
alter table attempts force row level security;
create policy attempts_tenant on attempts using (current_setting('guanxi.tenant', true) = '*' or tenant_id = nullif(current_setting('guanxi.tenant', true), '*')::bigint);
