-- hl_end_unknown: ends the attempts of lost deliveries as UNKNOWN, counts those that were the last
-- of their schedule for their webhook's next notification, and moves the deliveries on. Part of
-- hl_take_over, which holds the deliveries; locks their webhooks by id.
-- When the schedule ends and how a wait is spread is hookline.deliveries.retries.unknown_verdict in
-- SQL: one statement moves what may be thousands of deliveries. Change both;
-- tests/hookline/deliveries/queue/test_queue_takeover_rule.py compares them.
create function hl_end_unknown(lost uuid[]) returns void language plpgsql as $$
begin
  insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment,
      number, outcome, cause, response_truncated, started_at)
    select hl_new_id(), d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment,
      d.attempt_count, 9,
      coalesce(nullif(d.next_cause, 0), case
        when d.manual_at is not null then 3
        when d.schedule_step = 0 then 1 else 2 end),
      false, now()
    from delivery d where d.id = any(lost) order by d.id
    on conflict (delivery_id, number) do nothing;
  perform 1 from webhook w where w.id in (select webhook_id from delivery where id = any(lost))
    order by w.id for update;
  update webhook w set exhausted_count = exhausted_count + x.count
    from (
      select d.webhook_id, count(*) from delivery d join webhook h on h.id = d.webhook_id
      where d.id = any(lost) and d.status = 0 and d.manual_at is null
        and h.deleted_at is null and (h.retry_schedule::jsonb ->> d.schedule_step) is null
      group by 1) x
    where w.id = x.webhook_id;
  with moved as (
    select d.id, d.status, d.manual_at is not null as is_manual,
      w.deleted_at is not null as is_gone,
      (w.retry_schedule::jsonb ->> d.schedule_step)::float8 as wait
    from delivery d join webhook w on w.id = d.webhook_id where d.id = any(lost))
  update delivery d set lease_token = null, manual_at = null, next_cause = null,
      schedule_step = d.schedule_step + (not m.is_manual)::int,
      status = case when m.status <> 0 then m.status
        when m.is_gone then 4
        when not m.is_manual and m.wait is null then 3 else m.status end,
      finished_at = case when m.status = 0
          and (m.is_gone or not m.is_manual and m.wait is null)
        then now() else d.finished_at end,
      next_attempt_at = case when m.is_manual or m.wait is null then d.next_attempt_at
        else now() + m.wait * (1 + (2 * random() - 1) * 20 / 100)
          * interval '1 second' end
    from moved m where d.id = m.id;
end $$
