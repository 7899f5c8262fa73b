"""Subscriptions: query, then subscribe after the cursor of that query, and nothing is missed."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType

from api.execution.execute import Answer
from hookline import ids
from hookline.activity.cursors import encode_cursor
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.api.schema.asking import EXECUTION, Asker
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    succeeded,
)
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

ATTEMPTS = """subscription ($webhookId: ID, $outcome: [AttemptOutcome!], $environment: String,
  $after: String) {
    attempts(webhookId: $webhookId, outcome: $outcome, environment: $environment, after: $after) {
        cursor gap node { id outcome webhook { id name } delivery { id status } requestBody } } }"""
CHANGES = (
    "subscription ($after: String) { webhookChanges(after: $after) { cursor gap kind node { "
    "id name active deletedAt } } }"
)


async def take(stream: AsyncGenerator[Answer, None], count: int) -> list[Any]:
    """The next events of a subscription, all without errors."""
    taken = []
    for _ in range(count):
        answer = await asyncio.wait_for(anext(stream), 60)
        assert answer.errors == []
        assert answer.data is not None
        [event] = answer.data.values()
        taken.append(event)
    return taken


async def now(admin: Asker) -> str:
    cursor: str = (await admin.data("{ liveCursor }"))["liveCursor"]
    return cursor


async def end_one(runtime: Runtime, hand: Hand, webhook_id: Any, ended: Any = succeeded) -> None:
    await enqueue(runtime, webhook_id)
    await hand.record(ended(await hand.claim_one(webhook_id)))
    runtime.hub.publish("activity", f"{WORKSPACE} 0")  # as the recorder does


@pytest.mark.engines("sqlite", "postgres")
async def test_attempts_since_the_cursor_are_replayed_and_then_live(admin: Asker) -> None:
    webhook, hand = await make_webhook(admin.runtime), await Hand.begin(admin.runtime)
    cursor = await now(admin)
    await end_one(admin.runtime, hand, webhook.id)
    async with admin.following(ATTEMPTS, after=cursor) as stream:
        [first] = await take(stream, 1)
        await end_one(admin.runtime, hand, webhook.id, failed)
        [second] = await take(stream, 1)
    assert [event["node"]["outcome"] for event in (first, second)] == ["SUCCEEDED", "FAILED"]
    assert (first["gap"], first["node"]["webhook"], first["node"]["delivery"]["status"]) == (
        False,
        {"id": ids.encode("wh", webhook.id), "name": "Orders"},
        "SUCCEEDED",
    )
    assert first["node"]["requestBody"].startswith('{"id":"evt_')
    async with admin.following(ATTEMPTS, after=first["cursor"]) as stream:
        assert await take(stream, 1) == [second]


async def test_attempts_that_nobody_asked_for_are_skipped(admin: Asker) -> None:
    webhook, other = await make_webhook(admin.runtime), await make_webhook(admin.runtime)
    hand, cursor = await Hand.begin(admin.runtime), await now(admin)
    for hook, ended in ((other, failed), (webhook, succeeded), (webhook, failed)):
        await end_one(admin.runtime, hand, hook.id, ended)
    async with admin.following(
        ATTEMPTS,
        after=cursor,
        webhookId=ids.encode("wh", webhook.id),
        outcome=["FAILED"],
        environment="production",
    ) as stream:
        [event] = await take(stream, 1)
    assert (event["node"]["outcome"], event["node"]["webhook"]["id"]) == (
        "FAILED",
        ids.encode("wh", webhook.id),
    )


FILTERED = """subscription ($filter: AttemptFilter, $after: String) {
    attempts(filter: $filter, after: $after) { gap node { id } } }"""
LISTED = "query ($filter: AttemptFilter) { attempts(filter: $filter) { nodes { id } } }"


@pytest.mark.engines("sqlite")
async def test_attempts_are_followed_by_every_condition_of_their_list(admin: Asker) -> None:
    runtime, cursor = admin.runtime, await now(admin)
    webhook, other = await make_webhook(runtime), await make_webhook(runtime)
    hand = await Hand.begin(runtime)
    for hook in (webhook, other):
        await enqueue(runtime, hook.id, 3)
        rows = await hand.claim(hook.id, room=3)
        no_answer = failed(rows[2], status_code=None, error_code="TIMEOUT")
        await hand.record(succeeded(rows[0]), failed(rows[1]), no_answer)
    first = (await admin.data("{ deliveries(last: 1) { nodes { id event { id } } } }"))[
        "deliveries"
    ]["nodes"][0]
    tried = set[str]()
    conditions: tuple[dict[str, Any], ...] = (
        {"webhookId": ids.encode("wh", webhook.id)},
        {"deliveryId": first["id"]},
        {"eventId": first["event"]["id"]},
        {"eventPattern": "order.*.create", "statusClass": [2]},
        {"eventPattern": "*.order.delete"},
        {"outcome": ["FAILED"]},
        {"statusClass": [2, 5]},
        {"statusClass": [5]},
        {"cause": ["PUBLISH"], "outcome": ["SUCCEEDED"]},
        {"cause": ["MANUAL"]},
        {"eventType": "order.order.create", "statusClass": [2]},
        {"eventType": "order.order.delete"},
        {"environment": "staging"},
        {"since": ago(60).isoformat(), "until": ago(-60).isoformat()},
        {"since": ago(-60).isoformat()},
        {"until": ago(60).isoformat()},
    )
    for wanted in conditions:
        listed = (await admin.data(LISTED, filter=wanted))["attempts"]["nodes"]
        assert len(listed) < 6 or "since" in wanted
        async with admin.following(FILTERED, filter=wanted, after=cursor) as stream:
            found = await take(stream, len(listed))
            assert {one["node"]["id"] for one in found} == {one["id"] for one in listed}
        tried |= wanted.keys()
    kind = EXECUTION._builder._schema.type_map["AttemptFilter"]
    assert isinstance(kind, GraphQLInputObjectType)
    # A condition that is new is followed too.
    assert tried == kind.fields.keys()


async def test_conditions_that_no_attempt_meets_do_not_start_a_subscription(admin: Asker) -> None:
    for wanted in ({"statusClass": [0]}, {"environment": "moon"}, {"eventType": "a"}):
        assert await admin.refused_subscription(FILTERED, filter=wanted) == ["BAD_USER_INPUT"]


async def test_changes_of_webhooks_come_with_their_kind_in_order(admin: Asker) -> None:
    cursor = await now(admin)
    webhook = await make_webhook(admin.runtime)
    async with admin.following(CHANGES, after=cursor) as stream:
        [created] = await take(stream, 1)
        await update_webhook(admin.runtime, SOMEBODY, webhook.id, {"name": "New"})
        [updated] = await take(stream, 1)
        for is_active in (False, True):
            await set_webhook_active(admin.runtime, SOMEBODY, webhook.id, is_active)
        switched = await take(stream, 2)
        await delete_webhook(admin.runtime, SOMEBODY, webhook.id)
        [deleted] = await take(stream, 1)
    kinds = [event["kind"] for event in (created, updated, *switched, deleted)]
    assert kinds == ["CREATED", "UPDATED", "DEACTIVATED", "ACTIVATED", "DELETED"]
    assert (updated["node"]["name"], deleted["node"]["id"]) == ("New", ids.encode("wh", webhook.id))
    assert deleted["node"]["deletedAt"]


async def test_a_cursor_from_the_future_is_a_gap_and_then_live(admin: Asker) -> None:
    await make_webhook(admin.runtime)
    async with admin.following(CHANGES, after=encode_cursor(1_000_000)) as stream:
        [gap] = await take(stream, 1)
        await make_webhook(admin.runtime)
        [event] = await take(stream, 1)
    assert (gap["gap"], gap["node"], gap["kind"]) == (True, None, None)
    assert (event["gap"], event["kind"]) == (False, "CREATED")


async def test_each_event_reads_its_webhook_anew(admin: Asker) -> None:
    webhook, hand = await make_webhook(admin.runtime), await Hand.begin(admin.runtime)
    async with admin.following(ATTEMPTS, after=await now(admin)) as stream:
        names = []
        for name in ("One", "Two"):
            await update_webhook(admin.runtime, SOMEBODY, webhook.id, {"name": name})
            await end_one(admin.runtime, hand, webhook.id)
            [event] = await take(stream, 1)
            names.append(event["node"]["webhook"]["name"])
    assert names == ["One", "Two"]


async def test_another_workspaces_attempts_are_never_heard(admin: Asker) -> None:
    stranger, cursor = await make_workspace(admin.runtime), await now(admin)
    theirs, mine = (
        await make_webhook(admin.runtime, workspace_id=stranger),
        await make_webhook(admin.runtime),
    )
    hand = await Hand.begin(admin.runtime)
    await enqueue(admin.runtime, theirs.id, workspace_id=stranger)
    await hand.record(succeeded(await hand.claim_one(theirs.id)), workspace_id=stranger)
    await end_one(admin.runtime, hand, mine.id)
    async with admin.following(ATTEMPTS, after=cursor) as stream:
        [event] = await take(stream, 1)
    assert event["node"]["webhook"]["id"] == ids.encode("wh", mine.id)


@each_of("role, text", [("publisher", ATTEMPTS), ("publisher", CHANGES)])
async def test_a_subscription_without_its_scope_does_not_start(
    admin: Asker, role: str, text: str
) -> None:
    assert await admin.as_role(role).refused_subscription(text) == ["FORBIDDEN"]


@each_of("variables", [{"after": "nonsense"}, {"after": ""}, {"webhookId": "nonsense"}])
async def test_a_subscription_with_a_malformed_argument_does_not_start(
    admin: Asker, variables: dict[str, str]
) -> None:
    assert await admin.refused_subscription(ATTEMPTS, **variables) == ["BAD_USER_INPUT"]


async def test_a_live_cursor_needs_its_scope(admin: Asker) -> None:
    assert await admin.as_role("publisher").codes("{ liveCursor }") == ["FORBIDDEN"]
