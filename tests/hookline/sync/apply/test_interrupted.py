"""Applies that end in the middle: whichever statement fails, nothing of the apply is left."""

from typing import Any

import pytest

from hookline.errors import Unavailable
from hookline.models import AuditEntry, SyncRevision, SyncSet, Webhook, Workspace
from hookline.runtime import Runtime
from tests.hookline.sync.files import ORDERS, apply, preview, told, webhooks
from tests.making import activity

WRITES = (
    ("webhook", "insert"),
    ("webhook", "update"),
    ("sync_set", "update"),
    ("sync_revision", "insert"),
    ("audit_entry", "insert"),
    ("workspace", "update"),
    ("activity", "insert"),
)
FAILING = {
    "sqlite": (
        "create trigger failing before {verb} on {table} begin select raise(abort, 'cut'); end",
    ),
    "postgres": (
        "create function cut() returns trigger language plpgsql as "
        "$$ begin raise exception 'cut' using errcode = 'check_violation'; end $$",
        "create trigger failing before {verb} on {table} for each row execute function cut()",
    ),
}
MENDED = {
    "sqlite": ("drop trigger failing",),
    "postgres": ("drop trigger failing on {table}", "drop function cut()"),
}


async def run(runtime: Runtime, statements: dict[str, tuple[str, ...]], **names: str) -> None:
    async with runtime.database.unit_of_work() as work:
        for sql in statements[work.dialect]:
            await work.execute(sql.format(**names))


async def everything(runtime: Runtime) -> list[Any]:
    models = (Webhook, SyncSet, SyncRevision, AuditEntry, Workspace)
    rows = [await model.all().order_by("id").values() for model in models]
    return [*rows, await activity(runtime)]


async def test_an_apply_that_fails_at_any_statement_leaves_nothing_and_can_be_repeated(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(stays=ORDERS, changes=ORDERS, goes=ORDERS))
    wanted = webhooks(stays=ORDERS, changes=ORDERS + "timeout: 20s", comes=ORDERS)
    before = await everything(runtime)
    for table, verb in WRITES:
        await run(runtime, FAILING, table=table, verb=verb)
        with pytest.raises(Unavailable):
            await apply(runtime, wanted, idempotency_key="k")
        await run(runtime, MENDED, table=table)
        assert await everything(runtime) == before, (table, verb)
    outcome = await apply(runtime, wanted, idempotency_key="k")
    assert outcome.revision is not None
    assert (outcome.revision.number, await Webhook.all().count()) == (2, 4)
    assert told((await preview(runtime, wanted)).plan) == []
