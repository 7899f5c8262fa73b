"""Times in which a webhook was off, with what it would have received: rows of webhook_pause, which
a trigger on the webhook writes. Read by `missed`, which looks at single events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import orjson

from hookline.db.connection import Reader
from hookline.deliveries.matching import MatchIndex
from hookline.form.filters import CompiledFilter, compile_filter
from hookline.models.column_types import split_lines

SKEW: Final = timedelta(seconds=30)
"""An event that met the webhook off may have been received so long before it went off, or after it
went on: by another machine's clock, or because the event or the switch waited for its commit.
"""
PAUSES_READ: Final = 1_000
"""The most that are read at a time."""

_COLUMNS: Final = """select p.webhook_id, p.number, p.off_at, p.on_at, p.began_at, p.ended_at,
  p.cause, p.actor, p.environments, p.events, p.event_filter from webhook_pause p"""
# Those of a webhook between two times.
OF_WEBHOOK: Final = (
    _COLUMNS
    + """
where p.workspace_id = $1 and p.webhook_id = $2
  and p.began_at < $4 and (p.ended_at is null or p.ended_at > $3)
order by p.number {direction} limit $5"""
)
# Those of all webhooks at a time, after one of them; deleted webhooks too.
AT: Final = (
    _COLUMNS
    + """
where p.workspace_id = $1 and p.webhook_id > $2
  and p.began_at <= $4 and (p.ended_at is null or p.ended_at >= $3)
order by p.webhook_id, p.number limit $5"""
)
LAST: Final = """
select off_at from webhook_pause where workspace_id = $1 and webhook_id = $2
order by number desc limit 1"""


class Form:
    """The part of a webhook that decides which events it gets, whatever its switch says."""

    is_on = True

    def __init__(
        self, key: UUID, environments: Sequence[str], events: Sequence[str], conditions: Any
    ) -> None:
        self.id, self.environments, self.events = key, tuple(environments), tuple(events)
        self.conditions = conditions
        # Matched by patterns alone: the filter is asked apart, with the data of few events.
        self.filter: CompiledFilter | None = None

    @cached_property
    def asked(self) -> CompiledFilter | None:
        """The filter, or None."""
        return compile_filter(self.conditions) if self.conditions else None

    @cached_property
    def _index(self) -> MatchIndex:
        return MatchIndex([self])

    def may_want(self, environment: str, event_type: str) -> bool:
        """True when a pattern matches."""
        return bool(self._index.match(environment, event_type).ids)


@dataclass(frozen=True)
class Pause:
    """A time in which a webhook was off and had one form. ended_at: None while it is. off_at,
    on_at: when it went off and on again, whatever was edited in between. cause: INACTIVE, or the
    reason for which it was turned off by itself. actor: who turned it off, as rows keep it; None
    when nobody did.
    """

    webhook_id: UUID
    number: int
    off_at: datetime
    on_at: datetime | None
    began_at: datetime
    ended_at: datetime | None
    cause: str
    actor: dict[str, Any] | None
    form: Form

    def holds(self, at: datetime, margin: timedelta = timedelta()) -> bool:
        return self.began_at - margin <= at and (
            self.ended_at is None or at <= self.ended_at + margin
        )


def pauses_at(pauses: Sequence[Pause], at: datetime) -> list[Pause]:
    """The pauses of one webhook that an event of this time may have met: those that hold it, else
    those that nearly do. Between two that follow each other the line is sharp, since the webhook
    was off on both sides of it.
    """
    return [pause for pause in pauses if pause.holds(at)] or [
        pause for pause in pauses if pause.holds(at, SKEW)
    ]


async def pauses_of(
    reader: Reader,
    workspace_id: UUID,
    webhook_id: UUID,
    since: datetime,
    until: datetime,
    *,
    is_ascending: bool,
) -> list[Pause]:
    """Reads a webhook's pauses between two times, up to PAUSES_READ, oldest or newest first."""
    sql = OF_WEBHOOK.format(direction="asc" if is_ascending else "desc")
    rows = await reader.rows(
        sql, workspace_id, webhook_id, shifted(since, -SKEW), shifted(until, SKEW), PAUSES_READ
    )
    return [_pause(row) for row in rows]


async def all_pauses_at(
    reader: Reader, workspace_id: UUID, at: datetime, after: UUID
) -> list[Pause]:
    """Reads the pauses of a workspace's webhooks that an event of this time may have met, up to
    PAUSES_READ, by webhook, those after a key first.
    """
    rows = await reader.rows(AT, workspace_id, after, at - SKEW, at + SKEW, PAUSES_READ)
    return [_pause(row) for row in rows]


async def off_since(reader: Reader, workspace_id: UUID, webhook_id: UUID) -> datetime | None:
    """The time at which the webhook went off last."""
    rows = await reader.rows(LAST, workspace_id, webhook_id)
    return rows[0]["off_at"] if rows else None


def shifted(at: datetime, by: timedelta) -> datetime:
    """The time, moved; itself where the calendar ends."""
    # The years 1 and 9999 have no times before and after them.
    try:
        return at + by
    except OverflowError:
        return at


def _pause(row: dict[str, Any]) -> Pause:
    conditions = row["event_filter"]
    form = Form(
        row["webhook_id"],
        split_lines(row["environments"]),
        split_lines(row["events"]),
        orjson.loads(conditions) if conditions else None,
    )
    return Pause(
        row["webhook_id"],
        row["number"],
        row["off_at"],
        row["on_at"],
        row["began_at"],
        row["ended_at"],
        row["cause"],
        orjson.loads(row["actor"]) if row["cause"] == "INACTIVE" else None,
        form,
    )
