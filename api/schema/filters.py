"""Conditions that several lists share: text that a column equals, and a time that a row lies in.
Times bound the keys too, which are in the order of time and have the index.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.execution.errors import BadInput
from api.schema.node import NOTHING, Info, is_storable
from hookline import ids
from hookline.form.event_names import pattern_fault, type_fault

Row = TypeVar("Row", bound=Model)

CLOCK_SKEW = timedelta(minutes=1)
"""Distance that a row's time and its key's may have: a row may wait for its commit, and the two may
be of different machines' clocks.
"""


def check_event(
    info: Info, environment: str | None, event_type: str | None, name: str = "eventType"
) -> None:
    """Refuses conditions that no event meets, which would be answered with nothing. name: the
    field of the event's type.

    Raises BadInput.
    """
    known = info.context.runtime.settings.environments
    if environment is not None and environment not in known:
        raise BadInput(f"environment must be one of {', '.join(known)}.")
    if event_type is not None and (fault := type_fault(event_type)):
        raise BadInput(f"{name} {fault}.")


def exactly(rows: QuerySet[Row], **wanted: str | None) -> QuerySet[Row]:
    """Returns the rows whose columns equal these texts; None sets no condition."""
    for column, text in wanted.items():
        if text is not None:
            # text that no row can hold finds none; the database would raise
            rows = rows.filter(**{column: text}) if is_storable(text) else rows.filter(id=NOTHING)
    return rows


def of_pattern(
    rows: QuerySet[Row], column: str, pattern: str | None, name: str = "eventPattern"
) -> QuerySet[Row]:
    """Returns the rows whose event type, in this column, a pattern matches; None sets no condition.
    name: the field of the pattern.

    Raises BadInput.
    """
    if pattern is None:
        return rows
    check_pattern(pattern, name)
    # A type has three parts, so that dots say which of them a text is; no part has a dot.
    first, middle, last = pattern.split(".")
    if "*" not in pattern:
        return rows.filter(**{column: pattern})
    if middle == "*":
        wanted = {
            f"{column}__startswith": "" if first == "*" else f"{first}.",
            f"{column}__endswith": "" if last == "*" else f".{last}",
        }
    elif first == last == "*":
        wanted = {f"{column}__contains": f".{middle}."}
    elif first == "*":
        wanted = {f"{column}__endswith": f".{middle}.{last}"}
    else:
        wanted = {f"{column}__startswith": f"{first}.{middle}."}
    return rows.filter(**{name: text for name, text in wanted.items() if text})


def check_pattern(pattern: str, name: str = "eventPattern") -> None:
    """Raises BadInput for a text that is no pattern of event types. name: its field."""
    if fault := pattern_fault(pattern):
        raise BadInput(f"{name} {fault}.")


def within(
    rows: QuerySet[Row], column: str, since: datetime | None, until: datetime | None
) -> QuerySet[Row]:
    """Returns the rows whose time, in this column, is `since` or later and before `until`."""
    bounds = dict[str, Any]()
    if since is not None:
        # the key too: lists go by it, and without a bound a page reads on to the end of the table
        bounds |= {f"{column}__gte": since, "id__gte": ids.first_of(_moved(since, -CLOCK_SKEW))}
    if until is not None:
        bounds |= {f"{column}__lt": until, "id__lt": ids.first_of(_moved(until, CLOCK_SKEW))}
    return rows.filter(**bounds)


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:  # the first or the last minute that there is
        return moment
