"""Sending again by hand, on both databases: what may be sent again, what is refused and why; and
what waits.
"""

from uuid import UUID

import pytest

from hookline.access.actor import Actor
from hookline.deliveries import manual
from hookline.errors import Code, Refused
from hookline.ids import uuid7
from hookline.messaging.wakeups import MANUAL_PREFIX
from hookline.models import Delivery, DeliveryState
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    set_column,
    succeeded,
)
from tests.waiting import eventually

pytestmark = pytest.mark.engines("sqlite")


async def refusal(
    runtime: Runtime, delivery_id: UUID, workspace_id: UUID = WORKSPACE
) -> tuple[Code, tuple[str, ...]]:
    """The reason for which it is not sent again. Nothing was asked for and nobody woken."""
    received = list[str]()
    end = runtime.hub.subscribe("wake", received.append)
    with pytest.raises(Refused) as refused:
        await manual.retry(
            runtime.database, runtime.wakeups, Actor(workspace_id, "tester"), delivery_id
        )
    end()
    # the publish's own may come late
    assert not [text for text in received if text.startswith(MANUAL_PREFIX)]
    assert not await Delivery.filter(manual_at__isnull=False).exists()
    [problem] = refused.value.problems
    return problem.code, problem.field


async def test_delivery_that_waits_is_asked_for_and_whoever_sends_is_woken(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    before, received = await Delivery.get(id=key), list[str]()
    runtime.hub.subscribe("wake", received.append)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
    after = await Delivery.get(id=key)
    assert after.manual_at is not None
    assert (after.next_attempt_at, after.schedule_step, after.status) == (
        before.next_attempt_at,
        0,
        DeliveryState.OPEN,
    )
    await eventually(lambda: MANUAL_PREFIX + str(webhook.id) in received)


@pytest.mark.engines("sqlite", "postgres")
@pytest.mark.parametrize(
    "state", [DeliveryState.SUCCEEDED, DeliveryState.FAILED, DeliveryState.CANCELLED]
)
async def test_finished_delivery_may_be_sent_again_and_stays_what_it_is_until_then(
    runtime: Runtime, state: DeliveryState
) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    await set_column(runtime, "delivery", "status", int(state), [key])
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
    assert (await Delivery.get(id=key)).status == state
    assert (await (await Hand.begin(runtime)).claim_one(webhook.id)).is_manual


async def test_held_delivery_may_be_sent_while_its_webhook_is_off(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
    assert [row.id for row in await (await Hand.begin(runtime)).claim(webhook.id)] == [key]


@pytest.mark.engines("sqlite", "postgres")
async def test_asking_twice_sends_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
    await hand.record(failed(await hand.claim_one(webhook.id)))
    assert await hand.claim(webhook.id) == []


async def test_delivery_that_is_not_there_is_not_found(runtime: Runtime) -> None:
    assert await refusal(runtime, uuid7()) == (Code.NOT_FOUND, ("id",))


async def test_another_workspaces_delivery_is_not_found(runtime: Runtime) -> None:
    other = await make_workspace(runtime)
    [key] = await enqueue(
        runtime, (await make_webhook(runtime, workspace_id=other)).id, workspace_id=other
    )
    assert await refusal(runtime, key) == (Code.NOT_FOUND, ("id",))
    await manual.retry(runtime.database, runtime.wakeups, Actor(other, "tester"), key)


@pytest.mark.engines("sqlite", "postgres")
async def test_delivery_on_its_way_is_not_sent_beside_it(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    assert await refusal(runtime, key) == (Code.NOT_ALLOWED, ("id",))
    await hand.record(succeeded(row))
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)


async def test_delivery_of_a_deleted_webhook_has_nowhere_to_go(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert await refusal(runtime, key) == (Code.NOT_ALLOWED, ("id",))


async def test_delivery_whose_data_is_gone_has_expired(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    await set_column(runtime, "event", "data", None, [(await Delivery.get(id=key)).event_id])
    assert await refusal(runtime, key) == (Code.DATA_EXPIRED, ("id",))


@pytest.mark.engines("sqlite", "postgres")
async def test_backlog_counts_what_is_open(runtime: Runtime) -> None:
    busy, idle = await make_webhook(runtime), await make_webhook(runtime)
    keys = await enqueue(runtime, busy.id, 5)
    await set_column(runtime, "delivery", "status", int(DeliveryState.SUCCEEDED), keys[:2])
    assert await manual.backlogs(runtime.database.reader(), [busy.id, idle.id]) == {
        busy.id: 3,
        idle.id: 0,
    }
    assert await manual.backlogs(runtime.database.reader(), []) == {}
