-- hl_publish_early: hl_publish in a commit that is seen and heard of before it is on disk, and then
-- another one, which waits for the disk. To be called outside of a transaction.
--   keys, fingerprints  null: others must not see a key, and be answered for it, so early
--   is_written          null; becomes what hl_publish returned
-- Locks: as hl_publish, until the first commit.
create procedure hl_publish_early(
    workspace uuid, version bigint, ids uuid[], types text[], environments text[], data text[],
    occurred timestamptz[], received timestamptz, keys text[], fingerprints bytea[],
    delivery_ids uuid[], webhooks uuid[], events uuid[], delivery_types text[],
    delivery_environments text[], wake_payload text, inout is_written boolean)
language plpgsql as $$
begin
  -- of the first transaction alone
  perform set_config('synchronous_commit', 'off', true);
  is_written := hl_publish(workspace, version, ids, types, environments, data, occurred, received,
    keys, fingerprints, delivery_ids, webhooks, events, delivery_types, delivery_environments,
    wake_payload);
  if is_written then
    commit;
    perform hl_flush();
  end if;
end $$
