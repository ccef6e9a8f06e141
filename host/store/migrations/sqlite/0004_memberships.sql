-- Counts how often people moved into or out of a segment: what is remembered of its members holds as long as it stands.
alter table segments add column moves integer not null default 0;
