"""Claims that write no index, and old idempotency keys found by their age. Takes over version 2: what it looks for follows the indexes."""

from hookline.db.migration_log import NotedMigration, Sql

INDEXES = (
    # PostgreSQL's HOT asks whether a column of any index changed, partial or not: with this one no claim was HOT (0 of 2,000), each wrote
    # its row into five indexes (29 instead of 15 pages and 979 instead of 468 bytes of WAL per row; 2026-11-26).
    "drop index delivery_leased",
    # forgetting keys, without reading those that are in force
    "create index idempotency_expiry on idempotency (expires_at)",
)

# As version 1, but for where the leases are: an open delivery's in delivery_due, a finished one's in delivery_manual (it was asked for by
# hand, and the sweep cancels nothing that is leased: what a deleted webhook had on the wire ends as CANCELLED here or at its record).
TAKEOVER = """
create function hl_takeover_2(dead_after interval) returns int language plpgsql as $$
declare dead uuid; lost uuid[]; ws uuid; pos bigint; n int;
begin
  select token into dead from pump where beat_at < now() - dead_after order by beat_at limit 1 for update skip locked;
  if dead is null then
    return -1;
  end if;
  select array_agg(x.id order by x.id) into lost from (
    select id from delivery where id in (
      select id from delivery where status = 0 and lease_token = dead
      union all select id from delivery where status <> 0 and manual_at is not null and lease_token = dead)
    order by id for update) x;
  if lost is not null then
    insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, response_truncated, started_at)
      select  -- a UUIDv7: 48 bits of milliseconds over a random one, whose version's 0100 gets its two other bits
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from now()) * 1000)::bigint) from 3) from 1), 52, 1), 53, 1), 'hex')::uuid,
        d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, 9,
        case when d.manual_at is not null then 3 when d.schedule_step = 0 then 1 else 2 end, false, now()
      from delivery d where d.id = any(lost) order by d.id on conflict (delivery_id, number) do nothing;
    update delivery d set lease_token = null, manual_at = null, schedule_step = d.schedule_step + (d.manual_at is null)::int,
        status = case when d.status = 0 and w.deleted_at is not null then 4 when d.status = 0 and d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null then 3 else d.status end,
        finished_at = case when d.status = 0 and (w.deleted_at is not null or d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null) then now() else d.finished_at end,
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
    dependencies = [("models", "0003_functions")]
    operations = [Sql(*INDEXES, postgres=(TAKEOVER,))]
