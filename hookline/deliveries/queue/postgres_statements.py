"""Statements of the hot path on PostgreSQL, each described. Called by
hookline.deliveries.queue.postgres only; functions/ has the longer ones.
"""

from typing import Final

from hookline.deliveries.queue.base import TARGET_COLUMNS, AttemptResult
from hookline.deliveries.queue.sql_texts import queue_statement

# Match versions of all workspaces, as committed now.
VERSIONS = "select id, match_version from workspace"
# Living webhooks with the stamp that says whether the one in memory is still the same.
STAMPS = """
select id, version, is_active and auto_disabled_at is null
from webhook where workspace_id = $1 and deleted_at is null"""
WEBHOOKS = f"select {', '.join(TARGET_COLUMNS)} from webhook where id = any($1::uuid[])"
WORKSPACE = "select match_version, strict_event_types from workspace where id = $1"
# Event types, with the schema of a strict one.
TYPES = "select name, case when is_strict then schema end from event_type where workspace_id = $1"
PUBLISH = "select hl_publish(" + ", ".join(f"${n}" for n in range(1, 17)) + ")"
# One event without a key; workers hear of it before it is on disk.
PUBLISH_ONE = "call hl_publish_one(" + "".join(f"${n}, " for n in range(1, 12)) + "null)"
# Returns when all that was committed before is on disk.
FLUSH = "select hl_flush()"
# False where an administrator has kept what hl_flush calls back from this role.
MAY_FLUSH = """
select exists (
  select from pg_proc where proname = 'pg_logical_emit_message' and proargtypes[2] = 'text'::regtype
    and has_function_privilege(oid, 'execute'))"""
# More deliveries of a publish, in the transaction of hl_publish and as that writes them.
ADD_DELIVERIES = queue_statement("""
insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status,
    next_attempt_at, attempt_count, schedule_step, created_at)
select d.id, $1, d.webhook, d.event, d.type, d.environment, DeliveryState.OPEN, now(), 0, 0, $2
from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[])
  d(id, webhook, event, type, environment)""")
# Owners of idempotency keys in force, with what a duplicate publish answers.
KEY_OWNERS = """
select i.key, i.event_id, i.fingerprint,
  (select count(*) from delivery d where d.event_id = i.event_id)
from idempotency i where i.workspace_id = $1 and i.key = any($2) and i.expires_at >= now()"""
# Leases due deliveries, those asked for by hand first. The pump's own row is held: a takeover that
# has deleted it leaves nothing to claim for (no lease without a heartbeat to miss).
# attempt_count rises here, not at the record: token and number together fence what a late record
# may change. Bodies are looked for from the second attempt on, since the first one makes them.
# Nothing of a webhook with a rate limit, whatever the caller's index says: hl_claim_paced counts.
CLAIM = queue_statement("""
with me as materialized (select token from pump where token = $3 for key share),
picked as (
  select d.id from me
  cross join unnest($1::uuid[], $2::int[]) w(id, room)
  join webhook h on h.id = w.id and h.deleted_at is null and h.rate_per_minute is null
  cross join lateral (
    select * from (
      select id from delivery
      where webhook_id = w.id and manual_at is not null and lease_token is null
      limit w.room for update skip locked) manual
    union all
    select * from (
      select id from delivery
      where h.is_active and h.auto_disabled_at is null and status = DeliveryState.OPEN
        and webhook_id = w.id and next_attempt_at <= now() and lease_token is null
        and manual_at is null
      order by next_attempt_at limit w.room for update skip locked) due
    limit w.room) d
  limit $4)
update delivery d set lease_token = $3, attempt_count = d.attempt_count + 1
from picked p, event e where d.id = p.id and e.id = d.event_id
returning d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count, d.event_type,
  d.environment, e.data, e.occurred_at, d.schedule_step, d.manual_at is not null, d.next_cause,
  (select match_version from workspace where id = d.workspace_id),
  case when d.attempt_count > 1
    then (select b.body from delivery_body b where b.delivery_id = d.id) end""")
