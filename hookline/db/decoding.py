"""Ids and times of SQLite's rows as PostgreSQL gives them: UUIDs and aware datetimes. A column is
known by its name (a computed one by what follows `as`: SQLite declares no type for it) and by its
value's class. Called by the reader and by the queue's loads.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from hookline.models.column_types import from_micros

_IDS: Final = frozenset({"id", "token", "lease_token", "leader", "position"})
_TIMES: Final = frozenset({"at", "failing_since", "paced_until", "leased_until"})

Decode = Callable[[Any], Any]  # Any: a column's value


def decode_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Decodes the rows of one statement where they are."""
    if not rows:
        return
    columns = _decoders(tuple(rows[0]))
    for row in rows:
        for name, decode in columns:
            row[name] = decode(row[name])


@lru_cache(500)
def _decoders(names: tuple[str, ...]) -> tuple[tuple[str, Decode], ...]:
    """The columns that hold an id or a time, each with what decodes it."""
    ids = [(name, _id) for name in names if name in _IDS or name.endswith("_id")]
    times = [(name, _time) for name in names if name in _TIMES or name.endswith("_at")]
    return (*ids, *times)


def _id(value: Any) -> Any:
    # a position of the activity is a number, a request's id a text
    return UUID(bytes=value) if isinstance(value, bytes) else value


def _time(value: Any) -> Any:
    return from_micros(value) if isinstance(value, int) else value
