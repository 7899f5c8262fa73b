"""Fields of a missed event, its filter and its counts, without the edges, which are in types. Pages
are read by `hookline.deliveries`, which looks at a bounded number of events for each.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from api.schema.connections import Edge, PageArguments, PageInfo
from api.schema.cursors import Column, Order, write_cursor
from api.schema.node import Actor, Info, actor_of
from hookline.deliveries import missed, missed_search
from hookline.deliveries.missed import Count, Found, Missed
from hookline.models import Webhook as WebhookRow

BY_WEBHOOK = Order("webhook", (Column("webhook_id", UUID),))
BY_EVENT = Order("newest", (Column("event_id", UUID),), is_descending=True)
_NOBODY = UUID(int=0)
_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@strawberry.enum(description="Reason for which a webhook did not receive events.")
class MissedCause(Enum):
    INACTIVE = strawberry.enum_value("INACTIVE", description="The webhook was inactive.")
    FAILURES = strawberry.enum_value(
        "FAILURES",
        description="The webhook was disabled automatically because its attempts kept failing.",
    )
    GONE = strawberry.enum_value(
        "GONE",
        description="The webhook was disabled automatically because its receiver answered 410.",
    )


@strawberry.input(
    description="Conditions on missed events. An event must meet all that are given; null sets no "
    "condition."
)
class MissedFilter:
    event_type: str | None = strawberry.field(
        default=None, description="Exact type, such as order.order.created. No patterns."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Start of the time range (`receivedAt`), inclusive."
    )
    until: datetime | None = strawberry.field(
        default=None, description="End of the time range (`receivedAt`), exclusive."
    )


Given = Annotated[
    MissedFilter | None,
    strawberry.argument(description="Conditions that the events must meet. All by default."),
]


@strawberry.type
class MissedFields:
    cause: MissedCause = strawberry.field(
        description="Reason for which the webhook was off at that time."
    )
    by: Actor | None = strawberry.field(
        description="Actor that deactivated the webhook, or null if it was disabled automatically."
    )
    reason: str | None = strawberry.field(
        description="Reason given when a webhook that a file owns was deactivated, or null."
    )
    off_since: datetime = strawberry.field(
        description="Time at which the webhook went off, whatever was edited afterwards."
    )
    off_until: datetime | None = strawberry.field(
        description="Time at which the webhook was activated again. Null if it is still off or was "
        "deleted."
    )
    deliverable: bool = strawberry.field(
        description="True if `deliveriesRetry` with `which: MISSED` would deliver the event: it "
        "has not been delivered, its data has not expired, and the webhook matches it now, too."
    )
    row: strawberry.Private[Missed]

    @classmethod
    def of(cls, row: Missed) -> Self:
        pause, actor = row.pause, row.pause.actor
        return cls(
            cause=MissedCause(pause.cause),
            by=actor_of(actor) if actor else None,
            reason=actor.get("reason") if actor else None,
            off_since=pause.off_at,
            off_until=pause.on_at,
            deliverable=row.is_deliverable,
            row=row,
        )


class Counted:
    """Counts once, and only when asked: the fields of a connection are resolved at one time."""

    def __init__(self, count: Callable[[], Awaitable[Count]]) -> None:
        self._count, self._lock = count, asyncio.Lock()
        self._counted: Count | None = None

    async def read(self) -> Count:
        async with self._lock:
            if self._counted is None:
                self._counted = await self._count()
            return self._counted


def window_of(
    given: MissedFilter | None, after: UUID | None = None, before: UUID | None = None
) -> missed_search.Window:
    """The window of a filter. after, before: keys that the events come after and before."""
    wanted = given or MissedFilter()
    since, until = wanted.since or _EVER[0], wanted.until or _EVER[1]
    return missed_search.Window(since, until, wanted.event_type or "", after, before)


async def read_of_webhook(
    info: Info, webhook: WebhookRow, given: MissedFilter | None, asked: PageArguments
) -> Found:
    """Reads a page of what a webhook missed, newest first."""
    # Newest first: what comes after a cursor is older.
    older, newer = (bound and bound[0] for bound in (asked.after, asked.before))
    window = window_of(given, _uuid(newer), _uuid(older))
    async with info.context.reading() as reader:
        found = await missed_search.find_missed(
            reader, webhook, window, is_ascending=asked.is_from_end, limit=asked.size
        )
    return Found(found.missed[::-1], found.last) if asked.is_from_end else found


async def read_of_event(info: Info, event_id: UUID, asked: PageArguments) -> Found:
    """Reads a page of the webhooks that missed an event, by their keys."""
    workspace_id = info.context.actor.workspace_id
    after, before = (_uuid(bound and bound[0]) for bound in (asked.after, asked.before))
    place, found = after or _NOBODY, list[Missed]()
    while True:
        async with info.context.reading() as reader:
            part = await missed.find_missing(reader, workspace_id, event_id, place)
        found += [one for one in part.missed if before is None or one.webhook_id < before]
        # A page from the start is full, or what was looked at is enough; one from the end needs it.
        if part.last is None or not asked.is_from_end:
            break
        place = part.last
    if asked.is_from_end:
        rest = found[-asked.size :] if asked.size else []
        return Found(rest, rest[0].webhook_id if rest and len(found) > len(rest) else None)
    if len(found) > asked.size:
        return Found(found[: asked.size], found[asked.size - 1].webhook_id if asked.size else None)
    return Found(found, part.last)


def _uuid(key: Any) -> UUID | None:
    return key if isinstance(key, UUID) else None


def made_page(
    found: Found, order: Order, asked: PageArguments, to_node: Callable[[Missed], Any]
) -> tuple[list[Any], PageInfo]:
    """Makes the edges of a page and its position. Where only a part of the page was looked at, its
    end is the last event that was.
    """
    edges = [
        Edge(node=to_node(one), cursor=write_cursor(order, order.key_of(one)))
        for one in found.missed
    ]
    start = edges[0].cursor if edges else None
    end = edges[-1].cursor if edges else None
    if found.last is not None:
        edge = write_cursor(order, (found.last,))
        start, end = (edge, end or edge) if asked.is_from_end else (start or edge, edge)
    has_more = found.last is not None
    previous = has_more if asked.is_from_end else asked.after is not None
    following = asked.before is not None if asked.is_from_end else has_more
    info = PageInfo(
        start_cursor=start,
        end_cursor=end,
        previous=_answer(previous),
        following=_answer(following),
    )
    return edges, info


def _answer(is_so: bool) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return is_so

    return check
