-- hl_publish: writes a group of events with their deliveries and idempotency keys, or nothing.
--   version             the match version that the deliveries were matched under
--   keys, fingerprints  of idempotency, one per event or null; both null: no keys
--   wake_payload        of the wake-up on channel hookline_wake; empty: none is sent
-- Locks: match version (shared), then keys in order. New events and deliveries are nobody else's
-- yet. FOR SHARE waits for a change in flight and reads again; a change waits for the publishes
-- that hold it.
-- Returns false when the match version is another one; raises HL001 when a key has an owner.
create function hl_publish(
    workspace uuid, version bigint, ids uuid[], types text[], environments text[], data text[],
    occurred timestamptz[], received timestamptz, keys text[], fingerprints bytea[],
    delivery_ids uuid[], webhooks uuid[], events uuid[], delivery_types text[],
    delivery_environments text[], wake_payload text)
returns boolean language plpgsql as $$
declare taken int;
begin
  perform 1 from workspace w where w.id = workspace and w.match_version = version for share;
  if not found then
    return false;
  end if;
  if keys is not null then
    -- Nothing is read first: an upsert in the order of the keys, so that two groups with the same
    -- keys wait for each other and never in a circle.
    insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at)
      select workspace, k.key, k.id, k.fingerprint, now() + interval '24 hours'
      from unnest(keys, ids, fingerprints) k(key, id, fingerprint)
      where k.key is not null order by k.key
      on conflict (workspace_id, key) do update set event_id = excluded.event_id,
        fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
      where i.expires_at < now();
    get diagnostics taken = row_count;
    -- Fewer rows than keys: one has an owner in force. Undone as a whole; the caller asks who it
    -- is.
    if taken < (select count(k) from unnest(keys) k) then
      raise exception using errcode = 'HL001', message = 'an idempotency key is taken';
    end if;
  end if;
  insert into event (id, workspace_id, type, environment, data, occurred_at, received_at,
      idempotency_key)
    select e.id, workspace, e.type, e.environment, e.data, e.occurred, received, e.key
    from unnest(ids, types, environments, data, occurred,
        coalesce(keys, array_fill(null::text, array[cardinality(ids)])))
      e(id, type, environment, data, occurred, key);
  insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status,
      next_attempt_at, attempt_count, schedule_step, created_at)
    select d.id, workspace, d.webhook, d.event, d.type, d.environment, 0, now(),
      0, 0, received
    from unnest(delivery_ids, webhooks, events, delivery_types, delivery_environments)
      d(id, webhook, event, type, environment);
  if wake_payload <> '' then
    -- In this statement, so that the wake-up leaves with the commit and costs no round trip of its
    -- own.
    perform pg_notify('hookline_wake', wake_payload);
  end if;
  return true;
end $$