# Leases one delivery that nobody has tried yet, as CLAIM does: without a search of what is due it
# takes PostgreSQL a tenth less (2026-11). What another transaction holds is left to the next sweep.
CLAIM_NEW = queue_statement("""
update delivery d set lease_token = $2, attempt_count = d.attempt_count + 1
from event e, webhook h, workspace w
where d.id = (
    select n.id from pump p, delivery n
    where p.token = $2 and n.id = $1 and n.status = DeliveryState.OPEN and n.attempt_count = 0
      and n.next_attempt_at <= now() and n.lease_token is null and n.manual_at is null
    for key share of p for update of n skip locked)
  and e.id = d.event_id and w.id = d.workspace_id
  and h.id = d.webhook_id and h.deleted_at is null and h.rate_per_minute is null and h.is_active
  and h.auto_disabled_at is null
returning d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count, d.event_type,
  d.environment, e.data, e.occurred_at, d.schedule_step, false, d.next_cause, w.match_version,
  null""")
CLAIM_PACED = """
select c.* from unnest($1::uuid[], $2::int[]) a(webhook, room)
cross join lateral hl_claim_paced(a.webhook, a.room, $3) c"""
# Keeps bodies that templates made, before they are sent; one that is there already stays.
STORE_BODIES = """
insert into delivery_body (delivery_id, body) select * from unnest($1::uuid[], $2::bytea[])
on conflict do nothing"""
# True when a request of the delivery is in the log.
HAS_SENT = """
select exists (select from attempt where delivery_id = $1 and request_headers is not null)"""
# Unleases what was never sent. One that was cancelled meanwhile stays so, and asks for nothing.
# Never waits for a row: returns the deliveries that another transaction holds, leased still.
GIVE_BACK = queue_statement("""
with mine as materialized (
  select d.id from delivery d join unnest($2::uuid[], $3::int[]) r(id, number) on r.id = d.id
  where d.lease_token = $1 and d.attempt_count = r.number for update of d skip locked),
given as (
  update delivery d set lease_token = null, attempt_count = d.attempt_count - 1,
    manual_at = case when d.next_cause = NextCause.CANCELLED_ON_WIRE then null else d.manual_at end,
    next_cause = nullif(d.next_cause, NextCause.CANCELLED_ON_WIRE)
  from mine where d.id = mine.id)
select d.id from delivery d join unnest($2::uuid[], $3::int[]) r(id, number) on r.id = d.id
where d.lease_token = $1 and d.attempt_count = r.number and d.id not in (select id from mine)""")
SAME_IN_RECORDS: Final = {
    "number": "int",
    "event_type": "text",
    "environment": "text",
    "webhook_version": "int",
    "outcome": "smallint",
    "cause": "smallint",
    "state": "smallint",
    "wait_seconds": "float8",
    "step": "int",
    "status_code": "smallint",
    "error_code": "text",
    "error_message": "text",
    "request_url": "text",
    "is_truncated": "boolean",
}
"""Fields that results of one batch often have in common, with the types of their columns."""


def _argument(place: int, name: str) -> str:
    """An argument of hl_record. Of a field that results have in common a single element stands for
    as many as there are ids ($3): asyncpg (0.32) asks each element of an array for its class, once
    or twice (9.8 instead of 6.2 us for each result of a batch of 50, 2026-11). A publish, which
    often has one event, would pay more than it saves.
    """
    if name not in SAME_IN_RECORDS:
        return f"${place}"
    return (
        f"case cardinality(${place}::{SAME_IN_RECORDS[name]}[]) when 1 "
        f"then array_fill((${place})[1], array[cardinality($3::uuid[])]) else ${place} end"
    )


RECORD = (
    "select last_position, evidence from hl_record($1, $2, "
    + ", ".join(_argument(place, name) for place, name in enumerate(AttemptResult._fields, 3))
    + ")"
)
# Webhooks of which another transaction holds the row or a delivery of these; all of them, when it
# holds the workspace's activity. What is free is locked until the statement ends: only so does
# skipping tell what is held.
HELD = """
with free as materialized (
    select id from webhook where id = any($3::uuid[]) for update skip locked),
  free_deliveries as materialized (
    select id from delivery where id = any($2::uuid[]) for update skip locked),
  free_activity as materialized (
    select workspace_id from workspace_activity where workspace_id = $1 for update skip locked)
select distinct r.webhook from unnest($2::uuid[], $3::uuid[]) r(id, webhook)
where not exists (select from free_activity)
  or (r.webhook not in (select id from free)
    and exists (select from webhook w where w.id = r.webhook))
  or (r.id not in (select id from free_deliveries)
    and exists (select from delivery d where d.id = r.id))"""
# Carries the rule's decisions out about webhooks that crossed a line, each once, by its fence.
APPLY_DECISIONS = """
select last_position, has_auto_disabled, notified, addresses
from hl_apply_decisions($1, $2, $3, $4, $5, $6)"""
# Ten webhooks at a time, so that one transaction locks few; one that is held by another transaction
# is left to the next time, and the others don't wait for it.
EXHAUSTED = queue_statement("""
select id, workspace_id from webhook
where exhausted_count > 0 and deleted_at is null and (exhausted_notified_at is null
  or exhausted_notified_at < now() - HealthLimit.DIGEST_SECONDS * interval '1 second')
order by workspace_id, id
limit 10 for update skip locked""")
TAKE_OVER = "select hl_take_over($1)"
# Webhooks with open deliveries. A loose index scan: its cost grows with the webhooks that have open
# rows, not with the rows (0.11 ms with 105,000 rows of 2 webhooks).
_OPEN = queue_statement("""
with recursive open as (
  (select webhook_id from delivery where status = DeliveryState.OPEN order by webhook_id limit 1)
  union all
  select (select d.webhook_id from delivery d
    where d.status = DeliveryState.OPEN and d.webhook_id > open.webhook_id
    order by d.webhook_id limit 1)
  from open where open.webhook_id is not null)""")
# Webhooks with something to claim now.
DUE = _OPEN + queue_statement("""
select w.id from open join webhook w on w.id = open.webhook_id
where w.is_active and w.deleted_at is null and w.auto_disabled_at is null
  and exists (select from delivery d where d.status = DeliveryState.OPEN and d.webhook_id = w.id
    and d.next_attempt_at <= now() and d.lease_token is null)
union
select d.webhook_id from delivery d join webhook w on w.id = d.webhook_id and w.deleted_at is null
where d.manual_at is not null and d.lease_token is null""")
# Cancels a chunk of what deleted webhooks left. Chosen first, then locked in order, in a
# transaction of its own: inside the webhook's change it would wait against a record. What is on the
# wire is left to its record, which cancels it too: a finished delivery with a lease is one by hand,
# and delivery_manual finds it. One that somebody holds is left to the next sweep, which would be
# late for all otherwise.
CANCEL = _OPEN + queue_statement(""",
chosen as materialized (
  select d.id from open
  join webhook w on w.id = open.webhook_id and w.deleted_at is not null
  cross join lateral (
    select id from delivery
    where status = DeliveryState.OPEN and webhook_id = w.id and lease_token is null
    limit 1000) d
  limit 1000),
held as (
  select id from delivery
  where id in (select id from chosen) and status = DeliveryState.OPEN and lease_token is null
  order by id for update skip locked)
update delivery d set status = DeliveryState.CANCELLED, finished_at = now(), manual_at = null
from held where d.id = held.id""")
REGISTER = "insert into pump (token, process, beat_at) values ($1, $2, now())"
# Ids of the deliveries on the wire, with commas: what the API shows as IN_PROGRESS.
SET_ON_WIRE = "update pump set on_wire = $2 where token = $1"
BEAT = "update pump set beat_at = now() where token = $1 returning true"
# Forgets a pump without leases: an open delivery's is found by one index, one by hand by another.
UNREGISTER = queue_statement("""
delete from pump where token = $1
  and not exists (select from delivery where lease_token = $1 and status = DeliveryState.OPEN)
  and not exists (select from delivery
    where lease_token = $1 and status <> DeliveryState.OPEN and manual_at is not null)""")
# A chunk of the keys that are no longer in force.
# Chunks, so that no lock is held for long.
FORGET_KEYS = """
delete from idempotency where ctid in (
  select ctid from idempotency where expires_at < now() limit 5000)"""
