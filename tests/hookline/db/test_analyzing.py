"""PostgreSQL's statistics of a table that thousands of rows were written to at once."""

import pytest

from hookline.runtime import Runtime
from tests.making import make_webhook
from tests.waiting import eventually

ROWS = "select reltuples::int as count from pg_class where oid = 'webhook'::regclass"


@pytest.mark.engines("postgres")
async def test_a_table_is_looked_at_beside_what_others_do(runtime: Runtime) -> None:
    async def count() -> int:
        return int((await runtime.database.reader().rows(ROWS))[0]["count"])

    for _ in range(3):
        await make_webhook(runtime)
    runtime.database.analyze_soon("webhook")

    async def is_known() -> bool:
        return await count() == 3

    await eventually(is_known)


@pytest.mark.engines("postgres")
async def test_a_look_that_fails_is_told_in_the_log_alone(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hookline.db.connection")
    runtime.database.analyze_soon("no_such_table")
    await eventually(lambda: "table not analyzed table=no_such_table" in caplog.text)


@pytest.mark.engines("sqlite")
async def test_sqlite_needs_no_look(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    runtime.database.analyze_soon("webhook")
    await make_webhook(runtime)
    assert "analyze" not in caplog.text


@pytest.mark.engines("postgres")
async def test_a_database_closes_while_it_looks(runtime: Runtime) -> None:
    async with runtime.database.unit_of_work() as work:
        # The look waits for this one.
        await work.execute("lock table webhook in share row exclusive mode")
        runtime.database.analyze_soon("webhook")
        await eventually(lambda: runtime.database._analyzing)
    await runtime.database.close()
    assert not runtime.database._analyzing
    await runtime.database.open()
