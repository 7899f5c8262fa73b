-- hl_record_health: folds attempts into their webhooks' counters, in the order in which they ended
-- (as hookline.deliveries.health.fold does). Part of hl_record, which holds the webhooks' rows.
--   done  deliveries whose attempts count; ids: of all attempts of the batch
-- fails: an attempt that counts as a failure: not by hand, not a refused address, not begun under
-- an older version, and not while failing has turned the webhook off (the evidence stays).
-- Returns the evidence about webhooks that crossed a line (hl_health_evidence); null when none did.
-- hookline.deliveries.health.notifications_due decides what follows. The lines must be no narrower
-- than its conditions (the half of what turns a webhook off is where it warns): what they leave out
-- it never sees. tests/hookline/deliveries/queue/test_queue_health_filter.py compares them.
create function hl_record_health(
    done uuid[], ids uuid[], hooks uuid[], versions int[], outcomes smallint[], causes smallint[],
    states smallint[], codes smallint[], errors text[], agos int[], durations int[])
returns jsonb language plpgsql as $$
declare is_whole boolean := cardinality(done) = cardinality(ids); crossed uuid[];
  hads boolean[]; faileds timestamptz[];
begin
  with r as (
      select r.hook, r.code, r.nth, now() - r.ago * interval '1 millisecond' as began,
        now() - (r.ago - coalesce(r.duration, 0)) * interval '1 millisecond' as ended,
        r.outcome = AttemptOutcome.SUCCEEDED as is_won, r.state = DeliveryState.FAILED as is_last,
        r.outcome = AttemptOutcome.FAILED and r.error is distinct from 'REFUSED_ADDRESS'
          and r.cause in (AttemptCause.PUBLISH, AttemptCause.RETRY)
          and w.version = r.version and w.auto_disabled_at is null as fails
      from unnest(ids, hooks, versions, outcomes, causes, states, codes, errors, agos, durations)
        with ordinality
          r(id, hook, version, outcome, cause, state, code, error, ago, duration, nth)
      join webhook w on w.id = r.hook where is_whole or r.id = any(done)),
    latest as (select distinct on (hook) hook, ended, code from r order by hook, nth desc),
    marked as (  -- good: the last success; other: the last answer that ends a row of 410s
      select r.*, coalesce(max(nth) filter (where is_won) over same, 0) as good,
        coalesce(max(nth) filter (where is_won or (fails and code is distinct from 410)) over same,
          0) as other
      from r window same as (partition by hook)),
    fold as (
      select hook, bool_or(is_won) as had, max(ended) filter (where is_won) as succeeded,
        count(*) filter (where fails and nth > good) as failures,
        (array_agg(began order by nth) filter (where fails and nth > good))[1] as since,
        max(ended) filter (where fails and nth > good) as failed, max(other) > 0 as is_mixed,
        count(*) filter (where fails and code = 410 and nth > other) as gones,
        count(*) filter (where is_last) as exhausted
      from marked group by hook),
    folded as (
      update webhook w set last_attempt_at = latest.ended, last_status_code = latest.code,
          last_success_at = coalesce(fold.succeeded, w.last_success_at),
          consecutive_failures = case when w.auto_disabled_at is not null
            then w.consecutive_failures
            else fold.failures + case when fold.had then 0 else w.consecutive_failures end end,
          failing_since = case when w.auto_disabled_at is not null then w.failing_since
            when fold.had or w.consecutive_failures = 0 then fold.since else w.failing_since end,
          consecutive_gone = fold.gones + case when fold.is_mixed then 0
            else w.consecutive_gone end,
          exhausted_count = w.exhausted_count + fold.exhausted
        from fold join latest on latest.hook = fold.hook where w.id = fold.hook
        returning w.*, fold.had, fold.failed)
  select array_agg(id), array_agg(had), array_agg(failed) into crossed, hads, faileds from folded
    where exhausted_count > 0 and (exhausted_notified_at is null
        or exhausted_notified_at < now() - HealthLimit.DIGEST_SECONDS * interval '1 second')
      or had and warned_at is not null and auto_disabled_at is null
      or failed is not null and auto_disable_failures is not null and is_active
        and deleted_at is null and auto_disabled_at is null
        and (consecutive_gone >= HealthLimit.GONE_ANSWERS
          or consecutive_failures * 2 >= auto_disable_failures
            and (failed - failing_since) * 2 >= auto_disable_seconds * interval '1 second');
  return case when crossed is not null then hl_health_evidence(crossed, hads, faileds) end;
end $$
