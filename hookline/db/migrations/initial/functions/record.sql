-- hl_record: logs a batch of ended attempts and moves their deliveries; their webhooks' counters
-- and the activity follow. One array per field of hookline.deliveries.queue.base.Result, rows in
-- the order in which the attempts ended.
--   tok   the pump's token: a delivery moves only while it is leased to it under that number
--   agos  milliseconds since each attempt began
-- Locks in this order: deliveries by id, webhooks by id, the workspace's activity position. What
-- the fenced update returns is what counts: a repeated record finds no lease and changes nothing.
-- The heavy part stands before the lock that serialises the workspace.
-- Returns the activity's position, 0 when every lease was lost, and the evidence about webhooks
-- that crossed a line (hl_record_health), null when none did: the caller decides what follows
-- (hookline.deliveries.health) and calls hl_apply_decisions.
create function hl_record(
    tok uuid, workspace uuid, ids uuid[], numbers int[], hooks uuid[], events uuid[], types text[],
    environments text[], attempts uuid[], versions int[], outcomes smallint[], causes smallint[],
    states smallint[], waits float8[], steps int[], codes smallint[], errors text[],
    messages text[], agos int[], durations int[], urls text[], request_heads text[],
    response_heads text[], bodies bytea[], truncated boolean[], buckets smallint[],
    out last_position bigint, out evidence jsonb)
language plpgsql as $$
declare done uuid[]; logged int; n int;
begin
  last_position := 0;
  done := hl_record_moves(tok, ids, numbers, hooks, outcomes, states, waits, steps);
  -- Not fenced: what was sent is in the log even if the lease was lost.
  logged := hl_record_log(workspace, ids, numbers, hooks, events, types, environments, attempts,
    outcomes, causes, states, waits, codes, errors, messages, agos, durations, urls, request_heads,
    response_heads, bodies, truncated);
  if logged < cardinality(ids) then
    perform hl_record_late(ids, numbers, outcomes, codes, errors, messages, agos, durations, urls,
      request_heads, response_heads, bodies, truncated);
  end if;
  n := cardinality(done);
  if n = 0 then
    return;
  end if;
  perform 1 from webhook w where w.id = any(hooks) order by w.id for update;
  perform hl_record_counts(done, ids, hooks, outcomes, agos, buckets);
  evidence := hl_record_health(done, ids, hooks, versions, outcomes, causes, states, codes, errors,
    agos, durations);
  update workspace_activity set position = position + n where workspace_id = workspace
    returning position into last_position;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, last_position - n + row_number() over (order by r.nth), 1,
      r.attempt, r.hook
    from unnest(ids, attempts, hooks) with ordinality r(id, attempt, hook, nth)
    -- Counts are compared first: `= any` for each row of a batch of 500 is 250,000 comparisons.
    where n = cardinality(ids) or r.id = any(done);
end $$
