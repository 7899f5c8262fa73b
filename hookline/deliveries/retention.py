"""Deletes what is too old: data of events, then the log, then notifications and idempotency keys.
Called by the actor `purge_expired`. Each batch is a short transaction, and skips the rows that a
claim, a record or a mail may have locked, so that none of them waits for it. Keys are UUIDv7, whose
order is that of time: where it can, a table is swept by its primary key.
"""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final
from uuid import UUID

from hookline import clock
from hookline.db.connection import Database, UnitOfWork
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import SKIP_LOCKED
from hookline.deliveries.pauses import SKEW
from hookline.deliveries.queue.base import Queue
from hookline.settings.fields import Settings

BATCH: Final = 500
ACTIVITY_KEPT: Final = 100_000
"""Positions of a workspace that can be replayed from; beyond it subscribers hear of a gap."""
MAILBOX_KEPT: Final = timedelta(days=2)
"""Longer than the day that a mailbox's limits look back, by clocks that differ a little."""
SOURCE_KEPT: Final = timedelta(days=7)
QUESTION_KEPT: Final = timedelta(days=180)
"""A mailbox that does not answer is asked anew after it, whatever is set for notifications."""

# Events in the order of their time, after the latest whose data was taken.
AFTER: Final = "select id from event where id > $1 and id < $2 order by id limit $3"
FORGET: Final = "update event set data = null where id in ({})"
# Their open deliveries, and those asked for by hand, would have nothing to send any more.
GIVE_UP: Final = with_enum_numbers("""
update delivery set manual_at = null,
  status = case when status = DeliveryState.OPEN then DeliveryState.FAILED else status end,
  finished_at = case when status = DeliveryState.OPEN then ${now} else finished_at end
where id in (
  select id from delivery
  where event_id in ({places}) and (status = DeliveryState.OPEN or manual_at is not null)
    and lease_token is null {skip})""")
# Events of which one is still on the wire or held by another transaction: its next try needs them.
BUSY: Final = with_enum_numbers("""
select distinct event_id from delivery
where event_id in ({})
  and (status = DeliveryState.OPEN or manual_at is not null or lease_token is not null)""")
DROP_BODIES: Final = """
delete from delivery_body where delivery_id in (select id from delivery where event_id in ({}))"""
MARK: Final = """
insert into retention (name, position) values ('event data', $1)
on conflict (name) do update set position = excluded.position"""
POSITION: Final = "select position from retention where name = 'event data'"
# A batch of the log, of ended deliveries, of events without deliveries: oldest first, by the key.
ATTEMPTS: Final = """
delete from attempt where id in (
  select id from attempt where id < $1 order by id limit $2) returning id"""
DELIVERIES: Final = with_enum_numbers("""
delete from delivery where id in (
  select id from delivery
  where id < $1 and status <> DeliveryState.OPEN and lease_token is null
    and not exists (select 1 as one from attempt a where a.delivery_id = delivery.id)
  order by id limit $2 {skip}) returning id""")
EVENTS: Final = """
delete from event where id in (
  select e.id from event e
  where e.id < $1 and not exists (select 1 as one from delivery d where d.event_id = e.id)
  order by e.id limit $2) returning id"""
# The receipts of the notifications that go next.
EMAILS: Final = """
delete from email where notification_id in (
  select id from notification where id < $1 order by id limit $2)"""
NOTIFICATIONS: Final = """
delete from notification where id in (
  select id from notification where id < $1 order by id limit $2) returning id"""
# What happened to sets, beside their revisions, which stay.
SYNC_EVENTS: Final = """
delete from sync_event where id in (
  select id from sync_event where id < $1 order by id limit $2) returning id"""
# Paths that no server has followed for days; one that is followed has a lease.
SYNC_SOURCES: Final = """
delete from sync_source where id in (
  select id from sync_source where leased_until < $1 limit $2) returning id"""
# Mailboxes that got no mail within a day, the longest time that a limit looks back. One that wants
# no mails is kept for good. Locked rows are being written to.
MAILBOXES: Final = """
delete from mailbox where address in (
  select address from mailbox where touched_at < $1 and refused_at is null
  order by touched_at limit $2 {skip}) returning address"""
# Questions that nobody answered; the same workspace may ask anew then.
UNANSWERED: Final = """
delete from mail_consent where (address, workspace_id) in (
  select address, workspace_id from mail_consent
  where confirmed_at is null and asked_at < $1 limit $2 {skip}) returning address"""
