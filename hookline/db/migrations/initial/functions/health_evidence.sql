-- hl_health_evidence: the evidence about webhooks that crossed a line, as HealthEvidence of
-- hookline.deliveries.health has it. Called by hl_record_health, which holds their rows.
--   successes    whether the batch held a success
--   failures_at  when the latest failure after it ended, or null
-- events: distinct ones among the failures, where these are as many and as long as the webhook asks
-- for (hookline.deliveries.health.failures_suffice), else 0; of the latest attempts only, which an
-- index gives.
-- Returns an array of objects, one per webhook, by id; times are microseconds since 1970.
create function hl_health_evidence(
    webhooks uuid[], successes boolean[], failures_at timestamptz[])
returns jsonb language plpgsql as $$
begin
  return (
    select jsonb_agg(jsonb_build_object(
        'id', w.id, 'version', w.version, 'had_success', c.had_success,
        'failed_at', hl_to_micros(c.failed_at), 'consecutive_failures', w.consecutive_failures,
        'failing_since', hl_to_micros(w.failing_since), 'consecutive_gone', w.consecutive_gone,
        'exhausted_count', w.exhausted_count, 'is_auto_disabled', w.auto_disabled_at is not null,
        'failures', w.auto_disable_failures, 'seconds', w.auto_disable_seconds,
        'is_active', w.is_active and w.deleted_at is null, 'warned_at', hl_to_micros(w.warned_at),
        'exhausted_notified_at', hl_to_micros(w.exhausted_notified_at), 'now', hl_to_micros(now()),
        'events', case when w.consecutive_failures >= w.auto_disable_failures
            and c.failed_at - w.failing_since >= w.auto_disable_seconds * interval '1 second'
          then (
            select count(distinct a.event_id) from (
              select event_id, outcome, cause, error_code, started_at from attempt
              where webhook_id = w.id and outcome > 2
              order by id desc limit 1000) a
            where a.outcome = 3 and a.started_at >= w.failing_since
              and a.cause in (1, 2)
              and coalesce(a.error_code, '') not in ('REFUSED_ADDRESS', 'TEMPLATE'))
          else 0 end)
        order by w.id)
    from unnest(webhooks, successes, failures_at) c(id, had_success, failed_at)
    join webhook w on w.id = c.id);
end $$
