-- hl_publish_one: writes one event without an idempotency key, with its deliveries, or nothing, as
-- hl_publish does. Its commit is seen and heard of before it is on disk; another one then waits for
-- the disk. A key goes by hl_publish: others must not see it, and be answered for it, so early.
-- To be called outside of a transaction.
--   version       the match version that the deliveries were matched under
--   wake_payload  of the wake-up on channel hookline_wake
--   is_written    null; becomes false when the match version is another one
-- Locks: match version (shared), until the first commit.
create procedure hl_publish_one(
    workspace uuid, version bigint, of_event uuid, of_type text, of_environment text, of_data text,
    occurred timestamptz, received timestamptz, delivery_ids uuid[], webhooks uuid[],
    wake_payload text, inout is_written boolean)
language plpgsql as $$
begin
  perform 1 from workspace w where w.id = workspace and w.match_version = version for share;
  is_written := found;
  if not is_written then
    return;
  end if;
  insert into event (id, workspace_id, type, environment, data, occurred_at, received_at)
    values (of_event, workspace, of_type, of_environment, of_data, occurred, received);
  insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status,
      next_attempt_at, attempt_count, schedule_step, created_at)
    select d.id, workspace, d.webhook, of_event, of_type, of_environment, DeliveryState.OPEN,
      now(), 0, 0, received
    from unnest(delivery_ids, webhooks) d(id, webhook);
  perform pg_notify('hookline_wake', wake_payload);
  perform set_config('synchronous_commit', 'off', true);  -- of this transaction alone
  commit;
  perform hl_flush();
end $$
