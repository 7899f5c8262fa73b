"""Events that a webhook would have received, had it not been off: found anew when somebody asks,
from the events and from the times in which it was off, so that publishing writes nothing for it.
The rule, and the webhooks that missed one event; `missed_search` finds the events of a webhook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from hookline.db.connection import Reader
from hookline.deliveries.pauses import PAUSES_READ, Form, Pause, all_pauses_at, pauses_at
from hookline.form.filter_work import WORK_LIMIT, AskedEvent, TooMuchWork
from hookline.loop_time import Turn
from hookline.models import Webhook

EVENTS_LOOKED_AT: Final = 10_000
"""Events that one answer looks at, as many as other counts do."""
_DATA_BYTES: Final = 16 * 2**20
_FILTER_UNITS: Final = 15 * WORK_LIMIT
"""About 0.3 s of filters that cost the most they may."""

EVENT: Final = """
select id, type, environment, received_at, is_test, data is not null as has_data, data from event
where id = $1 and workspace_id = $2"""
DELIVERIES_OF_EVENT: Final = """
select id, webhook_id, created_at from delivery
where event_id = $1 and webhook_id in ({places}) order by id"""


class Missed(NamedTuple):
    """An event that a webhook missed. delivery_id: made later, by a retry of what was missed.
    is_deliverable: such a retry would make one: there is none, its data is there, and the webhook
    wants it now, too.
    """

    webhook_id: UUID
    event_id: UUID
    event_type: str
    environment: str
    received_at: datetime
    pause: Pause
    delivery_id: UUID | None
    is_deliverable: bool


class Found(NamedTuple):
    """A part of what was missed. last: where to go on; None when nothing is left."""

    missed: list[Missed]
    last: UUID | None


class Count(NamedTuple):
    """deliverable: as many as a retry would deliver. is_exact: False when only the newest
    EVENTS_LOOKED_AT events, or fewer of them, were looked at.
    """

    total: int
    delivered: int
    deliverable: int
    is_exact: bool


@dataclass
class EventFacts:
    """data: JSON text, where a filter may ask for it; None as well when it is gone."""

    id: UUID
    type: str
    environment: str
    has_data: bool
    received_at: datetime
    data: str | None

    @cached_property
    def asked(self) -> AskedEvent | None:
        """The event for filters, parsed once for all that are asked."""
        if self.data is None:
            return None
        return AskedEvent(self.type, self.environment, orjson.loads(self.data))


@dataclass
class Work:
    """The rest of what one answer may look at."""

    events: int
    data_bytes: int = _DATA_BYTES
    units: int = _FILTER_UNITS
    turn: Turn = field(default_factory=Turn)

    @property
    def is_spent(self) -> bool:
        """True when no more data may be looked at."""
        return self.data_bytes <= 0 or self.units <= 0

    @property
    def is_done(self) -> bool:
        return self.events <= 0 or self.is_spent


async def find_missing(reader: Reader, workspace_id: UUID, event_id: UUID, after: UUID) -> Found:
    """Returns the webhooks that missed an event, by key, those after one of them. `last` is a
    webhook's key.
    """
    rows = await reader.rows(EVENT, event_id, workspace_id)
    if not rows or rows[0]["is_test"]:
        return Found([], None)
    row = rows[0]
    event = EventFacts(
        row["id"],
        row["type"],
        row["environment"],
        bool(row["has_data"]),
        row["received_at"],
        row["data"],
    )
    pauses = await all_pauses_at(reader, workspace_id, event.received_at, after)
    groups = [list(group) for _, group in groupby(pauses, lambda pause: pause.webhook_id)]
    is_part = len(pauses) == PAUSES_READ
    if is_part and len(groups) > 1:
        groups.pop()  # it may go on beyond what was read
    webhooks = await _webhooks(reader, [group[0].webhook_id for group in groups])
    missed, last, work = list[Missed](), None, Work(1)
    for group in groups:
        if work.units <= 0:
            return Found(await _with_theirs(reader, event, missed), last)
        last = group[0].webhook_id
        if (webhook := webhooks.get(last)) is not None:
            missed += await missed_by(event, webhook, form_of(webhook), group, work)
    missed = await _with_theirs(reader, event, missed)
    return Found(missed, last if is_part else None)


async def count_missing(reader: Reader, workspace_id: UUID, event_id: UUID) -> Count:
    """Counts the webhooks that missed an event."""
    found = await find_missing(reader, workspace_id, event_id, UUID(int=0))
    return counted(found.missed, found.last is None)


def counted(missed: Sequence[Missed], is_exact: bool) -> Count:
    return Count(
        len(missed),
        sum(one.delivery_id is not None for one in missed),
        sum(one.is_deliverable for one in missed),
        is_exact,
    )


async def missed_by(
    event: EventFacts, webhook: Webhook, now: Form, pauses: Sequence[Pause], work: Work
) -> list[Missed]:
    """The event, if the webhook wanted it in one of these pauses; whether it has a delivery is
    still to be asked.
    """
    # A webhook misses nothing that was published before it was made.
    if event.received_at < webhook.created_at:
        return []
    work.data_bytes -= len(event.data or "")
    for pause in pauses_at(pauses, event.received_at):
        if await _wants(pause.form, event, work):
            is_wanted = (
                webhook.deleted_at is None and event.has_data and await _wants(now, event, work)
            )
            facts = (event.id, event.type, event.environment, event.received_at)
            return [Missed(webhook.id, *facts, pause, None, is_wanted)]
    return []


async def _wants(form: Form, event: EventFacts, work: Work) -> bool:
    """True when the form takes the event. Without its data nobody knows what a filter says: False.

    A filter that would cost too much is not met, as when an event is published.
    """
    if not form.may_want(event.environment, event.type):
        return False
    if form.asked is None:
        return True
    if (asked := event.asked) is None:
        return False
    # One filter is bounded, many of them are not: others run in between.
    if work.turn.is_over:
        await work.turn.pass_on()
    try:
        return form.asked.matches(asked)
    except TooMuchWork:
        return False
    finally:
        work.units -= asked.spent


async def _with_theirs(reader: Reader, event: EventFacts, missed: list[Missed]) -> list[Missed]:
    keys = [one.webhook_id for one in missed]
    if not keys:
        return []
    rows = await reader.rows(DELIVERIES_OF_EVENT.format(places=places(keys, 2)), event.id, *keys)
    has = {row["webhook_id"]: row for row in reversed(rows)}
    return with_deliveries(missed, [has.get(key) for key in keys])


def with_deliveries(
    missed: Sequence[Missed], deliveries: Sequence[Mapping[str, Any] | None]
) -> list[Missed]:
    """Adds the deliveries that were made later, and leaves out what was published
    while the webhook was on after all: the publish gave that a delivery with the event's own time.
    """
    told = list[Missed]()
    for one, delivery in zip(missed, deliveries, strict=True):
        if delivery is None:
            told.append(one)
        elif delivery["created_at"] > one.received_at:
            told.append(one._replace(delivery_id=delivery["id"], is_deliverable=False))
    return told


async def _webhooks(reader: Reader, keys: list[UUID]) -> dict[UUID, Webhook]:
    if not keys:
        return {}
    columns = ("id", "created_at", "deleted_at", "environments", "events", "event_filter")
    rows = await Webhook.filter(id__in=keys).only(*columns).using_db(reader.client)
    return {row.id: row for row in rows}


def form_of(webhook: Webhook) -> Form:
    return Form(webhook.id, webhook.environments, webhook.events, webhook.event_filter)


def places(keys: Sequence[UUID], first: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + len(keys)))
