-- How often and when people were written to, from the index alone: caps and reply windows ask for it before each message
-- leaves.
create index messages_sent on messages (tenant_id, person_id, updated_at, connector_id, channel, class, purpose)
  where status = 'sent';
insert into sqlite_stat1 (tbl, idx, stat) values
  ('messages', 'messages_sent', '1000000 100000 5 1 1 1 1 1');
analyze sqlite_schema;
