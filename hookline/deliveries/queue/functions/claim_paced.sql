-- hl_claim_paced: leases due deliveries of one webhook with a rate limit, as many as have a slot
-- now (hookline.form.rates has the algorithm).
--   room  the most deliveries; pump_token: the pump's token
-- Locks: the pump's row (shared), the webhook's row, then deliveries, against the order of the
-- others. No wait can close a circle: what another transaction holds is skipped. A webhook that is
-- held (another worker paces it, a change or a sync is under way) is asked for again in 50 ms: a
-- wait of seconds here would keep all others of the call from their slots.
-- Returns the leased deliveries, then a row without one: in how many seconds the next slot is
-- free, null when nothing more is due. Times are the clock's after the lock, not the transaction's.
create function hl_claim_paced(of_webhook uuid, room int, pump_token uuid)
returns table (id uuid, workspace_id uuid, webhook_id uuid, event_id uuid, number int,
  event_type text, environment text, data text, occurred_at timestamptz, step int,
  is_manual boolean, next_cause smallint, match_version bigint, body bytea, wait float8)
language plpgsql as $$
#variable_conflict use_column
declare h record; at timestamptz; slot timestamptz; pause float8; burst int; ahead float8; free int;
  picked uuid[]; n int;
begin
  -- Shared: it never meets the pump's own beat (an update), only a takeover's delete.
  perform 1 from pump p where p.token = pump_token for key share;
  if not found then
    return;
  end if;
  select w.is_active and w.auto_disabled_at is null as is_on, w.paced_until, w.rate_per_minute
    into h from webhook w
    where w.id = of_webhook and w.deleted_at is null and w.rate_per_minute is not null
    for update skip locked;
  if not found then
    return query
      select null::uuid, null::uuid, w.id, null::uuid, null::int, null::text, null::text,
        null::text, null::timestamptz, null::int, null::boolean, null::smallint, null::bigint,
        null::bytea, 0.05::float8
      from webhook w
      where w.id = of_webhook and w.deleted_at is null and w.rate_per_minute is not null;
    return;
  end if;
  at := clock_timestamp();
  pause := 60e6 / h.rate_per_minute;
  burst := greatest(1, h.rate_per_minute / 600);
  ahead := greatest((burst - 1) * pause, least(25e3, pause / 2));
  slot := greatest(h.paced_until, at);
  free := greatest(0, floor((ahead - extract(epoch from slot - at) * 1e6) / pause)::int + 1);
  picked := hl_lock_claimable(of_webhook, least(room, free), h.is_on);
  n := cardinality(picked);
  if n > 0 then
    slot := slot + n * pause * interval '1 microsecond';
    update webhook w set paced_until = slot where w.id = of_webhook;
    return query
      update delivery d set lease_token = pump_token, attempt_count = d.attempt_count + 1
      from event e where d.id = any(picked) and e.id = d.event_id
      returning d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count, d.event_type,
        d.environment, e.data, e.occurred_at, d.schedule_step, d.manual_at is not null,
        d.next_cause, (select w.match_version from workspace w where w.id = d.workspace_id),
        case when d.attempt_count > 1
          then (select b.body from delivery_body b where b.delivery_id = d.id) end,
        null::float8;
  end if;
  if n = free then
    wait := greatest(0, extract(epoch from slot - at) - ahead / 1e6);
  end if;
  id := null; webhook_id := of_webhook;
  return next;
end $$
