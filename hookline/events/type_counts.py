"""Types of published events: how many of a day's events patterns match, and which types the
catalogue lacks. Called by the API; reads a bounded number of rows, newest first.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from hookline import ids
from hookline.db.connection import Reader
from hookline.form.event_names import patterns_of

COUNTED: Final = 100_000
"""Newest events that are looked at."""
SPAN: Final = timedelta(hours=24)
TYPES_LIMIT: Final = 10_000
"""Types, of all workspaces, that are looked at."""
# By the index of a workspace's events. Counted by the database, so that a row comes back for each
# type and not for each event.
COUNTS: Final = f"""
select type, environment, count(*) as events, min(received_at) as first_at from (
  select type, environment, received_at from event
  where workspace_id = $1 and id >= $2 and received_at >= $3 and not is_test
  order by id desc limit {COUNTED}) newest
group by type, environment"""
# Goes from type to type by the index of events by type, whose first column it is: an event more of
# a type costs nothing.
UNLISTED: Final = f"""
with recursive known (type, number) as (
  select (select min(type) from event), 1
  union all
  select (select min(e.type) from event e where e.type > known.type), known.number + 1
  from known where known.type is not null and known.number < {TYPES_LIMIT} + 1)
select type, number, exists (
    select 1 as one from event e
    where e.type = known.type and e.workspace_id = $1 and not e.is_test)
  and not exists (
    select 1 as one from event_type t where t.workspace_id = $1 and t.name = known.type)
  as is_unlisted
from known where type is not null"""
# A seek for each type: a group would read all events of the types.
LAST: Final = """
select asked.type, (
  select e.received_at from event e
  where e.type = asked.type and e.workspace_id = $1 and not e.is_test
  order by e.id desc limit 1) as last_at
from ({}) asked"""


class TypeCount(NamedTuple):
    event_type: str
    environment: str
    events: int


class DayCounts(NamedTuple):
    """Events of a day by type and environment. since: the time from which all were looked at."""

    counts: Sequence[TypeCount]
    is_exact: bool
    since: datetime


class UnlistedTypes(NamedTuple):
    """Names of types, in their order. is_exact: all types were looked at."""

    names: Sequence[str]
    is_exact: bool


async def count_day(reader: Reader, workspace_id: UUID, now: datetime) -> DayCounts:
    """Counts the events of the last 24 hours, of the newest COUNTED; without those of tests."""
    since = now - SPAN
    # A row's time and its key's may be of two machines' clocks.
    low = ids.first_of(since - timedelta(minutes=1))
    rows = await reader.rows(COUNTS, workspace_id, low, since)
    counts = [TypeCount(row["type"], row["environment"], row["events"]) for row in rows]
    is_exact = sum(one.events for one in counts) < COUNTED
    if not is_exact:
        since = max(since, min(row["first_at"] for row in rows))
    return DayCounts(counts, is_exact, since)


def count_by_pattern(
    counts: Sequence[TypeCount], patterns: Sequence[str], environments: Collection[str]
) -> dict[str, int]:
    """Number of events that each pattern matches. environments: those that count; empty: all."""
    found = dict.fromkeys(patterns, 0)
    for one in counts:
        if not environments or one.environment in environments:
            # Eight lookups, however many patterns there are.
            for pattern in patterns_of(one.event_type):
                if pattern in found:
                    found[pattern] += one.events
    return found


async def unlisted_types(reader: Reader, workspace_id: UUID) -> UnlistedTypes:
    """Types of the workspace's events that its catalogue lacks, of the first TYPES_LIMIT types."""
    rows = await reader.rows(UNLISTED, workspace_id)
    names = [row["type"] for row in rows if row["is_unlisted"]]
    return UnlistedTypes(names[:TYPES_LIMIT], len(rows) <= TYPES_LIMIT)


async def last_received(
    reader: Reader, workspace_id: UUID, types: Sequence[str]
) -> dict[str, datetime]:
    """Time of the newest event of each type."""
    if not types:
        return {}
    asked = " union all ".join(
        f"select cast(${number} as text) as type" for number in range(2, len(types) + 2)
    )
    rows = await reader.rows(LAST.format(asked), workspace_id, *types)
    return {row["type"]: row["last_at"] for row in rows if row["last_at"] is not None}
