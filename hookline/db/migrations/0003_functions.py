"""The hot path of PostgreSQL, version 1: publish, record and take over in one round trip each.

The order of the statements is the order of the locks: delivery ids, webhook ids, match version, activity position. A function's name
carries its version, so that old and new processes run side by side; a changed one is a new migration, its removal comes a release later.
"""

from hookline.db.migration_log import NotedMigration, Sql

# Locks: match version (shared), idempotency keys in order. New events and deliveries are nobody else's yet.
# FOR SHARE waits for a change in flight and looks again; a change waits for the publishes that hold it.
PUBLISH = """
create function hl_publish_1(
    workspace uuid, version bigint, ids uuid[], types text[], environments text[], datas text[], occurred timestamptz[], received timestamptz,
    keys text[], prints bytea[], delivery_ids uuid[], hooks uuid[], events uuid[], delivery_types text[], delivery_environments text[], look text)
returns boolean language plpgsql as $$
declare taken int;
begin
  perform 1 from workspace w where w.id = workspace and w.match_version = version for share;
  if not found then
    return false;
  end if;
  if keys is not null then
    insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at)
      select workspace, k.key, k.id, k.print, now() + interval '24 hours' from unnest(keys, ids, prints) k(key, id, print) where k.key is not null order by k.key
      on conflict (workspace_id, key) do update set event_id = excluded.event_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
      where i.expires_at < now();
    get diagnostics taken = row_count;
    if taken < (select count(k) from unnest(keys) k) then
      raise exception using errcode = 'HL001', message = 'an idempotency key is taken';
    end if;
  end if;
  insert into event (id, workspace_id, type, environment, data, occurred_at, received_at, idempotency_key)
    select e.id, workspace, e.type, e.environment, e.data, e.occurred, received, e.key
    from unnest(ids, types, environments, datas, occurred, coalesce(keys, array_fill(null::text, array[cardinality(ids)]))) e(id, type, environment, data, occurred, key);
  insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status, next_attempt_at, attempt_count, schedule_step, created_at)
    select d.id, workspace, d.hook, d.event, d.type, d.environment, 0, now(), 0, 0, received
    from unnest(delivery_ids, hooks, events, delivery_types, delivery_environments) d(id, hook, event, type, environment);
  if look <> '' then
    perform pg_notify('hookline_wake', look);
  end if;
  return true;
end $$"""

# Arrays come in the order in which the attempts ended. What the fenced update returns is what counts: a repeated record finds no lease
# and changes nothing. The heavy part stands before the two locks that serialise (match version, activity position).
# Outcomes: 2 succeeded, 3 failed, 9 unknown. Causes: 1 publish, 2 retry, 3 manual. Delivery states: 0 open, 2 succeeded, 3 failed, 4 cancelled.
RECORD = """
create function hl_record_1(
    tok uuid, workspace uuid, ids uuid[], numbers int[], hooks uuid[], events uuid[], types text[], environments text[], attempts uuid[], versions int[],
    outcomes smallint[], causes smallint[], states smallint[], waits float8[], steps int[], codes smallint[], errors text[], messages text[],
    agos int[], durations int[], urls text[], request_heads text[], response_heads text[], bodies bytea[], truncated boolean[])
returns bigint language plpgsql as $$
declare done uuid[]; gone uuid[]; logged int; n int; pos bigint;
begin
  gone := array(select w.id from webhook w where w.id = any(hooks) and w.deleted_at is not null);  -- the sweep has not cancelled them yet
  perform 1 from delivery d where d.id = any(ids) order by d.id for update;
  with fenced as (
    update delivery d set
        status = case when d.status = 0 and d.webhook_id = any(gone) then 4 when d.status = 0 or (d.manual_at is not null and r.outcome = 2) then r.state else d.status end,
        finished_at = case when d.status = 0 and r.state = 0 and d.webhook_id <> all(gone) then null when d.status = 0 or (d.manual_at is not null and r.outcome = 2) then now() else d.finished_at end,
        next_attempt_at = case when r.wait is null then d.next_attempt_at else now() + r.wait * interval '1 second' end,
        lease_token = null, manual_at = null, schedule_step = r.step
      from unnest(ids, numbers, outcomes, states, waits, steps) r(id, number, outcome, state, wait, step)
      where d.id = r.id and d.lease_token = tok and d.attempt_count = r.number
      returning d.id)
  select coalesce(array_agg(id), '{}') into done from fenced;
  insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, request_url, request_headers,
      status_code, response_headers, response_body, response_truncated, error_code, error_message, started_at, duration_ms, next_attempt_at)
    select r.attempt, workspace, r.id, r.hook, r.event, r.type, r.environment, r.number, r.outcome, r.cause, r.url, r.request_head,
      r.code, r.response_head, r.body, r.cut, r.error, r.message, now() - r.ago * interval '1 millisecond', r.duration,
      case when r.state = 0 and r.wait is not null then now() + r.wait * interval '1 second' end
    from unnest(attempts, ids, hooks, events, types, environments, numbers, outcomes, causes, states, waits, codes, errors, messages, agos, durations, urls,
      request_heads, response_heads, bodies, truncated) r(attempt, id, hook, event, type, environment, number, outcome, cause, state, wait, code, error, message, ago,
      duration, url, request_head, response_head, body, cut)
    on conflict (delivery_id, number) do nothing;
  get diagnostics logged = row_count;
  if logged < cardinality(ids) then  -- the lease was lost: what was sent replaces UNKNOWN, and that is all
    update attempt a set outcome = r.outcome, status_code = r.code, error_code = r.error, error_message = r.message, started_at = now() - r.ago * interval '1 millisecond',
        duration_ms = r.duration, request_url = r.url, request_headers = r.request_head, response_headers = r.response_head, response_body = r.body, response_truncated = r.cut
      from unnest(ids, numbers, outcomes, codes, errors, messages, agos, durations, urls, request_heads, response_heads, bodies, truncated)
        r(id, number, outcome, code, error, message, ago, duration, url, request_head, response_head, body, cut)
      where a.delivery_id = r.id and a.number = r.number and a.outcome = 9;
  end if;
  n := cardinality(done);
  if n = 0 then
    return 0;
  end if;
  perform 1 from webhook w where w.id = any(hooks) order by w.id for update;
  with r as (
      select r.*, now() - r.ago * interval '1 millisecond' as began, now() - (r.ago - coalesce(r.duration, 0)) * interval '1 millisecond' as ended
      from unnest(ids, hooks, versions, outcomes, causes, codes, errors, agos, durations) with ordinality r(id, hook, version, outcome, cause, code, error, ago, duration, nth)
      where n = cardinality(ids) or r.id = any(done)),
    latest as (
      select distinct on (hook) hook, ended, code from r order by hook, nth desc),
    fold as (  -- the batch, in order: had a success, failures after the last one, the start of the first of those
      select r.hook, bool_or(r.outcome = 2) as had, max(r.ended) filter (where r.outcome = 2) as succeeded,
        count(*) filter (where r.fails and r.nth > r.good) as failures, (array_agg(r.began order by r.nth) filter (where r.fails and r.nth > r.good))[1] as since
      from (select r.*, r.outcome = 3 and r.cause <> 3 and r.error is distinct from 'REFUSED_ADDRESS' and w.version = r.version as fails,
              coalesce(max(r.nth) filter (where r.outcome = 2) over (partition by r.hook), 0) as good
            from r join webhook w on w.id = r.hook) r
      group by r.hook)
  update webhook w set last_attempt_at = latest.ended, last_status_code = latest.code, last_success_at = coalesce(fold.succeeded, w.last_success_at),
      consecutive_failures = fold.failures + case when fold.had then 0 else w.consecutive_failures end,
      failing_since = case when fold.had or w.consecutive_failures = 0 then fold.since else w.failing_since end
    from fold join latest on latest.hook = fold.hook where w.id = fold.hook;
  update workspace_activity set position = position + n where workspace_id = workspace returning position into pos;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, pos - n + row_number() over (order by r.nth), 1, r.attempt, r.hook
    from unnest(ids, attempts, hooks) with ordinality r(id, attempt, hook, nth) where n = cardinality(ids) or r.id = any(done);
  return pos;
end $$"""

