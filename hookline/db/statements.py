"""One SQL text for both engines: `$1` placeholders, turned into SQLite's `?1` where needed, and
values that each driver takes.
"""

import re
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from hookline.models.column_types import to_micros

NOW: Final = {
    "postgres": "now()",
    "sqlite": "cast((julianday('now') - 2440587.5) * 86400000000 as integer)",
}
"""The database's clock: leases end by it, whatever the clocks of their holders say."""
# Times are microseconds on SQLite, where sums of them are plain numbers.
SECONDS: Final = {"postgres": "interval '1 second'", "sqlite": "1000000"}
SKIP_LOCKED: Final = {"postgres": "for update skip locked", "sqlite": ""}
"""SQLite has one writer at a time."""
LOCKED: Final = {"postgres": "for update", "sqlite": ""}


@lru_cache(100)
def for_dialect(sql: str, dialect: str) -> str:
    """sql: with {now}, {second} (multiplied by a number: a time), {locked} and {skip_locked}."""
    return sql.format(
        now=NOW[dialect],
        second=SECONDS[dialect],
        locked=LOCKED[dialect],
        skip_locked=SKIP_LOCKED[dialect],
    )


@lru_cache(1_000)
def for_sqlite(sql: str) -> str:
    # sqlite3 would take `$1` for a named parameter.
    return re.sub(r"\$(\d+)", r"?\1", sql)


def sqlite_value(value: Any) -> Any:  # Any: what a driver takes is not one type
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return to_micros(value)
    return value


def replace_enums(sql: str, *enums: type[IntEnum]) -> str:
    """The statement with each `Enum.MEMBER` of these as its number: SQL reads as Python does, and
    pays nothing for it. Raises KeyError for a member that there is not.

    >>> replace_enums("status = DeliveryState.OPEN", DeliveryState)
    'status = 0'
    """
    known = {enum.__name__: enum for enum in enums}
    return re.sub(
        r"\b(" + "|".join(known) + r")\.([A-Z_]+)\b",
        lambda found: str(int(known[found[1]][found[2]])),
        sql,
    )
