"""Column types for the models. Frozen: migrations import this module, a type never changes its
meaning. One Python value on both engines: UUIDs are native on PostgreSQL and 16 bytes on SQLite,
times timestamptz and microseconds since 1970, JSON is text (it keeps its key order), lines are text
(`\\nproduction\\nstaging\\n`: a search for one item is a plain substring).
"""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from tortoise.fields.base import Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MANY_ITEMS = 500


def to_micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


# sqlite3 adapts by the exact class.
class Instant(datetime):
    """An aware datetime on its way to the database (SQLite's adapter knows this class and leaves
    other datetimes alone).
    """


class UuidColumn(Field[UUID], UUID):
    SQL_TYPE = "UUID"

    class _db_sqlite:
        SQL_TYPE = "BLOB"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return value

    def to_python_value(self, value: Any) -> Any:
        return UUID(bytes=value) if isinstance(value, bytes) else value


class TimeColumn(Field[datetime], datetime):
    SQL_TYPE = "TIMESTAMPTZ"

    class _db_sqlite:
        SQL_TYPE = "INTEGER"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return value and Instant.fromtimestamp(0, UTC) + (value - _EPOCH)

    def to_python_value(self, value: Any) -> Any:
        return from_micros(value) if isinstance(value, int) else value


# bytes and Field have no common layout for mypy
class BytesColumn(Field[bytes], bytes):  # type: ignore[misc]
    SQL_TYPE = "BYTEA"

    class _db_sqlite:
        SQL_TYPE = "BLOB"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return value


class JsonColumn(Field[Any]):
    """Any JSON value as text, which keeps the order of its keys."""

    SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return None if value is None else json_text(value)

    def to_python_value(self, value: Any) -> Any:
        return orjson.loads(value) if isinstance(value, str) else value


class PackedJsonColumn(JsonColumn):
    """JSON that may be megabytes and that no SQL looks into: a long text is compressed (RFC 1950)
    and in base64, behind PACKED, with which no JSON begins.
    """

    PACKED = "zlib:"
    _LONGEST_PLAIN = 10_000

    def to_db_value(self, value: Any, instance: Any) -> Any:
        text = super().to_db_value(value, instance)
        if text is None or len(text) <= self._LONGEST_PLAIN:
            return text
        # The fastest level: what 10,000 webhooks have is a twentieth then, in 0.02 s, and the
        # interpreter is free meanwhile.
        return self.PACKED + b64encode(zlib.compress(text.encode(), 1)).decode()

    def to_python_value(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(self.PACKED):
            value = zlib.decompress(b64decode(value[len(self.PACKED) :])).decode()
        return super().to_python_value(value)


class PackedListColumn(JsonColumn):
    """A list of JSON that may have thousands of items, of which SQL takes some: a JSON list of
    their number and of parts with PART items each, every part a list or, where it is long, a text
    as PackedJsonColumn makes it.
    """

    PART = 100

    def to_db_value(self, value: Any, instance: Any) -> Any:
        if value is None:
            return None
        pack = PackedJsonColumn().to_db_value
        parts = [
            text if text.startswith("[") else f'"{text}"'
            for start in range(0, len(value), self.PART)
            if (text := pack(value[start : start + self.PART], instance))
        ]
        return f"[{','.join([str(len(value)), *parts])}]"

    def to_python_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return [item for part in orjson.loads(value)[1:] for item in self.items_of(part)]

    @staticmethod
    def items_of(part: Any) -> list[Any]:
        """The items of a part: a list, its JSON, or a text that is compressed."""
        items: list[Any] = PackedJsonColumn().to_python_value(part)
        return items


class LinesColumn(Field[tuple[str, ...]]):
    """A list of texts, one per line, with a break at both ends (`\\nproduction\\nstaging\\n`), so
    that a search for one item is a plain substring.
    """

    SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: Any) -> Any:
        return value if isinstance(value, str) else join_lines(value)

    def to_python_value(self, value: Any) -> Any:
        return split_lines(value) if isinstance(value, str) else tuple(value or ())


def json_text(value: Any) -> str:
    """The JSON of a value. Of many items one by one, as orjson keeps the interpreter's lock until
    it is done, in a thread too: all webhooks of a set of 10,000 are 6 MB.
    """
    if isinstance(value, (dict, list)) and len(value) >= _MANY_ITEMS:
        return _json_of_many(value)
    return orjson.dumps(value).decode()


def _json_of_many(value: dict[Any, Any] | list[Any]) -> str:
    dumps = orjson.dumps
    if isinstance(value, list):
        return f"[{','.join([dumps(item).decode() for item in value])}]"
    # Keys of another kind are for orjson to refuse.
    if {*map(type, value)} != {str}:
        return dumps(value).decode()
    pairs = [f"{dumps(key).decode()}:{dumps(item).decode()}" for key, item in value.items()]
    return f"{{{','.join(pairs)}}}"


def join_lines(items: Iterable[str]) -> str:
    return "\n".join(("", *items, ""))


def split_lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")[1:-1])
