"""The events that a webhook missed, in parts: for lists and counts, and for the retry of what was
missed, so that each finds the same. Reads no event outside the times in which the webhook was off.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from hookline import ids
from hookline.db.connection import Reader
from hookline.deliveries.missed import (
    EVENTS_LOOKED_AT,
    Count,
    EventFacts,
    Found,
    Missed,
    Work,
    counted,
    form_of,
    missed_by,
    places,
    with_deliveries,
)
from hookline.deliveries.pauses import PAUSES_READ, SKEW, Pause, pauses_of, shifted
from hookline.models import Webhook

_ROWS: Final = 500
_WITH_DATA: Final = 20
"""Events that are read with their data at a time: up to 1 MiB each."""
# A key is made a little after the time of receipt of its group.
_KEY_SKEW: Final = 2 * SKEW

# By the key alone, and without a column that stands behind the data, which SQLite would read.
EVENTS: Final = """
select id, type, environment, data is not null as has_data from event
where workspace_id = $1 and id > $2 and id < $3 order by id {direction} limit $4"""
FACTS: Final = "select id, received_at, is_test, {data} as data from event where id in ({places})"
# $1: the webhook
DELIVERIES: Final = """
select id, event_id, created_at from delivery
where webhook_id = $1 and event_id in ({places}) order by id"""


@dataclass(frozen=True)
class Window:
    """Events that were received from since on, before until, of a type and of an environment
    (empty: of any), with keys between two.
    """

    since: datetime
    until: datetime
    event_type: str = ""
    after: UUID | None = None
    before: UUID | None = None
    environment: str = ""

    @property
    def keys(self) -> tuple[UUID, UUID]:
        low = _key(shifted(self.since, -_KEY_SKEW))
        high = _key(shifted(self.until, _KEY_SKEW))
        return max(low, self.after or low), min(high, self.before or high)


async def find_missed(
    reader: Reader,
    webhook: Webhook,
    window: Window,
    *,
    is_ascending: bool = False,
    limit: int | None = None,
    events: int = EVENTS_LOOKED_AT,
) -> Found:
    """Returns what a webhook missed, newest first or oldest first: at most `limit`, and no more
    than is found in that many events that were published while it was off. The part may be empty
    and yet not the last one.
    """
    search = _Search(reader, webhook, window, is_ascending, events)
    missed = list[Missed]()
    async for found in search:
        missed += found
        if limit is not None and len(missed) > limit:
            return Found(missed[:limit], missed[limit - 1].event_id if limit else search.last)
    return Found(missed, search.last)


async def count_missed(reader: Reader, webhook: Webhook, window: Window) -> Count:
    """Counts what a webhook missed among the newest events of a time."""
    found = await find_missed(reader, webhook, window)
    return counted(found.missed, found.last is None)


class _Search:
    """Walks through the events that were published while a webhook was off, part by part."""

    def __init__(
        self, reader: Reader, webhook: Webhook, window: Window, is_ascending: bool, events: int
    ) -> None:
        self._reader, self._webhook, self._window = reader, webhook, window
        self._is_ascending = is_ascending
        self._now = form_of(webhook)
        self._work = Work(events)
        self.last: UUID | None = None
        """The key to go on after; None at the end."""

    async def __aiter__(self) -> AsyncIterator[list[Missed]]:
        timeline, ranges, rest = await self._ranges()
        for low, high in ranges:
            async for rows in self._events(low, high):
                candidates = [row for row in rows if self._may_be_missed(row, timeline)]
                for part in self._parts(candidates, timeline):
                    yield await self._examine(part, timeline)
                    self.last = part[-1]["id"]
                    if self._work.is_spent:
                        return
                self.last = rows[-1]["id"]
                if self._work.is_done:
                    return
        self.last = rest

    async def _ranges(self) -> tuple["_Timeline", list[tuple[UUID, UUID]], UUID | None]:
        """The pauses, ranges of keys of events that came in them, in the order of the walk, and
        where to go on after these.
        """
        low, high = self._window.keys
        pauses = await pauses_of(
            self._reader,
            self._webhook.workspace_id,
            self._webhook.id,
            max(self._window.since, shifted(_made_at(low), -_KEY_SKEW)),
            min(self._window.until, shifted(_made_at(high), _KEY_SKEW)),
            is_ascending=self._is_ascending,
        )
        rest: UUID | None = None
        if len(pauses) == PAUSES_READ:
            # Others are beyond these: up to the farthest one's near end, yet always a step on.
            rest = self._edge(pauses[-1], low, high)
            low, high = (low, rest) if self._is_ascending else (rest, high)
        timeline, merged = _Timeline(pauses), list[tuple[UUID, UUID]]()
        for pause in timeline.pauses:
            begin = max(low, _key(shifted(pause.began_at, -_KEY_SKEW)))
            end = high
            if pause.ended_at is not None:
                end = min(high, _key(shifted(pause.ended_at, _KEY_SKEW)))
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            elif begin < end:
                merged.append((begin, end))
        return timeline, merged if self._is_ascending else merged[::-1], rest

    def _edge(self, farthest: Pause, low: UUID, high: UUID) -> UUID:
        second = 1_000 << 80
        key = _key(farthest.began_at).int
        if self._is_ascending:
            return UUID(int=max(key, low.int + second))
        return UUID(int=max(0, min(key, high.int - second)))

    async def _events(self, low: UUID, high: UUID) -> AsyncIterator[list[dict[str, Any]]]:
        sql = EVENTS.format(direction="asc" if self._is_ascending else "desc")
        workspace, size = self._webhook.workspace_id, _ROWS
        while size == _ROWS:
            size = min(_ROWS, self._work.events)
            rows = await self._reader.rows(sql, workspace, low, high, size)
            if not rows:
                return
            self._work.events -= len(rows)
            yield rows
            size = len(rows)
            low, high = (rows[-1]["id"], high) if self._is_ascending else (low, rows[-1]["id"])

    def _may_be_missed(self, row: dict[str, Any], timeline: "_Timeline") -> bool:
        if self._window.event_type not in ("", row["type"]):
            return False
        if self._window.environment not in ("", row["environment"]):
            return False
        return any(
            pause.form.may_want(row["environment"], row["type"])
            for pause in timeline.near(_made_at(row["id"]), wide=True)
        )

    def _parts(
        self, candidates: list[dict[str, Any]], timeline: "_Timeline"
    ) -> list[list[dict[str, Any]]]:
        size = _WITH_DATA if self._asks_data(timeline) else _ROWS
        return [candidates[start : start + size] for start in range(0, len(candidates), size)]

    def _asks_data(self, timeline: "_Timeline") -> bool:
        return bool(self._now.conditions or timeline.has_filter)

    async def _examine(
        self, candidates: list[dict[str, Any]], timeline: "_Timeline"
    ) -> list[Missed]:
        keys = [row["id"] for row in candidates]
        data = "data" if self._asks_data(timeline) else "null"
        facts_of = {
            row["id"]: row
            for row in await self._reader.rows(
                FACTS.format(data=data, places=places(keys, 1)), *keys
            )
        }
        missed = list[Missed]()
        for row in candidates:
            facts = facts_of.get(row["id"])
            if facts is None or facts["is_test"] or not self._is_asked(facts["received_at"]):
                continue
            event = EventFacts(
                row["id"],
                row["type"],
                row["environment"],
                bool(row["has_data"]),
                facts["received_at"],
                facts["data"],
            )
            near = timeline.near(event.received_at)
            missed += await missed_by(event, self._webhook, self._now, near, self._work)
        return await self._with_deliveries(missed)

    def _is_asked(self, received_at: datetime) -> bool:
        return self._window.since <= received_at < self._window.until

    async def _with_deliveries(self, missed: list[Missed]) -> list[Missed]:
        keys = [one.event_id for one in missed]
        if not keys:
            return []
        sql = DELIVERIES.format(places=places(keys, 2))
        rows = await self._reader.rows(sql, self._webhook.id, *keys)
        has = {row["event_id"]: row for row in reversed(rows)}
        return with_deliveries(missed, [has.get(key) for key in keys])


class _Timeline:
    """The pauses of one webhook, by the time at which they began."""

    def __init__(self, pauses: Sequence[Pause]) -> None:
        self.pauses = sorted(pauses, key=lambda pause: (pause.began_at, pause.number))
        self.has_filter = any(pause.form.conditions for pause in pauses)
        self._begins = [pause.began_at for pause in self.pauses]
        # The latest end up to each: they follow each other, unless a clock went back.
        self._reach = list[datetime]()
        latest = datetime.min.replace(tzinfo=UTC)
        for pause in self.pauses:
            latest = max(latest, pause.ended_at or datetime.max.replace(tzinfo=UTC))
            self._reach.append(latest)

    def near(self, at: datetime, *, wide: bool = False) -> list[Pause]:
        """The pauses that a time may be of; wide: that a key made at that time may be of."""
        margin = _KEY_SKEW if wide else SKEW
        found, place = list[Pause](), bisect_right(self._begins, shifted(at, margin)) - 1
        while place >= 0 and shifted(self._reach[place], margin) >= at:
            if self.pauses[place].holds(at, margin):
                found.append(self.pauses[place])
            place -= 1
        return found[::-1]


def _key(at: datetime) -> UUID:
    return ids.first_of(at)


def _made_at(key: UUID) -> datetime:
    try:
        return ids.made_at(key)
    # A cursor may hold any key.
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)
