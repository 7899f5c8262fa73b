-- hl_record_counts: adds attempts to the counters of their webhook, minute and class of duration
-- (hookline.deliveries.histogram). Part of hl_record, which holds the webhooks' rows.
--   done  deliveries whose attempts count; ids: of all attempts of the batch. Tests count for
--         nothing
create function hl_record_counts(
    done uuid[], ids uuid[], webhooks uuid[], outcomes smallint[], causes smallint[],
    ages_ms int[], buckets smallint[])
returns void language plpgsql as $$
declare is_whole boolean := cardinality(done) = cardinality(ids);
begin
  insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures)
    select r.webhook, 60, date_trunc('minute', now() - r.age_ms * interval '1 millisecond'),
      r.bucket, count(*), count(*) filter (where r.outcome = AttemptOutcome.FAILED)
    from unnest(ids, webhooks, outcomes, causes, ages_ms, buckets)
      r(id, webhook, outcome, cause, age_ms, bucket)
    where r.cause <> AttemptCause.TEST and (is_whole or r.id = any(done))
    group by 1, 3, 4 order by 1, 3, 4
    on conflict (webhook_id, step, at, bucket) do update set
      attempts = s.attempts + excluded.attempts, failures = s.failures + excluded.failures;
end $$
