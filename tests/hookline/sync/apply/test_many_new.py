"""Statistics of PostgreSQL once an apply of many new webhooks is committed."""

import asyncpg
import pytest

from hookline.runtime import Runtime
from tests.hookline.sync.files import ORDERS, apply, webhooks

pytestmark = pytest.mark.engines("postgres")

KNOWN = """
select count(*) from pg_stats where schemaname = current_schema and tablename = 'webhook'
and attname in ('workspace_id', 'deleted_at')"""


@pytest.mark.parametrize(("least", "known"), [(3, 2), (4, 0)])
async def test_lists_are_planned_well_as_soon_as_many_new_webhooks_are_committed(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, least: int, known: int
) -> None:
    monkeypatch.setattr("hookline.sync.apply.writing._MANY_ROWS", least)
    await apply(runtime, webhooks(**dict.fromkeys(("one", "two", "three"), ORDERS)))
    assert (await runtime.database.reader().rows(KNOWN))[0]["count"] == known


async def test_an_apply_goes_on_where_somebody_else_looks_at_its_table(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookline.sync.apply.writing._MANY_ROWS", 1)
    other = await asyncpg.connect(runtime.settings.postgres_dsn)
    try:
        async with other.transaction():
            # As VACUUM and ANALYZE hold it.
            await other.execute("lock table webhook in share update exclusive mode")
            outcome = await apply(runtime, webhooks(one=ORDERS))
    finally:
        await other.close()
    assert outcome.revision is not None
    assert (await runtime.database.reader().rows(KNOWN))[0]["count"] == 0
