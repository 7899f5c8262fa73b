-- hl_record_health: folds attempts into their webhooks' counters, in the order in which they ended
-- (as hookline.deliveries.health.fold does). Part of hl_record, which holds the webhooks' rows.
-- Tests count for nothing, neither as failures nor as successes nor as the latest.
--   done  deliveries whose attempts count; failed: those that failed for good; ids: of the batch
-- fails: an attempt that counts as a failure: not by hand, not a refused address or a template that
-- fails, not begun under an older version, and not while failing has turned the webhook off (the
-- evidence stays).
-- Returns the evidence about webhooks that crossed a line (hl_health_evidence); null when none did.
-- hookline.deliveries.health.notifications_due decides what follows. The lines must be no narrower
-- than its conditions (the half of what turns a webhook off is where it warns): what they leave out
-- it never sees. tests/hookline/deliveries/queue/test_queue_health_filter.py compares them.
create function hl_record_health(
    done uuid[], failed uuid[], ids uuid[], webhooks uuid[], versions int[], outcomes smallint[],
    causes smallint[], codes smallint[], errors text[], ages_ms int[], durations int[])
returns jsonb language plpgsql as $$
declare is_whole boolean := cardinality(done) = cardinality(ids); crossed uuid[];
  successes boolean[]; failures_at timestamptz[];
begin
  with r as (
      select r.webhook, r.code, r.nth, now() - r.age_ms * interval '1 millisecond' as began,
        now() - (r.age_ms - coalesce(r.duration, 0)) * interval '1 millisecond' as ended,
        r.outcome = 2 as is_won, r.id = any(failed) as is_last,
        r.outcome = 3 and r.cause in (1, 2)
          and coalesce(r.error, '') not in ('REFUSED_ADDRESS', 'TEMPLATE')
          and w.version = r.version and w.auto_disabled_at is null as fails
      from unnest(ids, webhooks, versions, outcomes, causes, codes, errors, ages_ms,
          durations) with ordinality
        r(id, webhook, version, outcome, cause, code, error, age_ms, duration, nth)
      join webhook w on w.id = r.webhook
      where r.cause <> 4 and (is_whole or r.id = any(done))),
    latest as (select distinct on (webhook) webhook, ended, code from r order by webhook, nth desc),
    marked as (  -- good: the last success; other: the last answer that ends a row of 410s
      select r.*, coalesce(max(nth) filter (where is_won) over same, 0) as good,
        coalesce(max(nth) filter (where is_won or (fails and code is distinct from 410)) over same,
          0) as other
      from r window same as (partition by webhook)),
    fold as (
      select webhook, bool_or(is_won) as had_success, max(ended) filter (where is_won) as succeeded,
        count(*) filter (where fails and nth > good) as failures,
        (array_agg(began order by nth) filter (where fails and nth > good))[1] as failing_since,
        max(ended) filter (where fails and nth > good) as failed_at, max(other) > 0 as is_mixed,
        count(*) filter (where fails and code = 410 and nth > other) as gone_answers,
        count(*) filter (where is_last) as exhausted
      from marked group by webhook),
    folded as (
      update webhook w set last_attempt_at = latest.ended, last_status_code = latest.code,
          last_success_at = coalesce(fold.succeeded, w.last_success_at),
          consecutive_failures = case when w.auto_disabled_at is not null
            then w.consecutive_failures
            else fold.failures
              + case when fold.had_success then 0 else w.consecutive_failures end end,
          failing_since = case when w.auto_disabled_at is not null then w.failing_since
            when fold.had_success or w.consecutive_failures = 0 then fold.failing_since
            else w.failing_since end,
          consecutive_gone = fold.gone_answers + case when fold.is_mixed then 0
            else w.consecutive_gone end,
          exhausted_count = w.exhausted_count + fold.exhausted
        from fold join latest on latest.webhook = fold.webhook where w.id = fold.webhook
        returning w.*, fold.had_success, fold.failed_at)
  select array_agg(id), array_agg(had_success), array_agg(failed_at)
    into crossed, successes, failures_at from folded
    where exhausted_count > 0 and (exhausted_notified_at is null
        or exhausted_notified_at < now() - 3600 * interval '1 second')
      or had_success and warned_at is not null and auto_disabled_at is null
      or failed_at is not null and auto_disable_failures is not null and is_active
        and deleted_at is null and auto_disabled_at is null
        and (consecutive_gone >= 3
          or consecutive_failures * 2 >= auto_disable_failures
            and (failed_at - failing_since) * 2 >= auto_disable_seconds * interval '1 second');
  return case when crossed is not null then hl_health_evidence(crossed, successes, failures_at) end;
end $$
