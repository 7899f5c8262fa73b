"""Failed deliveries of one webhook or of all of a workspace, in a range of time: how many there
are, and the next ones, part by part. For jobs, and for counts before one begins. Reads only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hookline.db.connection import Reader
from hookline.db.enum_numbers import with_enum_numbers

_MARGIN_MILLIS: Final = 600_000
"""Keys are made a little before or after the times of their rows."""

# `status > 2` is the condition of both indexes. Of all webhooks: not of those that were deleted.
_OWNERS: Final = {
    "webhook": "d.webhook_id = $1",
    "workspace": "d.workspace_id = $1 and exists (select 1 as one from webhook w "
    "where w.id = d.webhook_id and w.deleted_at is null)",
}
_SELECTED: Final = """d.status = DeliveryState.FAILED and d.created_at >= $4 and d.created_at < $5
  and ($6 = '' or d.event_type = $6) and ($7 = '' or d.environment = $7)"""
_IN_RANGE: Final = "d.id > $2 and d.id < $3 and d.status > 2 and "


def _texts(sql: str) -> dict[str, str]:
    return {owner: with_enum_numbers(sql + condition) for owner, condition in _OWNERS.items()}


# The next rows that have ended without success, with whether the search is about them.
NEXT: Final = {
    owner: f"{sql} order by d.id limit $8"
    for owner, sql in _texts(
        f"select d.id, {_SELECTED} as is_selected from delivery d where {_IN_RANGE}"
    ).items()
}
COUNT: Final = {
    owner: f"select count(*) as number from ({sql} limit $8) found"
    for owner, sql in _texts(
        f"select 1 as one from delivery d where {_IN_RANGE} {_SELECTED} and "
    ).items()
}
# The same conditions as jobs.REOPEN, which opens them.
COUNT_SENDABLE: Final = {
    owner: "select count(*) as number, count(distinct webhook_id) as webhooks "
    f"from ({sql} limit $8) found"
    for owner, sql in _texts(
        f"""select d.webhook_id from delivery d where {_IN_RANGE} {_SELECTED}
  and d.lease_token is null and d.manual_at is null
  and exists (select 1 as one from event e
    where e.id = d.event_id and e.data is not null and not e.is_test)
  and not exists (select 1 as one from attempt a
    where a.delivery_id = d.id and a.number = 1 and a.cause = AttemptCause.TEST) and """
    ).items()
}


@dataclass(frozen=True)
class FailedSearch:
    """Failed deliveries that were made from since on, before until. webhook_id: None for all
    webhooks that are not deleted. event_type, environment: empty for any. after: those with
    greater keys alone.
    """

    workspace_id: UUID
    webhook_id: UUID | None
    since: datetime
    until: datetime
    event_type: str = ""
    environment: str = ""
    after: UUID | None = None

    async def next_rows(self, reader: Reader, limit: int) -> list[dict[str, Any]]:
        """Returns the next rows by key: id, and is_selected, which tells those that are asked for
        from others that ended without success.
        """
        return await reader.rows(NEXT[self._owner], *self._values, limit)

    async def count(self, reader: Reader, limit: int) -> int:
        """Counts them, up to a limit."""
        rows = await reader.rows(COUNT[self._owner], *self._values, limit)
        return int(rows[0]["number"])

    async def count_sendable(self, reader: Reader, limit: int) -> tuple[int, int]:
        """Counts those that can be sent again, up to a limit, and their webhooks."""
        rows = await reader.rows(COUNT_SENDABLE[self._owner], *self._values, limit)
        return rows[0]["number"], rows[0]["webhooks"]

    @property
    def _owner(self) -> str:
        return "webhook" if self.webhook_id else "workspace"

    @property
    def _values(self) -> tuple[object, ...]:
        low, high = keys_around(self.since, self.until)
        owner = self.webhook_id or self.workspace_id
        bounds = (self.after or low, high, self.since, self.until)
        return (owner, *bounds, self.event_type, self.environment)


def keys_around(since: datetime, until: datetime) -> tuple[UUID, UUID]:
    """Keys before and after all that were made in a time, generously: a UUIDv7 begins with its
    milliseconds.
    """
    # As numbers: the years 1 and 9999 have no times ten minutes before and after them.
    low = int(since.timestamp() * 1_000) - _MARGIN_MILLIS
    high = int(until.timestamp() * 1_000) + _MARGIN_MILLIS
    return UUID(int=max(0, low) << 80), UUID(int=min(max(0, high), 2**48 - 1) << 80)
