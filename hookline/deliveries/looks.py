"""Looks at tables for those who watch them: each finds what has changed since the one before, by
reads alone. Nothing is written or announced for it, so that publishing and recording cost the same.
`watching` calls them while somebody watches.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from tortoise.queryset import QuerySet

from hookline import clock, ids
from hookline.activity.events import ActivityKind
from hookline.db.connection import Reader
from hookline.deliveries import manual
from hookline.models import AuditEntry, Delivery, Event, Job, JobStatus

ROWS_AT_ONCE: Final = 200
"""Most rows of a look: what is more is told as a gap."""
# Most keys that a look compares: those of one look at some thousand events a second.
_KEYS: Final = 1_000
EVENTS_SHOWN: Final = 25
"""Most events of a look; the rest is counted."""
# Keys are made before the commit, on several machines: by how much a row may come late.
_OF_PUBLISH: Final = timedelta(seconds=10)
_OF_EVENTS: Final = timedelta(seconds=2)
_OF_CHANGES: Final = timedelta(seconds=60)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

POSITION: Final = "select position from workspace_activity where workspace_id = $1"
# Deliveries of the attempts that were recorded since a position.
ATTEMPTED: Final = f"""
select a.delivery_id, x.position as at_position from activity x
join attempt a on a.id = x.subject_id
where x.workspace_id = $1 and x.position > $2 and x.kind = {int(ActivityKind.ATTEMPT)}
order by x.position limit {_KEYS}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows that a look found. is_gap: there may be more; query anew what is shown. skipped: events
    that were left out.
    """

    rows: Sequence[Any] = ()  # of one model
    is_gap: bool = False
    skipped: int = 0


class Look(Protocol):
    """Remembers what it has seen."""

    async def begin(self, reader: Reader) -> None:
        """Takes what is there as seen."""

    async def look(self, reader: Reader) -> Seen:
        """Finds the rows that are new or have changed since, oldest first."""


class NewKeys:
    """Keys of new rows, which are in the order of time but for `late`: later ones are not found."""

    def __init__(self, rows: QuerySet[Any], late: timedelta, limit: int = _KEYS) -> None:
        self._rows, self._late, self._limit = rows, late, limit
        self._known = set[UUID]()
        self._floor = UUID(int=0)

    async def begin(self, reader: Reader) -> None:
        await self.next(reader)

    async def next(self, reader: Reader) -> tuple[list[UUID], bool]:
        """New keys, oldest first; True when there are more than are looked at."""
        newest = self._rows.filter(id__gt=self._floor).order_by("-id").limit(self._limit)
        keys: list[UUID] = await newest.using_db(reader.client).values_list("id", flat=True)  # type: ignore[assignment]
        new = [key for key in reversed(keys) if key not in self._known]
        if keys:
            # By now where the newest is of later: a clock that was set back makes lower keys.
            newest_at = min(ids.made_at(keys[0]), clock.now())
            self._floor = ids.first_of(max(newest_at - self._late, _EPOCH))
        self._known = {key for key in self._known.union(keys) if key > self._floor}
        return new, len(new) == self._limit


class DeliveryLook:
    """Deliveries that were published, went on the wire, had an attempt, or were changed by hand."""

    def __init__(self, workspace_id: UUID) -> None:
        self._workspace_id = workspace_id
        # By the partial index of what is open, newest first.
        self._new = NewKeys(Delivery.filter(workspace_id=workspace_id, status=0), _OF_PUBLISH)
        self._on_wire = set[UUID]()
        self._position = 0
        self._open: dict[UUID, tuple[Any, ...]] = {}
        """The newest that were shown open: what a person changes of them is seen, too."""

    async def begin(self, reader: Reader) -> None:
        await self._new.begin(reader)
        self._on_wire = await manual.on_wire(reader)
        rows = await reader.rows(POSITION, self._workspace_id)
        self._position = int(rows[0]["position"]) if rows else 0

    async def look(self, reader: Reader) -> Seen:
        new, has_more = await self._new.next(reader)
        on_wire = await manual.on_wire(reader)
        moved, self._on_wire = on_wire ^ self._on_wire, on_wire
        attempted = await reader.rows(ATTEMPTED, self._workspace_id, self._position)
        if attempted:
            self._position = attempted[-1]["at_position"]
        changed = {*new, *moved, *(row["delivery_id"] for row in attempted)}
        rows = await self._rows(reader, changed)
        shown = rows[-ROWS_AT_ONCE:]
        self._remember(shown)
        is_gap = has_more or len(attempted) == _KEYS or len(rows) > len(shown)
        return Seen(shown, is_gap or len(changed) > _KEYS)

    async def _rows(self, reader: Reader, changed: Collection[UUID]) -> list[Delivery]:
        # Of all workspaces are those on the wire: the newest, which are most often asked for.
        wanted = {*sorted(changed)[-_KEYS:], *self._open}
        if not wanted:
            return []
        rows = Delivery.filter(workspace_id=self._workspace_id, id__in=list(wanted))
        return [
            row
            for row in await rows.order_by("id").using_db(reader.client)
            if row.id in changed or _state(row) != self._open[row.id]
        ]

    def _remember(self, rows: Sequence[Delivery]) -> None:
        for row in rows:
            self._open.pop(row.id, None)
            if row.status == 0:
                self._open[row.id] = _state(row)
        for key in list(self._open)[: max(0, len(self._open) - ROWS_AT_ONCE)]:
            del self._open[key]


def _state(row: Delivery) -> tuple[Any, ...]:
    return row.status, row.next_attempt_at, row.manual_at


class JobLook:
    """Jobs that began, went on or ended."""

    def __init__(self, workspace_id: UUID) -> None:
        self._rows = Job.filter(workspace_id=workspace_id)
        self._new = NewKeys(self._rows, _OF_CHANGES, ROWS_AT_ONCE)
        self._open: dict[UUID, tuple[Any, ...]] = {}

    async def begin(self, reader: Reader) -> None:
        await self._new.begin(reader)
        is_open = self._rows.filter(status__lt=JobStatus.SUCCEEDED).order_by("-id")
        for row in await is_open.limit(ROWS_AT_ONCE).using_db(reader.client):
            self._open[row.id] = _progress(row)

    async def look(self, reader: Reader) -> Seen:
        new, has_more = await self._new.next(reader)
        wanted = {*new, *self._open}
        if not wanted:
            return Seen()
        rows = self._rows.filter(id__in=list(wanted)).order_by("id").using_db(reader.client)
        changed = [row for row in await rows if _progress(row) != self._open.get(row.id)]
        for row in changed:
            self._open.pop(row.id, None)
            if row.status < JobStatus.SUCCEEDED:
                self._open[row.id] = _progress(row)
        return Seen(changed, has_more)


def _progress(row: Job) -> tuple[Any, ...]:
    return row.status, row.done, row.total


class AuditLook:
    """New audit entries."""

    def __init__(self, workspace_id: UUID) -> None:
        self._rows = AuditEntry.filter(workspace_id=workspace_id)
        self._new = NewKeys(self._rows, _OF_CHANGES, ROWS_AT_ONCE)

    async def begin(self, reader: Reader) -> None:
        await self._new.begin(reader)

    async def look(self, reader: Reader) -> Seen:
        new, has_more = await self._new.next(reader)
        if not new:
            return Seen()
        rows = self._rows.filter(id__in=new).order_by("id")
        return Seen(await rows.using_db(reader.client), has_more)


class EventLook:
    """Events that were published, without their data; of many a sample, evenly spread."""

    def __init__(self, workspace_id: UUID, **conditions: str) -> None:
        # As lists leave tests out. By conditions in the statement, since a sample of all events
        # would seldom hold those of a rare type.
        self._rows = Event.filter(workspace_id=workspace_id, is_test=False, **conditions)
        self._new = NewKeys(self._rows, _OF_EVENTS)

    async def begin(self, reader: Reader) -> None:
        await self._new.begin(reader)

    async def look(self, reader: Reader) -> Seen:
        new, _ = await self._new.next(reader)
        if not new:
            return Seen()
        chosen = sample(new, EVENTS_SHOWN)
        columns = (name for name in Event._meta.fields_db_projection if name != "data")
        rows = self._rows.filter(id__in=chosen).only(*columns).order_by("id")
        return Seen(await rows.using_db(reader.client), skipped=len(new) - len(chosen))


def sample(keys: Sequence[UUID], count: int) -> list[UUID]:
    """So many of the keys, evenly spread, the newest among them.

    >>> sample([1, 2, 3, 4, 5], 2)
    [3, 5]
    """
    if len(keys) <= count:
        return list(keys)
    return [keys[(number + 1) * len(keys) // count - 1] for number in range(count)]
