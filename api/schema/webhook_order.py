"""Orders of a list of webhooks: by a column, or by a number that is computed of each. Called by
webhook_list.py.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

import strawberry

from api.schema.cursors import BY_NAME, Column, Order
from hookline.models.column_types import to_micros

FAILURE_RATE_OVER: Final = timedelta(hours=24)
"""Within the 48 hours for which statistics are kept by the minute."""
# Microseconds since 1970 of the year 3000: behind all times, and within 64 bits.
_NEVER: Final = 32_503_680_000_000_000
_MILLION: Final = 1_000_000


@strawberry.enum(description="Field that a list of webhooks is sorted by.")
class WebhookOrderField(Enum):
    NAME = strawberry.enum_value("NAME", description="Sort by name.")
    CREATED_AT = strawberry.enum_value("CREATED_AT", description="Sort by time of creation.")
    MODIFIED_AT = strawberry.enum_value(
        "MODIFIED_AT", description="Sort by time of the last change."
    )
    STATUS = strawberry.enum_value(
        "STATUS", description="Sort by status: ascending AUTO_DISABLED, INACTIVE, ACTIVE."
    )
    FAILING_SINCE = strawberry.enum_value(
        "FAILING_SINCE",
        description="Sort by `health.failingSince`: ascending those first that have been failing "
        "for longest. Those that are not failing come last in both directions.",
    )
    LAST_ATTEMPT_AT = strawberry.enum_value(
        "LAST_ATTEMPT_AT",
        description="Sort by `health.lastAttemptAt`. Those without an attempt come last in both "
        "directions.",
    )
    FAILURE_RATE = strawberry.enum_value(
        "FAILURE_RATE",
        description="Sort by the share of failed attempts in the last 24 hours. Those without an "
        "attempt then come last in both directions. The share changes between two pages: a webhook "
        "may be on both or on none of them.",
    )


@strawberry.enum(description="Direction of a sort order.")
class Direction(Enum):
    ASC = strawberry.enum_value("ASC", description="Ascending: A to Z, oldest first.")
    DESC = strawberry.enum_value("DESC", description="Descending: Z to A, newest first.")


@strawberry.input(description="Sort order of webhooks.")
class WebhookOrder:
    field: WebhookOrderField = strawberry.field(description="Field to sort by.")
    direction: Direction = strawberry.field(description="Direction of the order.")


_COLUMNS: Final = {
    WebhookOrderField.NAME: Column("name", str),
    WebhookOrderField.CREATED_AT: Column("created_at", datetime),
    WebhookOrderField.MODIFIED_AT: Column("modified_at", datetime),
}
_STATUS: Final = """case
  when deleted_at is not null or not is_active then 1
  when auto_disabled_at is not null then 0
  else 2 end"""
_TIMES: Final = {
    WebhookOrderField.FAILING_SINCE: "failing_since",
    WebhookOrderField.LAST_ATTEMPT_AT: "last_attempt_at",
}
# In millionths, so that a cursor holds it exactly. By the primary key of webhook_stat: the counters
# of one day of each webhook of the workspace, whatever others there are.
_FAILURE_RATE: Final = """coalesce((
  select cast(sum(s.failures) * {million} / sum(s.attempts) as bigint) from webhook_stat s
  where s.webhook_id = webhook.id and s.step = 60 and s.at >= {since} and s.attempts > 0
), {last})"""


def order_of(wanted: WebhookOrder | None, dialect: str, now: datetime) -> Order:
    """The order of a list, with cursors of its own. Without an index but for the names': the
    webhooks of a workspace are sorted, which takes 10,000 of them some milliseconds.
    """
    field = WebhookOrderField.NAME if wanted is None else wanted.field
    is_descending = wanted is not None and wanted.direction is Direction.DESC
    # The default order by any of its two names: cursors of one go on in the other.
    if field is WebhookOrderField.NAME and not is_descending:
        return BY_NAME
    column = _COLUMNS.get(field) or Column(
        "order_key", int, _expression(field, dialect, now, is_descending)
    )
    direction = "desc" if is_descending else "asc"
    name = f"{field.name.lower()}-{direction}"
    return Order(name, (column, Column("id", UUID)), is_descending)


def _expression(field: WebhookOrderField, dialect: str, now: datetime, is_descending: bool) -> str:
    """SQL of a number that is never null. Of no value at all it is the last in this direction."""
    if field is WebhookOrderField.STATUS:
        return _STATUS
    if column := _TIMES.get(field):
        return f"coalesce({_micros(column, dialect)}, {-1 if is_descending else _NEVER})"
    # Of a whole minute: the text of the statement is one for a minute, and its plan is kept.
    since = (now - FAILURE_RATE_OVER).replace(second=0, microsecond=0)
    return _FAILURE_RATE.format(
        million=_MILLION,
        since=to_micros(since) if dialect == "sqlite" else f"'{since.isoformat()}'::timestamptz",
        last=-1 if is_descending else _MILLION + 1,
    )


def _micros(column: str, dialect: str) -> str:
    """Microseconds since 1970, as SQLite has them anyway."""
    return (
        column if dialect == "sqlite" else f"cast(extract(epoch from {column}) * 1000000 as bigint)"
    )
