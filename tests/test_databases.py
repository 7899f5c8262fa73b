"""Databases that tests use one after the other come back as new."""

import asyncio

import asyncpg
import pytest

from tests.databases import Databases


def run(url: str, statement: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())


def test_rows_go_and_the_schema_s_own_come_back(databases: Databases) -> None:
    with databases.lent() as url:
        first = run(url, "select * from workspace")
        run(url, "delete from workspace_activity")
        run(url, "update workspace set name = 'It''s \\mine'")

    with databases.lent() as again:
        assert again == url
        assert run(again, "select * from workspace") == first
        assert len(run(again, "select * from workspace_activity")) == 1


def test_a_table_that_grew_is_empty_again(databases: Databases) -> None:
    grow = "insert into vault_key select g, repeat('x', 100) from generate_series(1, 9000) g"
    with databases.lent() as url:
        run(url, grow)

    with databases.lent() as again:
        assert again == url
        assert not run(again, "select * from vault_key")


@pytest.mark.parametrize(
    "change",
    [
        "create table something (a integer)",
        "alter table webhook add column something integer",
        "alter table event add constraint never check (type <> '')",
        "create function something() returns integer language sql as 'select 1'",
        "analyze workspace",
    ],
)
def test_one_whose_shape_was_changed_is_never_lent_again(databases: Databases, change: str) -> None:
    with databases.lent() as url:
        run(url, change)

    with databases.lent() as another:
        assert another != url


def test_what_still_holds_a_connection_is_cut_off(databases: Databases) -> None:
    with asyncio.Runner() as runner:
        with databases.lent() as url:
            holder = runner.run(asyncpg.connect(url))
            runner.run(holder.execute("begin; lock table delivery in access exclusive mode"))

        with databases.lent() as again:
            assert again == url
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            runner.run(holder.execute("commit"))
