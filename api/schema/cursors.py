"""Cursors of lists: the order's name and the key values of one row, as opaque text. `connections`
writes and reads them. A cursor must never be trusted: it comes back from outside, so each part is
checked against the order's own types.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tortoise.expressions import RawSQL
from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.execution.errors import BadInput

# The longest name (100 characters beyond the BMP, escaped) makes a cursor of 1,676.
LONGEST_CURSOR = 2_000

Row = TypeVar("Row", bound=Model)
Key = str | int | datetime | UUID


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order, and the type of its values. It must never be null. sql: computes it
    of each row, under this name; None: the table has it.
    """

    name: str
    type: type[str] | type[int] | type[datetime] | type[UUID]
    sql: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: by its columns, all in the same direction; the last one is unique. name:
    stands in its cursors, behind the list's own.
    """

    name: str
    columns: tuple[Column, ...]
    is_descending: bool = False

    def key_of(self, row: Any) -> tuple[Key, ...]:
        return tuple(getattr(row, column.name) for column in self.columns)

    def with_computed(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """The rows with the columns that are computed, so that they can be filtered and sorted."""
        computed = {
            column.name: RawSQL(column.sql) for column in self.columns if column.sql is not None
        }
        return rows.annotate(**computed) if computed else rows

    def in_list(self, name: str) -> "Order":
        """Returns this order as one of this list alone: its cursors are refused by other lists."""
        return replace(self, name=f"{name} {self.name}")


NEWEST_FIRST = Order("newest", (Column("id", UUID),), is_descending=True)
BY_NAME = Order("name", (Column("name", str), Column("id", UUID)))


def write_cursor(order: Order, key: Sequence[Key]) -> str:
    """Returns opaque text: base64url, without padding, of a JSON list of the order's name and the
    values.
    """
    parts = [order.name, *(value if isinstance(value, int) else _text(value) for value in key)]
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(order: Order, cursor: str) -> tuple[Key, ...]:
    """Returns the key values in a cursor of this order.

    Raises BadInput for text that `write_cursor` could not have written, and for a cursor of another
    list or order.
    """
    try:
        name, values = _decode(cursor)
        if name != order.name:
            raise BadInput(
                "The cursor belongs to another list, or to this one in another order. Use cursors "
                "of this list only."
            )
        key = tuple(
            _value(column, value) for column, value in zip(order.columns, values, strict=True)
        )
        # one text for each key: base64, UUIDs and times can be written in several ways
        if write_cursor(order, key) != cursor:
            raise ValueError("written by somebody else")
    # a cursor may hold JSON that is nested too deep for the decoder
    except (ValueError, RecursionError):
        raise BadInput(
            "The cursor is malformed. Use an endCursor, a startCursor or an edge's cursor as it "
            "came."
        ) from None
    return key


def _text(value: str | datetime | UUID) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _decode(cursor: str) -> tuple[Any, list[Any]]:
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError("too long")
    parts = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    if type(parts) is not list or not parts:
        raise ValueError("no list")
    return parts[0], parts[1:]


def _value(column: Column, value: Any) -> Key:
    # type() and not isinstance(): true is an int too; beyond 64 bits the driver raises
    if column.type is int and type(value) is int and -(2**63) <= value < 2**63:
        return value
    if column.type is int or type(value) is not str:
        raise ValueError(column.name)
    if column.type is UUID:
        return UUID(value)
    if column.type is datetime:
        return _aware(datetime.fromisoformat(value))
    # PostgreSQL has no text with NUL
    if "\x00" in value:
        raise ValueError(column.name)
    value.encode()  # a lone surrogate, which no database takes, is a ValueError too
    return value


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment
