"""Statements of the hot path on SQLite, each described. Called by hookline.deliveries.queue.sqlite
only; `{rows}` stands for many (hookline.deliveries.queue.sqlite_bulk).
"""

from hookline.deliveries.queue.base import TARGET_COLUMNS
from hookline.deliveries.queue.sql_texts import queue_statement

VERSION = "select match_version from workspace where id = ?"
WORKSPACE = "select match_version, strict_event_types from workspace where id = ?"
# Event types, with the schema of a strict one.
TYPES = "select name, case when is_strict then schema end from event_type where workspace_id = ?"
# Living webhooks with the stamp that says whether the one in memory is still the same.
STAMPS = """
select id, version, is_active and auto_disabled_at is null
from webhook where workspace_id = ? and deleted_at is null"""
WEBHOOKS = f"select {', '.join(TARGET_COLUMNS)} from webhook where id in (values {{rows}})"
# Takes an idempotency key that is free, or whose time is over; no row: it is taken.
TAKE_KEY = """
insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at)
values (?, ?, ?, ?, ?)
on conflict (workspace_id, key) do update set event_id = excluded.event_id,
  fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
where i.expires_at < ?"""
ADD_EVENTS = """
insert into event (id, workspace_id, type, environment, data, occurred_at, received_at,
  idempotency_key) values {rows}"""
ADD_DELIVERIES = """
insert into delivery (next_attempt_at, id, workspace_id, webhook_id, event_id, event_type,
  environment, created_at, lease_token, attempt_count, status, schedule_step) values {rows}"""
PUMP = "select 1 from pump where token = ?"
# The owner of an idempotency key in force, with what a duplicate publish answers.
KEY_OWNERS = """
select i.event_id, i.fingerprint, (select count(*) from delivery d where d.event_id = i.event_id)
from idempotency i where i.workspace_id = ? and i.key = ? and i.expires_at >= ?"""
# Reads unleased deliveries of a webhook as a claim gives them; the lease follows. The webhook has a
# rate limit or has none, as the caller says, whose index may be old: slots are counted elsewhere.
_CLAIMED = """
select d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count + 1, d.event_type,
  d.environment, e.data, e.occurred_at, d.schedule_step, d.manual_at is not null, d.next_cause,
  (select match_version from workspace where id = d.workspace_id),
  case when d.attempt_count > 0
    then (select b.body from delivery_body b where b.delivery_id = d.id) end
from delivery d join event e on e.id = d.event_id join webhook h on h.id = d.webhook_id
where d.webhook_id = ? and d.lease_token is null and h.deleted_at is null
  and (h.rate_per_minute is not null) = ? and """
CLAIM_DUE = _CLAIMED + queue_statement("""h.is_active and h.auto_disabled_at is null
  and d.status = DeliveryState.OPEN and d.manual_at is null and d.next_attempt_at <= ?
order by d.next_attempt_at limit ?""")
CLAIM_MANUAL = _CLAIMED + "d.manual_at is not null limit ?"
# A webhook's rate limit and the time of its next free slot.
PACE = """
select rate_per_minute, coalesce(paced_until, 0) from webhook
where id = ? and deleted_at is null and rate_per_minute is not null"""
SET_PACE = "update webhook set paced_until = ? where id = ?"
# The number rises with the lease: both together fence what a late record may change.
LEASE = """
update delivery set lease_token = ?, attempt_count = attempt_count + 1
where id in (values {rows})"""
# Unleases what was never sent. One that was cancelled meanwhile stays so, and asks for nothing.
GIVE_BACK = queue_statement("""
update delivery set lease_token = null, attempt_count = attempt_count - 1,
  manual_at = case when next_cause = NextCause.CANCELLED_ON_WIRE then null else manual_at end,
  next_cause = nullif(next_cause, NextCause.CANCELLED_ON_WIRE)
where id = ? and lease_token = ? and attempt_count = ?""")
# Keeps bodies that templates made, before they are sent; one that is there already stays.
STORE_BODY = "insert into delivery_body (delivery_id, body) values (?, ?) on conflict do nothing"
# A row when a request of the delivery is in the log.
HAS_SENT = "select 1 from attempt where delivery_id = ? and request_headers is not null"
REGISTER = "insert into pump (token, process, beat_at) values (?, ?, ?)"
# Ids of the deliveries on the wire, with commas: what the API shows as IN_PROGRESS.
SET_ON_WIRE = "update pump set on_wire = ? where token = ?"
BEAT = "update pump set beat_at = ? where token = ?"
# Forgets a pump without leases: an open delivery's is found by one index, one by hand by another.
UNREGISTER = queue_statement("""
delete from pump where token = ?1
  and not exists (select 1 from delivery where lease_token = ?1 and status = DeliveryState.OPEN)
  and not exists (select 1 from delivery
    where lease_token = ?1 and status <> DeliveryState.OPEN and manual_at is not null)""")
# A chunk of the keys that are no longer in force.
# Chunks: SQLite has one writer, and everything else waits while it deletes.
FORGET_KEYS = """
delete from idempotency where (workspace_id, key) in (
  select workspace_id, key from idempotency where expires_at < ? limit 5000)"""
# Webhooks with open deliveries. A loose index scan: its cost grows with the webhooks that have open
# rows, not with the rows.
_OPEN = queue_statement("""
with recursive open(webhook_id) as (
  select * from (
    select webhook_id from delivery where status = DeliveryState.OPEN order by webhook_id limit 1)
  union all
  select (select d.webhook_id from delivery d
    where d.status = DeliveryState.OPEN and d.webhook_id > open.webhook_id
    order by d.webhook_id limit 1)
  from open where open.webhook_id is not null)
""")
# Webhooks with something to claim now.
DUE = _OPEN + queue_statement("""
select w.id from open join webhook w on w.id = open.webhook_id
where w.is_active and w.deleted_at is null and w.auto_disabled_at is null
  and exists (select 1 from delivery d where d.status = DeliveryState.OPEN and d.webhook_id = w.id
    and d.next_attempt_at <= ? and d.lease_token is null)
union
select d.webhook_id from delivery d join webhook w on w.id = d.webhook_id and w.deleted_at is null
where d.manual_at is not null and d.lease_token is null""")
# Cancels a chunk of what deleted webhooks left. Cross joins keep their order: the planner would
# rather look up the webhook of every open row. The statement begins with `update`: for one that
# begins with `with`, sqlite3 tells no rowcount (Python 3.11).
CANCEL = queue_statement(f"""
update delivery set status = DeliveryState.CANCELLED, finished_at = ?, manual_at = null
where id in ({_OPEN}
select d.id from open cross join webhook w on w.id = open.webhook_id
cross join delivery d on d.webhook_id = w.id
where w.deleted_at is not null and d.status = DeliveryState.OPEN and d.lease_token is null
limit 1000)""")
