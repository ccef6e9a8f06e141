-- Where the server knows how: members of segments, which change by the thousand, are packed with less work.
do $$
begin
  alter table segment_chunks alter column members set compression lz4;
exception when feature_not_supported then
  raise notice 'this server has no lz4';
end $$;
