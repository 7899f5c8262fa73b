-- hl_record: logs a batch of ended attempts and moves their deliveries; their webhooks' counters
-- and the activity follow. One array per field of hookline.deliveries.queue.base.AttemptResult,
-- rows in the order in which the attempts ended.
--   pump_token  a delivery moves only while it is leased to this pump under that number
--   ages_ms     milliseconds since each attempt began
-- Locks in this order: deliveries by id, webhooks by id, the workspace's activity position; waits
-- for each a second at most (as many workers record for one workspace in turn, a flush to disk
-- each), and raises 55P03 then: the caller finds out whose rows are held (HELD of
-- postgres_statements.py) and records the others' attempts. What
-- the fenced update returns is what counts: a repeated record finds no lease and changes nothing.
-- The heavy part stands before the lock that serialises the workspace.
-- Returns the activity's position, 0 when every lease was lost, and the evidence about webhooks
-- that crossed a line (hl_record_health), null when none did: the caller decides what follows
-- (hookline.deliveries.health) and calls hl_apply_decisions.
create function hl_record(
    pump_token uuid, workspace uuid, ids uuid[], numbers int[], webhooks uuid[], events uuid[],
    types text[], environments text[], attempts uuid[], versions int[], outcomes smallint[],
    causes smallint[], states smallint[], waits float8[], steps int[], codes smallint[],
    errors text[], messages text[], ages_ms int[], durations int[], urls text[],
    request_heads text[], response_heads text[], bodies bytea[], truncated boolean[],
    buckets smallint[], out last_position bigint, out evidence jsonb)
language plpgsql set lock_timeout = '1s' as $$
declare done uuid[]; failed uuid[]; logged int; n int;
begin
  last_position := 0;
  select m.done, m.failed into done, failed
    from hl_record_moves(pump_token, ids, numbers, webhooks, outcomes, states, waits, steps) m;
  -- Not fenced: what was sent is in the log even if the lease was lost.
  logged := hl_record_log(workspace, ids, numbers, webhooks, events, types, environments, attempts,
    outcomes, causes, states, waits, codes, errors, messages, ages_ms, durations, urls,
    request_heads, response_heads, bodies, truncated);
  if logged < cardinality(ids) then
    perform hl_record_late(ids, numbers, outcomes, codes, errors, messages, ages_ms, durations,
      urls, request_heads, response_heads, bodies, truncated);
  end if;
  n := cardinality(done);
  if n = 0 then
    return;
  end if;
  perform 1 from webhook w where w.id = any(webhooks) order by w.id for update;
  perform hl_record_counts(done, ids, webhooks, outcomes, causes, ages_ms, buckets);
  evidence := hl_record_health(done, failed, ids, webhooks, versions, outcomes, causes, codes,
    errors, ages_ms, durations);
  update workspace_activity set position = position + n where workspace_id = workspace
    returning position into last_position;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, last_position - n + row_number() over (order by r.nth), ActivityKind.ATTEMPT,
      r.attempt, r.webhook
    from unnest(ids, attempts, webhooks) with ordinality r(id, attempt, webhook, nth)
    -- Counts are compared first: `= any` for each row of a batch of 500 is 250,000 comparisons.
    where n = cardinality(ids) or r.id = any(done);
end $$
