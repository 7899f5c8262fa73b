"""Many rows in one statement, on both engines: the rows go as one JSON parameter. Called by store;
never puts a value into SQL text.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from tortoise.fields import BooleanField, IntField, SmallIntField
from tortoise.models import Model

from hookline.db.connection import Row
from hookline.models.column_types import Instant, TimeColumn, UuidColumn, to_micros


@lru_cache(32)
def insert(dialect: str, model: type[Model], names: tuple[str, ...], parameter: int = 1) -> str:
    """The statement that writes new rows. names: of the columns; parameter: which one holds the
    rows.
    """
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(_value(dialect, model, name) for name in names)
    return (
        f"insert into {model._meta.db_table} ({columns}) select {values} from "
        f"{_source(dialect, model, names, parameter)}"
    )


@lru_cache(32)
def update(dialect: str, model: type[Model], names: tuple[str, ...]) -> str:
    """The statement that changes rows, found by their id. names: of the columns, `id`
    among them.
    """
    changes = ", ".join(
        f'"{name}" = {_value(dialect, model, name)}' for name in names if name != "id"
    )
    table = model._meta.db_table
    return (
        f"update {table} set {changes} from {_source(dialect, model, names, 1)} where "
        f"{table}.id = {_value(dialect, model, 'id')}"
    )


def encode(dialect: str, model: type[Model], rows: Iterable[Row]) -> str:
    """The parameter for rows by the names of their attributes."""
    return orjson.dumps(
        [{name: _plain(dialect, model, name, value) for name, value in row.items()} for row in rows]
    ).decode()


def names_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns of rows that all have the same."""
    return tuple(rows[0])


def attributes(row: Model) -> Row:
    """All of a row by the names of its attributes."""
    return {name: getattr(row, name) for name in row._meta.fields_map}


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


def _source(dialect: str, model: type[Model], names: tuple[str, ...], parameter: int) -> str:
    if dialect == "sqlite":
        # One parameter however many rows: no limit of placeholders, and one prepared text.
        return f"json_each(${parameter}) r"
    columns = ", ".join(f'"{name}" {_type(model, name)}' for name in names)
    return f"jsonb_to_recordset(${parameter}::text::jsonb) r({columns})"


def _value(dialect: str, model: type[Model], name: str) -> str:
    if dialect == "postgres":
        return f'r."{name}"'
    value = f"r.value ->> '{name}'"
    return f"uuid_blob({value})" if isinstance(model._meta.fields_map[name], UuidColumn) else value


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


def _plain(dialect: str, model: type[Any], name: str, value: Any) -> Any:
    stored = model._meta.fields_map[name].to_db_value(value, None)
    if isinstance(stored, UUID):
        return str(stored)
    if isinstance(stored, Instant):
        return to_micros(stored) if dialect == "sqlite" else stored.isoformat()
    return stored