# One dead pump at a time. Its attempts were begun by a claim; nobody knows whether they were sent: each is written as UNKNOWN and uses a
# step of the schedule. Returns how many, or -1 when no pump is dead.
TAKEOVER = """
create function hl_takeover_1(dead_after interval) returns int language plpgsql as $$
declare dead uuid; lost uuid[]; ws uuid; pos bigint; n int;
begin
  select token into dead from pump where beat_at < now() - dead_after order by beat_at limit 1 for update skip locked;
  if dead is null then
    return -1;
  end if;
  select array_agg(x.id order by x.id) into lost from (
    select id from delivery where id in (
      select id from delivery where status = 0 and lease_token = dead union all select id from delivery where status <> 0 and lease_token = dead)
    order by id for update) x;
  if lost is not null then
    insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, response_truncated, started_at)
      select  -- a UUIDv7: 48 bits of milliseconds over a random one, whose version's 0100 gets its two other bits
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from now()) * 1000)::bigint) from 3) from 1), 52, 1), 53, 1), 'hex')::uuid,
        d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, 9,
        case when d.manual_at is not null then 3 when d.schedule_step = 0 then 1 else 2 end, false, now()
      from delivery d where d.id = any(lost) order by d.id on conflict (delivery_id, number) do nothing;
    update delivery d set lease_token = null, manual_at = null, schedule_step = d.schedule_step + (d.manual_at is null)::int,
        status = case when d.status = 0 and d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null then 3 else d.status end,
        finished_at = case when d.status = 0 and d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null then now() else d.finished_at end,
        next_attempt_at = case when d.manual_at is null
          then now() + coalesce((w.retry_schedule::jsonb ->> d.schedule_step)::float8, 0) * (0.8 + 0.4 * random()) * interval '1 second' else d.next_attempt_at end
      from webhook w where d.id = any(lost) and w.id = d.webhook_id;
    for ws in select distinct d.workspace_id from delivery d where d.id = any(lost) order by 1 loop
      select count(*) into n from delivery d where d.id = any(lost) and d.workspace_id = ws;
      update workspace_activity set position = position + n where workspace_id = ws returning position into pos;
      insert into activity (workspace_id, position, kind, subject_id, webhook_id)
        select ws, pos - n + row_number() over (order by d.id), 1, a.id, d.webhook_id
        from delivery d join attempt a on a.delivery_id = d.id and a.number = d.attempt_count where d.id = any(lost) and d.workspace_id = ws;
    end loop;
  end if;
  delete from pump where token = dead;
  return coalesce(cardinality(lost), 0);
end $$"""


class Migration(NotedMigration):
    dependencies = [("models", "0002_engine")]
    operations = [Sql(postgres=(PUBLISH, RECORD, TAKEOVER))]