# Deleted webhooks of which nothing is in the log any more.
WEBHOOKS: Final = """
select w.id from webhook w
where w.deleted_at < $1 and not exists (select 1 as one from delivery d where d.webhook_id = w.id)
  and not exists (select 1 as one from attempt a where a.webhook_id = w.id)
limit 100"""
# Deletes the rows of one of them, the webhook itself last.
OF_WEBHOOK: Final = (
    "delete from webhook_stat where webhook_id = $1",
    "delete from webhook_pause where webhook_id = $1 "
    "and workspace_id = (select workspace_id from webhook where id = $1)",
    "delete from webhook where id = $1",
)
# Hours of statistics as old as the log.
OLD_STATS: Final = {
    "postgres": """
delete from webhook_stat where ctid in (
  select ctid from webhook_stat where step = 3600 and at < $1 limit $2) returning bucket""",
    "sqlite": """
delete from webhook_stat where (webhook_id, step, at, bucket) in (
  select webhook_id, step, at, bucket from webhook_stat where step = 3600 and at < $1 limit $2)
returning bucket""",
}
# Times in which a webhook was off, as old as the events that it missed then.
PAUSES: Final = """
delete from webhook_pause where (workspace_id, webhook_id, number) in (
  select workspace_id, webhook_id, number from webhook_pause where ended_at < $1 limit $2)
returning number"""
# Deletes the positions that no subscriber can replay from any more.
ACTIVITY: Final = {
    "postgres": """
delete from activity where ctid in (
  select a.ctid from workspace_activity w cross join lateral (
    select ctid from activity
    where workspace_id = w.workspace_id and position <= w.position - $1
    order by position limit $2) a)
returning position""",
    "sqlite": """
delete from activity where (workspace_id, position) in (
  select a.workspace_id, a.position from workspace_activity w
  join activity a on a.workspace_id = w.workspace_id and a.position <= w.position - $1 limit $2)
returning position""",
}


async def purge(database: Database, queue: Queue, settings: Settings) -> int:
    """Deletes one batch of each kind. Returns how many rows; 0: nothing is too old."""
    now = clock.now()
    log_before = _key(now - timedelta(days=settings.attempt_days))
    count = await forget_data(database, _key(now - timedelta(days=settings.event_days)))
    # Attempts, then deliveries, then events: what a row belongs to goes after it. A transaction for
    # each, so that none holds its locks for the next.
    for sql in (ATTEMPTS, DELIVERIES, EVENTS):
        async with database.unit_of_work() as work:
            count += len(
                await work.rows(sql.format(skip=SKIP_LOCKED[work.dialect]), log_before, BATCH)
            )
    count += await _forget_mailboxes(database, now)
    async with database.unit_of_work() as work:
        told_before = _key(now - timedelta(days=settings.notification_days))
        # Before the notifications: it finds the receipts by those that go next.
        await work.execute(EMAILS, told_before, BATCH)
        count += len(await work.rows(NOTIFICATIONS, told_before, BATCH))
        count += len(await work.rows(SYNC_EVENTS, told_before, BATCH))
        count += len(await work.rows(SYNC_SOURCES, now - SOURCE_KEPT, BATCH))
        count += len(await work.rows(ACTIVITY[work.dialect], ACTIVITY_KEPT, BATCH * 10))
        count += len(
            await work.rows(
                OLD_STATS[work.dialect], now - timedelta(days=settings.attempt_days), BATCH
            )
        )
        count += len(
            await work.rows(PAUSES, now - timedelta(days=settings.attempt_days) - SKEW, BATCH)
        )
        count += await _forget_webhooks(work, now - timedelta(days=settings.attempt_days))
    return count + await queue.forget_keys()


async def forget_data(database: Database, before: UUID) -> int:
    """Deletes the data of a batch of events; their open deliveries fail, since there is nothing to
    send any more. Events of which a delivery is on the wire wait until it has ended. Returns how
    many events lost their data.
    """
    async with database.unit_of_work() as work:
        found = await work.rows(POSITION)
        after = found[0]["position"] if found else UUID(int=0)
        keys = [row["id"] for row in await work.rows(AFTER, after, before, BATCH)]
        if keys:
            places = ", ".join(f"${number}" for number in range(1, len(keys) + 1))
            await work.execute(
                GIVE_UP.format(now=len(keys) + 1, places=places, skip=SKIP_LOCKED[work.dialect]),
                *keys,
                clock.now(),
            )
            busy = {row["event_id"] for row in await work.rows(BUSY.format(places), *keys)}
            # Up to the first that is busy, so that the mark passes over none. Events stay after
            # their data is gone: without the mark each sweep would read all of them again.
            keys = list(takewhile(lambda key: key not in busy, keys))
        if keys:
            places = ", ".join(f"${number}" for number in range(1, len(keys) + 1))
            await work.execute(DROP_BODIES.format(places), *keys)
            await work.execute(FORGET.format(places), *keys)
            await work.execute(MARK, keys[-1])
        return len(keys)


async def _forget_mailboxes(database: Database, now: datetime) -> int:
    """Removes mailboxes and questions of which nothing has to be known. Returns how many."""
    count = 0
    for sql, before in ((MAILBOXES, now - MAILBOX_KEPT), (UNANSWERED, now - QUESTION_KEPT)):
        # A transaction for each: a mailbox is locked before anything about it.
        async with database.unit_of_work() as work:
            skip = SKIP_LOCKED[work.dialect]
            count += len(await work.rows(sql.format(skip=skip), before, BATCH))
    return count


async def _forget_webhooks(work: UnitOfWork, before: datetime) -> int:
    """Removes deleted webhooks whose log is gone. Returns how many."""
    keys = [row["id"] for row in await work.rows(WEBHOOKS, before)]
    for key in keys:
        for sql in OF_WEBHOOK:
            await work.execute(sql, key)
    return len(keys)


def _key(at: datetime) -> UUID:
    """The smallest UUIDv7 of a time."""
    return UUID(int=int(at.timestamp() * 1_000) << 80)
