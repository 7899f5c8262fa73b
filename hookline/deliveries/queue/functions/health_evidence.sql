-- hl_health_evidence: the evidence about webhooks that crossed a line, as HealthEvidence of
-- hookline.deliveries.health has it. Called by hl_record_health, which holds their rows.
--   successes    whether the batch held a success
--   failures_at  when the latest failure after it ended, or null
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
        'exhausted_notified_at', hl_to_micros(w.exhausted_notified_at), 'now', hl_to_micros(now()))
        order by w.id)
    from unnest(webhooks, successes, failures_at) c(id, had_success, failed_at)
    join webhook w on w.id = c.id);
end $$
