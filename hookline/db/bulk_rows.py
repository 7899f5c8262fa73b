"""Many rows by one call: on PostgreSQL in one statement, new ones by COPY, changes as JSON, and
what all of them have in common once; on SQLite by one statement that is prepared once and run for
each row. Called by the sync and by key rotation; never puts a value into SQL text.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, Final, Protocol
from uuid import UUID

from tortoise.fields import BooleanField, IntField, SmallIntField
from tortoise.models import Model

from hookline.db.connection import Row
from hookline.models.column_types import (
    JsonColumn,
    LinesColumn,
    PackedJsonColumn,
    PackedListColumn,
    TimeColumn,
    UuidColumn,
    json_text,
    to_micros,
)

# Any: a column's value.
Convert = Callable[[Any], Any]
Columns = dict[str, list[Any]]

_NULL: Final = "\\N"
"""The text of null among COPY's lines."""


class Writer(Protocol):
    @property
    def dialect(self) -> str: ...
    async def execute(self, sql: str, *values: Any) -> int: ...
    async def execute_for_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...
    async def copy(self, table: str, columns: Sequence[str], lines: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Rows of a model as its database takes them, all with the same columns, of which `id` is the
    last. values: on SQLite a tuple for each row, without the columns named by shared, which are
    null in all rows; on PostgreSQL COPY's lines of new rows, else a JSON text, and another one with
    the columns named by shared, which have one value for all rows.
    """

    model: type[Model]
    names: tuple[str, ...]
    values: Any
    shared: tuple[str, ...] = ()
    shared_values: str | None = None

    @property
    def parameters(self) -> list[Any]:
        """Those of a statement of PostgreSQL."""
        return [self.values, *([self.shared_values] if self.shared else [])]


def as_texts(model: type[Model], rows: Sequence[Row], base: Row | None = None) -> Columns:
    """The columns of rows that are to be written, by the names of their attributes, as a reader
    finds them afterwards: JSON and lines as text; none of no rows. base: all columns, with the
    values of those that a row leaves out; by default each row has the columns of the first one. In
    a thread where they may be many.
    """
    if not rows:
        return {}
    to_texts = _to_texts(model)
    if base is None:
        return {name: _converted([row[name] for row in rows], to_texts[name]) for name in rows[0]}
    own = set[str]().union(*rows)
    columns = {
        name: [row.get(name, value) for row in rows] if name in own else [value] * len(rows)
        for name, value in base.items()
    }
    return {name: _converted(values, to_texts[name]) for name, values in columns.items()}


def encode_rows(dialect: str, model: type[Model], rows: Sequence[Row]) -> EncodedRows:
    """Encodes rows by the names of their attributes, before a transaction that is to be short. In a
    thread where they may be many.
    """
    return encode_columns(dialect, model, as_texts(model, rows))


def encode_columns(dialect: str, model: type[Model], texts: Columns) -> EncodedRows:
    """Encodes what `as_texts` made of rows."""
    names = (*(name for name in texts if name != "id"), "id")
    converters = _encoders(dialect, model)
    columns = {name: _converted(texts[name], converters[name]) for name in names}
    if dialect == "sqlite":
        # A third of a new webhook's: binding them takes a third of the time of an insert.
        nulls = tuple(name for name, one in columns.items() if one.count(None) == len(one))
        own = {name: values for name, values in columns.items() if name not in nulls}
        return EncodedRows(model, names, [*zip(*own.values(), strict=True)], nulls)
    # PostgreSQL would read and convert them for each row.
    shared = {name: values[0] for name, values in columns.items() if _is_shared(values)}
    own = {name: values for name, values in columns.items() if name not in shared}
    text = json_text([dict(zip(own, row, strict=True)) for row in zip(*own.values(), strict=True)])
    return EncodedRows(model, names, text, (*shared,), json_text(shared) if shared else None)


def encode_new(dialect: str, model: type[Model], texts: Columns) -> EncodedRows:
    """Encodes what `as_texts` made of new rows, for `insert_encoded`."""
    if dialect == "sqlite":
        return encode_columns(dialect, model, texts)
    encoders = _copy_encoders(model)
    shared = tuple(name for name, values in texts.items() if _is_shared(values))
    own = [name for name in texts if name not in shared]
    # The end of each line: two thirds of the columns of 10,000 new webhooks.
    end = "".join(f"\t{_copied(texts[name][:1], encoders[name])[0]}" for name in shared) + "\n"
    columns = [_copied(texts[name], encoders[name]) for name in own]
    lines = end.join(map("\t".join, zip(*columns, strict=True))) + end
    return EncodedRows(model, (*own, *shared), lines.encode())


async def insert_encoded(work: Writer, rows: EncodedRows) -> None:
    """Writes new rows, encoded by `encode_new`."""
    table, names = rows.model._meta.db_table, rows.names
    if work.dialect == "sqlite":
        # 0.3 s for 10,000 webhooks; as JSON, which is parsed for each column, 1.4 s (2026-11).
        columns = ", ".join(f'"{name}"' for name in names)
        places = ", ".join(_place(name, rows) for name in names)
        sql = f"insert into {table} ({columns}) values ({places})"
        await work.execute_for_each(sql, rows.values)
    else:
        # As JSON half as long again, and PostgreSQL converts each value once more (2026-12-01).
        await work.copy(table, names, rows.values)


async def analyze(work: Writer, model: type[Model], *columns: str) -> None:
    """Lets PostgreSQL look at these columns of a table to which this transaction writes thousands
    of rows, so that it knows of them with the commit. Its own look comes a minute later, and until
    then it reads all rows of a table that it takes for an empty one: a list of webhooks took 38 ms
    instead of 5 after 10,000 were made, for each page (2026-12-01). SQLite needs no look. Where
    somebody else looks at the table, or it belongs to another role, nothing happens.
    """
    if work.dialect == "postgres":
        await work.execute(f"analyze (skip_locked) {model._meta.db_table} ({', '.join(columns)})")


async def update_rows(work: Writer, model: type[Model], rows: Sequence[Row]) -> None:
    """Changes rows, found by their `id`, which is among the attributes. Encodes them off the
    loop.
    """
    await update_encoded(work, await asyncio.to_thread(encode_rows, work.dialect, model, rows))


async def update_encoded(work: Writer, rows: EncodedRows) -> None:
    """Changes rows, found by their `id`."""
    model, names, changed = rows.model, rows.names, rows.names[:-1]
    if work.dialect == "sqlite":
        changes = ", ".join(f'"{name}" = {_place(name, rows)}' for name in changed)
        sql = f"update {model._meta.db_table} set {changes} where id = ?"
        await work.execute_for_each(sql, rows.values)
    else:
        table, shared = model._meta.db_table, rows.shared
        changes = ", ".join(f'"{name}" = {_value(name, shared)}' for name in changed)
        source = _source(model, names, shared, 1)
        sql = f"update {table} set {changes} from {source} where {table}.id = r.id"
        await work.execute(sql, *rows.parameters)


@lru_cache(32)
def insert(model: type[Model], names: tuple[str, ...], parameter: int) -> str:
    """The statement of PostgreSQL that writes new rows as JSON, for a part of a larger one.
    parameter: which one holds the rows.
    """
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(_value(name, ()) for name in names)
    return (
        f"insert into {model._meta.db_table} ({columns}) select {values} from "
        f"{_source(model, names, (), parameter)}"
    )


def attributes(row: Model) -> Row:
    """All of a row by the names of its attributes."""
    return {name: getattr(row, name) for name in row._meta.fields_map}


def new_row(model: type[Model], **values: Any) -> Row:
    """All of a new row by the names of its attributes, the model's defaults filled in."""
    return {**_defaults(model), **values}


def load(model: type[Any], row: Row) -> Any:  # Any: the model
    """The model of a raw row of either engine; columns that it does not have are passed over."""
    columns = model._meta.fields_map
    return model(
        **{
            name: columns[name].to_python_value(value)
            for name, value in row.items()
            if name in columns
        }
    )


def view(model: type[Model], row: Row) -> Any:  # Any: the attributes of the model
    """The columns of a raw row as attributes, to be read only: a fifth of the time of `load`."""
    converters = _decoders(model)
    return SimpleNamespace(
        **{
            name: value
            if value is None or (convert := converters[name]) is None
            else convert(value)
            for name, value in row.items()
            if name in converters
        }
    )


def decoded(model: type[Model], row: Row, names: Iterable[str]) -> Row:
    """These columns of a raw row, by the names of their attributes."""
    converters = _decoders(model)
    return {
        name: value
        if (value := row[name]) is None or not (convert := converters[name])
        else convert(value)
        for name in names
    }


def _place(name: str, rows: EncodedRows) -> str:
    """The column's value in a statement of SQLite."""
    return "null" if name in rows.shared else "?"


def _is_shared(values: list[Any]) -> bool:
    return len(values) > 1 and values.count(values[0]) == len(values)


def _converted(values: list[Any], convert: Convert | None) -> list[Any]:
    """Column by column they take half as long as row by row (2026-11)."""
    if convert is None:
        return values
    # By identity, as most cannot be hashed: rows share who changed them, and defaults.
    known: dict[int, Any] = {id(None): None}
    for value in values:
        if (key := id(value)) not in known:
            known[key] = convert(value)
    return [known[id(value)] for value in values]


def _source(
    model: type[Model], names: tuple[str, ...], shared: tuple[str, ...], parameter: int
) -> str:
    """Tables r, of the rows, and s, of what they share."""
    own = _typed(model, [name for name in names if name not in shared])
    rows = f"jsonb_to_recordset(${parameter}::text::jsonb) r({own})"
    if not shared:
        return rows
    return f"{rows}, jsonb_to_record(${parameter + 1}::text::jsonb) s({_typed(model, shared)})"


def _typed(model: type[Model], names: Iterable[str]) -> str:
    return ", ".join(f'"{name}" {_type(model, name)}' for name in names)


def _value(name: str, shared: tuple[str, ...]) -> str:
    return f'{"s" if name in shared else "r"}."{name}"'


def _type(model: type[Model], name: str) -> str:
    match model._meta.fields_map[name]:
        case UuidColumn():
            return "uuid"
        case TimeColumn():
            return "timestamptz"
        case BooleanField():
            return "boolean"
        case IntField() | SmallIntField():
            return "integer"
    return "text"


@lru_cache(16)
def _defaults(model: type[Model]) -> Row:
    return {name: column.default for name, column in model._meta.fields_map.items()}


@lru_cache(16)
def _encoders(dialect: str, model: type[Model]) -> dict[str, Convert | None]:
    """By column, the way of a value that is not null, JSON and lines as text, to the database; None
    for as it is.
    """
    return {name: _encoder(dialect, column) for name, column in model._meta.fields_map.items()}


def _encoder(dialect: str, column: Any) -> Convert | None:
    match column:
        case UuidColumn():
            # asyncpg has a class of its own, which orjson does not know (0.31).
            return str if dialect == "postgres" else _uuid_bytes
        # JSON has it as PostgreSQL reads it.
        case TimeColumn() if dialect == "postgres":
            return None
        case TimeColumn():
            return to_micros
    return None


@lru_cache(16)
def _copy_encoders(model: type[Model]) -> dict[str, Convert]:
    """By column, the way of a value that is not null, JSON and lines as text, into a line of COPY
    (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format").
    """
    return {name: _copy_encoder(column) for name, column in model._meta.fields_map.items()}


def _copy_encoder(column: Any) -> Convert:
    match column:
        case UuidColumn():
            # Without the hyphens, which PostgreSQL needs no more: in half the time.
            return attrgetter("hex")
        case BooleanField() | IntField() | SmallIntField():
            return str
        case TimeColumn():
            return datetime.isoformat
    return _escaped


def _copied(values: list[Any], encode: Convert) -> list[str]:
    """The values of a column as lines of COPY have them."""
    # Most columns need no look at each of their texts.
    if encode is _escaped and None not in values and _escaped(joined := "".join(values)) == joined:
        return values
    return [_NULL if value is None else encode(value) for value in values]


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace("\r", "\\r").replace("\t", "\\t")


@lru_cache(16)
def _to_texts(model: type[Model]) -> dict[str, Convert | None]:
    """By column, the way of a value that is not null to what a reader finds; None for as it is."""
    return {name: _to_text(column) for name, column in model._meta.fields_map.items()}


def _to_text(column: Any) -> Convert | None:
    match column:
        case PackedJsonColumn() | PackedListColumn() | LinesColumn():
            return lambda value: column.to_db_value(value, None)
        case JsonColumn():
            return json_text
    return None


def _uuid_bytes(value: UUID) -> bytes:
    return value.bytes


@lru_cache(16)
def _decoders(model: type[Model]) -> dict[str, Convert | None]:
    """By column, the way of a value that is not null from either database."""
    return {
        name: column.to_python_value
        if isinstance(column, UuidColumn | TimeColumn | JsonColumn | LinesColumn | BooleanField)
        else None
        for name, column in model._meta.fields_map.items()
    }
