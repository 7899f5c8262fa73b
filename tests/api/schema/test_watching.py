"""Subscriptions to deliveries, jobs, audit entries and published events: changes come to those who
may see them, and nobody pays for it while nobody watches.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest

from api.execution.execute import Answer
from hookline import ids
from hookline.access import tokens
from hookline.deliveries import jobs, manual
from hookline.deliveries.jobs import RetryScope
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active
from tests.api.schema.asking import Asker
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    publish,
)
from tests.waiting import eventually
from tests.working import finish_jobs

DELIVERIES = """subscription ($webhookId: ID) { deliveries(webhookId: $webhookId) {
    gap items { id status nextAttemptAt webhook { name } } } }"""
JOBS = "subscription { jobs { gap items { id status } } }"
ENTRIES = """subscription ($id: ID) { auditEntries(subjectId: $id) {
    gap items { action subjectId } } }"""
EVENTS = """subscription ($environment: String) { events(environment: $environment) {
    gap skipped items { id data } } }"""


async def next_batch(stream: AsyncGenerator[Answer, None]) -> Any:
    answer = await asyncio.wait_for(anext(stream), 60)
    assert answer.errors == []
    assert answer.data is not None
    # As it is sent: an event's data is JSON text that is put in as it is.
    [batch] = orjson.loads(orjson.dumps(answer.data)).values()
    return batch


async def items(stream: AsyncGenerator[Answer, None], count: int) -> list[Any]:
    """The items of the next batches, until there are so many."""
    found = list[Any]()
    while len(found) < count:
        batch = await next_batch(stream)
        assert batch["gap"] is False
        found += batch["items"]
    return found


async def begun(stream: AsyncGenerator[Answer, None]) -> None:
    first = await next_batch(stream)
    assert (first["gap"], first["items"]) == (True, [])


async def test_deliveries_come_when_they_are_made_sent_and_cancelled(
    runtime: Runtime, admin: Asker
) -> None:
    webhook, other = await make_webhook(runtime), await make_webhook(runtime)
    before = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    async with admin.following(DELIVERIES, webhookId=ids.encode("wh", webhook.id)) as stream:
        await begun(stream)
        await enqueue(runtime, other.id)
        first, second = await enqueue(runtime, webhook.id, 2)
        made = await items(stream, 2)
        assert {(one["id"], one["status"]) for one in made} == {
            (ids.encode("dlv", key), "PENDING") for key in (first, second)
        }
        rows = {row.id: row for row in await hand.claim(webhook.id, room=3)}
        await hand.begin_to_send(rows[first])
        [sent] = await items(stream, 1)
        assert (sent["id"], sent["status"]) == (ids.encode("dlv", first), "IN_PROGRESS")
        await hand.record(failed(rows[first]))
        again = (await items(stream, 1))[-1]
        assert again["id"] == sent["id"]
        assert again["nextAttemptAt"]
        await hand.give_back(rows[second], rows[before[0]])
        await manual.cancel(runtime.database, SOMEBODY, second)
        while (ended := (await items(stream, 1))[-1])["status"] != "CANCELLED":
            pass
        assert ended["id"] == ids.encode("dlv", second)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_jobs_come_when_they_begin_and_when_they_end(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    async with admin.following(JOBS) as stream:
        await begun(stream)
        job = await jobs.retry_deliveries(
            runtime.database,
            runtime.enqueuer,
            SOMEBODY,
            webhook.id,
            RetryScope.FAILED,
            ago(60),
            None,
            None,
        )
        key = ids.encode("job", job.id)
        assert await items(stream, 1) == [{"id": key, "status": "PENDING"}]
        await finish_jobs(runtime)
        assert await items(stream, 1) == [{"id": key, "status": "SUCCEEDED"}]


async def test_audit_entries_come_as_they_are_written_to_those_who_may_list_them(
    runtime: Runtime, admin: Asker
) -> None:
    webhook, other = await make_webhook(runtime), await make_webhook(runtime)
    key, editor = ids.encode("wh", webhook.id), admin.as_role("editor")
    async with (
        admin.following(ENTRIES) as whole,
        admin.following(ENTRIES, id=key) as of_one,
        editor.following(ENTRIES) as of_webhooks,
    ):
        for stream in (whole, of_one, of_webhooks):
            await begun(stream)
        await tokens.create(runtime.database, WORKSPACE, "new", ["webhooks:read"])
        for hook in (other, webhook):
            await set_webhook_active(runtime, SOMEBODY, hook.id, False)
        changes = [
            {"action": "webhook.update", "subjectId": ids.encode("wh", hook.id)}
            for hook in (other, webhook)
        ]
        # Keys of the same millisecond have no order.
        actions = sorted(one["action"] for one in await items(whole, 3))
        assert actions == ["token.create", "webhook.update", "webhook.update"]
        found = await items(of_webhooks, 2)
        assert sorted(found, key=str) == sorted(changes, key=str)
        assert await items(of_one, 1) == changes[1:]
    assert await admin.as_role("viewer").refused_subscription(ENTRIES) == ["FORBIDDEN"]


async def test_published_events_come_and_of_many_a_sample_that_says_so(
    runtime: Runtime, admin: Asker
) -> None:
    async with (
        admin.following(EVENTS) as stream,
        admin.following(EVENTS, environment="staging") as elsewhere,
    ):
        await begun(stream)
        await begun(elsewhere)
        [one] = await publish(runtime, data={"n": 1})
        assert await items(stream, 1) == [{"id": ids.encode("evt", one), "data": {"n": 1}}]
        many = await publish(runtime, 200)
        batch = await next_batch(stream)
        shown = [node["id"] for node in batch["items"]]
        assert (len(shown), batch["skipped"], batch["gap"]) == (25, 175, False)
        assert shown[-1] == ids.encode("evt", max(many))
        assert set(shown) <= {ids.encode("evt", key) for key in many}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_another_workspace_sees_nothing_of_it(runtime: Runtime, admin: Asker) -> None:
    foreign = admin.in_workspace(await make_workspace(runtime))
    async with foreign.following(EVENTS) as stream, admin.following(EVENTS) as own:
        await begun(stream)
        await begun(own)
        await publish(runtime)
        await items(own, 1)
        mine = await publish(runtime, workspace_id=foreign.workspace_id)
        assert [one["id"] for one in await items(stream, 1)] == [ids.encode("evt", mine[0])]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_watchers_share_one_look_and_the_last_one_ends_it(
    runtime: Runtime, admin: Asker
) -> None:
    assert runtime.watches.is_idle
    async with admin.following(EVENTS) as first:
        await begun(first)
        async with admin.following(EVENTS) as second:
            await begun(second)
            assert len(runtime.watches._watches) == 1
            keys = {ids.encode("evt", key) for key in await publish(runtime, 2)}
            for stream in (first, second):
                assert {one["id"] for one in await items(stream, 2)} == keys
        assert not runtime.watches.is_idle
    await eventually(lambda: runtime.watches.is_idle)


async def test_subscriptions_of_what_there_is_not_are_refused(admin: Asker) -> None:
    text = "subscription { %s { gap } }"
    for field in ('events(environment: "moon")', 'deliveries(eventType: "a")'):
        assert await admin.refused_subscription(text % field) == ["BAD_USER_INPUT"]
    for field in ("events", "deliveries", "jobs"):
        lacking = admin.with_scopes("webhooks:read", "audit:read")
        assert await lacking.refused_subscription(text % field) == ["FORBIDDEN"]
