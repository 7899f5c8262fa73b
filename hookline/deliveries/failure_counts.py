"""Failed attempts by reason: status class and error code. Called by the API. The counters of
statistics know neither, so that a record writes no more of them; the attempts themselves are
counted, as far as the newest 10,000 failures go.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from hookline import clock, ids
from hookline.db.connection import Reader
from hookline.db.enum_numbers import with_enum_numbers

COUNTED: Final = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Between an attempt's time and its key's, which may be of two machines' clocks.
_SKEW: Final = timedelta(minutes=1)
# By the partial indexes of failed attempts, newest first; the keys bound what is read, and are in
# the order of time but for a minute.
_COUNTS: Final = with_enum_numbers("""
select error_code, status_code / 100 as status_class, count(*) as attempts from (
  select error_code, status_code from attempt
  where {column} = $1 and workspace_id = $2 and outcome > 2 and id >= $3 and id < $4
    and started_at >= $5 and started_at < $6 and outcome = AttemptOutcome.FAILED
  order by id desc limit {limit}) newest
group by 1, 2 order by 3 desc, 1, 2""")
OF_WORKSPACE: Final = _COUNTS.format(column="workspace_id", limit=COUNTED)
OF_WEBHOOK: Final = _COUNTS.format(column="webhook_id", limit=COUNTED)


class CountedReason(NamedTuple):
    """error_code: an AttemptError. status_class: of the response, None if there was none."""

    error_code: str | None
    status_class: int | None
    attempts: int


async def count(
    reader: Reader,
    workspace_id: UUID,
    webhook_id: UUID | None,
    since: datetime,
    until: datetime,
) -> Sequence[CountedReason]:
    """Reasons of the failed attempts that began in this time, the most frequent first; of the
    newest COUNTED.
    """
    sql, owner = (OF_WORKSPACE, workspace_id) if webhook_id is None else (OF_WEBHOOK, webhook_id)
    since = max(since, _EPOCH)
    # What begins later than tomorrow there is none of; a year 9999 has no minute behind it.
    until = min(until, clock.now() + timedelta(days=1))
    low, high = ids.first_of(max(since - _SKEW, _EPOCH)), ids.first_of(max(until + _SKEW, _EPOCH))
    rows = await reader.rows(sql, owner, workspace_id, low, high, since, until)
    return [CountedReason(row["error_code"], row["status_class"], row["attempts"]) for row in rows]
