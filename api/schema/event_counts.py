"""Counts of published events by pattern, and published types that the catalogue lacks.
hookline.events.type_counts reads them.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.auth import require
from api.execution.errors import BadInput
from api.schema.filters import check_event
from api.schema.node import Info
from hookline.events import type_counts
from hookline.events.type_counts import COUNTED, TYPES_LIMIT
from hookline.form.event_names import pattern_fault

MOST_PATTERNS: Final = 100
MOST_TYPES: Final = 100


@strawberry.type(description="Number of events that a pattern matches.")
class EventPatternCount:
    pattern: str = strawberry.field(description="The pattern as it was given.")
    events: int | None = strawberry.field(
        description="Number of events that it matches. Null for a text that is no pattern."
    )


@strawberry.type(description="Events of the last 24 hours by pattern, without those of tests.")
class EventPatternCounts:
    counts: list[EventPatternCount] = strawberry.field(
        description="A count for each pattern, in the order of the argument."
    )
    exact: bool = strawberry.field(
        description=f"False if there were {COUNTED:,} events or more, of which the newest "
        f"{COUNTED:,} are counted."
    )
    since: datetime = strawberry.field(
        description="Time since which all events are counted: 24 hours ago, or later if `exact` is "
        "false."
    )


@strawberry.type(description="A type of published events that the catalogue lacks.")
class UnlistedEventType:
    name: str = strawberry.field(description="Name of the type: object.model.action.")
    last_received_at: datetime = strawberry.field(
        description="Time of receipt of its newest event."
    )


@strawberry.type(description="Types of published events that the catalogue lacks.")
class UnlistedEventTypes:
    types: list[UnlistedEventType] = strawberry.field(
        description=f"The first {MOST_TYPES} of these types, by name."
    )
    exact: bool = strawberry.field(
        description=f"False if there are more than {MOST_TYPES} of them, or more than "
        f"{TYPES_LIMIT:,} types of events on the server, of which the first {TYPES_LIMIT:,} by "
        "name are looked at."
    )


@strawberry.type
class EventCountQuery:
    @strawberry.field(
        description="Returns how many events of the last 24 hours each pattern matches, of the "
        "newest 100,000. Filters of webhooks are not asked. Requires the scope deliveries:read."
    )
    async def event_pattern_counts(
        self,
        info: Info,
        patterns: Annotated[
            list[str],
            strawberry.argument(
                description="Patterns object.model.action; * stands for any one segment. At most "
                f"{MOST_PATTERNS}."
            ),
        ],
        environments: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Environments whose events are counted. All by default."
            ),
        ] = None,
    ) -> EventPatternCounts | None:
        actor = require(info, "deliveries:read")
        if len(patterns) > MOST_PATTERNS:
            raise BadInput(f"patterns must have at most {MOST_PATTERNS} items.")
        for environment in environments or ():
            check_event(info, environment, None)
        async with info.context.reading() as reader:
            day = await type_counts.count_day(reader, actor.workspace_id, info.context.now)
        # In a thread: there may be as many types as events.
        found = await asyncio.to_thread(
            type_counts.count_by_pattern, day.counts, patterns, frozenset(environments or ())
        )
        counts = [
            EventPatternCount(pattern=text, events=None if pattern_fault(text) else found[text])
            for text in patterns
        ]
        return EventPatternCounts(counts=counts, exact=day.is_exact, since=day.since)

    @strawberry.field(
        description="Returns types of published events that the catalogue lacks. Requires the "
        "scope deliveries:read."
    )
    async def unlisted_event_types(
        self,
        info: Info,
        search: Annotated[
            str | None,
            strawberry.argument(description="Text that the name contains. All by default."),
        ] = None,
    ) -> UnlistedEventTypes | None:
        actor = require(info, "deliveries:read")
        async with info.context.reading() as reader:
            unlisted = await type_counts.unlisted_types(reader, actor.workspace_id)
            names = [name for name in unlisted.names if not search or search.lower() in name]
            shown = names[:MOST_TYPES]
            last = await type_counts.last_received(reader, actor.workspace_id, shown)
        types = [
            UnlistedEventType(name=name, last_received_at=last[name])
            for name in shown
            # One that was purged between the two statements is no more.
            if name in last
        ]
        is_exact = unlisted.is_exact and len(names) <= MOST_TYPES
        return UnlistedEventTypes(types=types, exact=is_exact)
