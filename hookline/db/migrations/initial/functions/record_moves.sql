-- hl_record_moves: moves the deliveries of ended attempts and ends their leases. Part of hl_record.
--   states  DeliveryState after the attempt; waits: seconds until the next attempt, null: the
--           schedule does not move; steps: of the schedule, used after the attempt
-- Locks the deliveries, by id. A finished delivery changes its state only by a success that
-- somebody asked for by hand, and not when it was cancelled on the wire. The sweep may not have
-- cancelled a deleted webhook's deliveries yet: they end as cancelled here.
-- done    deliveries that were leased to this pump under this number
-- failed  those of them that failed for good with it
create function hl_record_moves(
    pump_token uuid, ids uuid[], numbers int[], webhooks uuid[], outcomes smallint[],
    states smallint[], waits float8[], steps int[], out done uuid[], out failed uuid[])
language plpgsql as $$
declare gone uuid[];
begin
  gone := array(select w.id from webhook w where w.id = any(webhooks) and w.deleted_at is not null);
  -- A statement of its own: the update below would lock rows in the order of its plan.
  perform 1 from delivery d where d.id = any(ids) order by d.id for update;
  with fenced as (
    update delivery d set
        status = case
          when d.status = 0 and d.webhook_id = any(gone)
            then 4
          when d.status = 0
            or (d.manual_at is not null and r.outcome = 2
              and d.next_cause is distinct from 0)
            then r.state
          else d.status end,
        finished_at = case
          when d.status = 0 and r.state = 0
            and d.webhook_id <> all(gone)
            then null
          when d.status = 0
            or (d.manual_at is not null and r.outcome = 2
              and d.next_cause is distinct from 0)
            then now()
          else d.finished_at end,
        next_attempt_at = case when r.wait is null then d.next_attempt_at
          else now() + r.wait * interval '1 second' end,
        lease_token = null, manual_at = null, next_cause = null, schedule_step = r.step
      from unnest(ids, numbers, outcomes, states, waits, steps)
        r(id, number, outcome, state, wait, step)
      where d.id = r.id and d.lease_token = pump_token and d.attempt_count = r.number
      -- What became of it, not the wish: it may have been cancelled meanwhile.
      returning d.id, r.state = 3 and d.status = 3 as is_last)
  select coalesce(array_agg(id), '{}'), coalesce(array_agg(id) filter (where is_last), '{}')
    into done, failed from fenced;
end $$
