"""Drift names who changed that field, when and why, whatever was changed since."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hookline import clock
from hookline.models import AuditEntry
from hookline.runtime import Runtime
from hookline.sync.options import Options
from hookline.sync.plan.changes import FieldAuthor
from hookline.sync.policy import DriftPolicy
from hookline.sync.show import report
from hookline.webhooks.change import update_webhook
from hookline.webhooks.ownership import Force
from tests.hookline.sync.apply.state import FORCER, one
from tests.hookline.sync.files import ORDERS, apply, preview, told, webhooks

pytestmark = pytest.mark.engines("sqlite")

OWNED = ORDERS + "timeout: 20s\nconcurrency: 5\n"


async def change(runtime: Runtime, name: str, reason: str, **values: Any) -> None:
    actor = replace(FORCER, name=name)
    await update_webhook(runtime, actor, (await one()).id, values, force=Force(True, reason))


def authors(plan: Any) -> dict[str, tuple[str, str | None]]:
    found = {item.field: item.author for change in plan.changes for item in change.fields}
    return {field: (author.name, author.reason) for field, author in found.items() if author}


async def test_each_field_names_its_own_author(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=OWNED))
    await change(runtime, "support", "incident 7", timeout="25s")
    await change(runtime, "night shift", "too slow", concurrency=9)
    await change(runtime, "editor", "tidy", description="about orders")
    for outcome in (
        await preview(runtime, webhooks(orders=OWNED)),
        await apply(runtime, webhooks(orders=OWNED)),
    ):
        assert authors(outcome.plan) == {
            "timeout": ('token "support"', "incident 7"),
            "concurrency": ('token "night shift"', "too slow"),
        }
        [item, _] = outcome.plan.changes[0].fields
        assert isinstance(item.author, FieldAuthor)
        assert clock.now() - item.author.at < timedelta(minutes=10)
        [block] = outcome.blocked
        assert 'timeout changed by token "support" on 20' in block.message
        assert "UTC: incident 7; concurrency changed by" in block.message
        assert 'timeout 20s → 25s, changed by token "support" on' in report.planned(outcome.plan)


@pytest.mark.engines("sqlite", "postgres")
async def test_what_a_file_left_as_it_was_stays_its_authors(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=OWNED))
    await change(runtime, "support", "incident 7", timeout="25s")
    renamed = OWNED + "name: Orders\n"
    kept = await apply(runtime, webhooks(orders=renamed), Options(on_drift=DriftPolicy.KEEP))
    assert kept.revision is not None
    assert authors((await preview(runtime, webhooks(orders=renamed))).plan) == {
        "timeout": ('token "support"', "incident 7")
    }
    [entry] = await AuditEntry.filter(action="webhook.update", actor_name="storefront")
    assert (entry.before, entry.after) == ({"name": "orders"}, {"name": "Orders"})


async def test_a_released_field_stays_its_authors(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=OWNED))
    await change(runtime, "support", "incident 7", timeout="25s")
    without = OWNED.replace("timeout: 20s\n", "")
    assert told((await apply(runtime, webhooks(orders=without))).plan) == ["RELEASE orders timeout"]
    entry = await AuditEntry.get(action="webhook.release")
    assert (entry.before, entry.after) == ({"lockedFields": ["timeout"]}, {"lockedFields": []})
    again = await preview(runtime, webhooks(orders=OWNED))
    assert told(again.plan) == ["CONFLICT orders timeout"]
    assert authors(again.plan) == {"timeout": ('token "support"', "incident 7")}


async def test_what_was_set_back_is_recorded_with_the_value_that_was_there(
    runtime: Runtime,
) -> None:
    await apply(runtime, webhooks(orders=OWNED))
    await change(runtime, "support", "incident 7", timeout="25s")
    await apply(runtime, webhooks(orders=OWNED), Options(on_drift=DriftPolicy.OVERWRITE))
    [entry] = await AuditEntry.filter(action="webhook.update", actor_name="storefront")
    assert (entry.before, entry.after) == ({"timeout": "25s"}, {"timeout": "20s"})


@pytest.mark.engines("sqlite", "postgres")
async def test_where_nobody_recorded_it_what_is_known_is_told(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=OWNED))
    await change(runtime, "support", "incident 7", timeout="25s")
    await AuditEntry.all().delete()
    outcome = await preview(runtime, webhooks(orders=OWNED))
    assert authors(outcome.plan) == {}
    assert "timeout changed by hand, by whom is not recorded" in outcome.blocked[0].message
    hint = str(outcome.plan.changes[0].hint)
    assert hint.startswith('the webhook was last changed by token "support" on 20')


@pytest.mark.engines("sqlite", "postgres")
async def test_authors_take_one_statement_for_any_number_of_webhooks(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = webhooks(**{f"orders{n}": OWNED for n in range(3)}, orders=OWNED)
    await apply(runtime, wanted)
    await change(runtime, "support", "incident 7", timeout="25s")
    counts = []
    for _ in range(2):
        with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
            await apply(runtime, wanted)
        counts.append(sum(record.name == "tortoise.db_client" for record in caplog.records))
        caplog.clear()
        for n in range(3):
            key = (await one(f"orders{n}")).id
            await update_webhook(runtime, FORCER, key, {"timeout": "9s"}, force=Force(True, "x"))
        caplog.clear()
    assert counts[0] == counts[1]
