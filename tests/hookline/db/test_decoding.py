"""Columns of both golden schemas: whatever PostgreSQL gives as a UUID or a time, a row of SQLite
becomes by the names that the decoder knows.
"""

import re
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hookline.db.decoding import decode_rows
from hookline.ids import uuid7

GOLDEN = Path(__file__).parents[2] / "golden"
COLUMN = re.compile(r"column (\w+)\.(\w+) (.+?)(?: not null| default .*)*")
NATIVE = {"uuid": UUID, "timestamp with time zone": datetime}
STORED = {"BLOB": uuid7().bytes, "INTEGER": 1_764_000_000_000_000, "BIGINT": 7, "SMALLINT": 7}
OF_TORTOISE = "tortoise_migrations"  # its own table, which no statement of ours reads

Columns = dict[tuple[str, str], str]  # the type by table and column


def postgres_columns() -> Columns:
    lines = (GOLDEN / "schema.postgres.sql").read_text("utf-8").splitlines()
    found = [column for line in lines if (column := COLUMN.fullmatch(line))]
    return {(table, name): kind for table, name, kind in (column.groups() for column in found)}


def sqlite_columns() -> Columns:
    lines = (GOLDEN / "schema.sqlite.sql").read_text("utf-8").splitlines()
    tables = [line for line in lines if line.lower().startswith("create table")]
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript("".join(tables))
        rows = database.execute(
            "select t.name, c.name, c.type from sqlite_master t, pragma_table_info(t.name) c "
            "where t.type = 'table' and t.name not like 'sqlite_%'"
        ).fetchall()
    return {(table, name): kind for table, name, kind in rows}


def decoded(name: str, value: Any) -> Any:
    row = {name: value}
    decode_rows([row])
    return row[name]


def test_both_schemas_have_the_same_columns() -> None:
    assert postgres_columns().keys() == sqlite_columns().keys()


def test_every_id_and_time_of_a_table_is_decoded_as_postgresql_gives_it() -> None:
    native, stored = postgres_columns(), sqlite_columns()
    wanted = {
        column: NATIVE[kind]
        for column, kind in native.items()
        if kind in NATIVE and column[0] != OF_TORTOISE
    }

    undecoded = [
        f"{table}.{name}"
        for (table, name), kind in wanted.items()
        if type(decoded(name, STORED[stored[table, name]])) is not kind
    ]

    assert len(wanted) > 80  # the list is there
    assert undecoded == [], "name it *_id or *_at, or add it to hookline.db.decoding"


def test_a_column_of_another_kind_stays_as_it_is() -> None:
    native = postgres_columns()
    changed = [
        f"{table}.{name}"
        for (table, name), kind in sqlite_columns().items()
        if native[table, name] not in NATIVE
        and kind in STORED
        and decoded(name, STORED[kind]) != STORED[kind]
    ]

    assert changed == []
