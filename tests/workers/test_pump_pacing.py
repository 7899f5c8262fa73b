"""Rate limits in the pump, with real receivers: everything arrives in its time, and what waits for
its slot holds nobody's room.
"""

from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from hookline.clock import monotonic
from hookline.deliveries.queue.base import NothingClaimed, Queue
from hookline.models import Delivery, DeliveryState, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import update_webhook
from tests.making import SOMEBODY, enqueue, make_webhook, publish
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.working import pumping

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]


async def test_everything_arrives_in_its_time(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, rateLimit="100/s")
        began = monotonic()
        await publish(runtime, 60)
        received = await receiver.wait_for(60)
        # Ten at once, then one each 10 ms; a slow machine takes longer.
        assert monotonic() - began >= 0.45
        assert len({request.header("webhook-id") for request in received}) == 60


async def test_what_waits_for_its_slot_holds_nobodys_room(runtime: Runtime) -> None:
    async with Receiver() as slow, Receiver() as free, pumping(runtime):
        limited = await make_webhook(runtime, slow.url, rateLimit="1/m")
        other = await make_webhook(runtime, free.url, events=["order.*.*"])
        await publish(runtime, 200)
        await publish(runtime, 200)
        await free.wait_for(400)
        assert len(slow.requests) == 1
        # The one that was sent has its room until it is recorded, a moment later.
        await eventually(lambda: waits_for_its_slot(limited.id))

        async def all_recorded() -> bool:
            return (
                await Delivery.filter(webhook_id=other.id, status=DeliveryState.SUCCEEDED).count()
                == 400
            )

        await eventually(all_recorded)


async def test_limit_that_is_taken_away_lets_the_rest_go_at_once(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, rateLimit="1/m")
        await publish(runtime, 5)
        await receiver.wait_for(1)
        await eventually(lambda: waits_for_its_slot(webhook.id))
        assert len(receiver.requests) == 1
        await update_webhook(runtime, SOMEBODY, webhook.id, {"rateLimit": None})
        await receiver.wait_for(5)


async def waits_for_its_slot(webhook_id: UUID) -> bool:
    """True when it has taken a slot and holds nothing."""
    return (
        await Webhook.filter(id=webhook_id, paced_until__isnull=False).exists()
        and not await Delivery.filter(webhook_id=webhook_id, lease_token__isnull=False).exists()
    )


async def test_limit_that_is_given_holds_for_the_backlog(runtime: Runtime) -> None:
    async with Receiver() as receiver:
        receiver.gate.clear()
        webhook = await make_webhook(runtime, receiver.url, concurrency=1)
        await publish(runtime, 200)
        async with pumping(runtime) as pump:
            await receiver.wait_for(1)
            await update_webhook(runtime, SOMEBODY, webhook.id, {"rateLimit": "1/m"})
            await eventually(
                lambda: (lane := pump.leases.lane(webhook.id)) and lane.target.rate is not None
            )
            receiver.gate.set()
            await eventually(lambda: waits_for_its_slot(webhook.id))
            # the one that was on the wire, and the first slot's
            assert len(receiver.requests) == 2


@pytest.mark.engines("sqlite", "postgres")
async def test_limit_of_a_webhook_that_was_unknown_when_it_was_named_holds(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, pumping(runtime) as pump:
        runtime.registry._unsubscribe()  # the announcement comes after the wake-up
        webhook = await make_webhook(runtime, receiver.url, rateLimit="1/m")
        await enqueue(runtime, webhook.id, 20)
        pump.wake([webhook.id])
        await eventually(lambda: waits_for_its_slot(webhook.id))
        assert len(receiver.requests) == 1


class RollsBackOnce:
    """The real queue, whose database rolls the first claim of each kind back."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self.rolled_back = queue, set[str]()

    def __getattr__(self, name: str) -> Any:
        if name in ("claim", "claim_paced") and name not in self.rolled_back:
            self.rolled_back.add(name)
            return self._roll_back
        return getattr(self._queue, name)

    async def _roll_back(self, *_: object) -> None:
        raise NothingClaimed("canceling statement due to lock timeout")


async def test_claim_that_was_rolled_back_costs_no_lease(runtime: Runtime) -> None:
    queue = RollsBackOnce(runtime.queue)
    async with Receiver() as receiver:
        await make_webhook(runtime, receiver.url, rateLimit="600/s")
        await make_webhook(runtime, receiver.url)
        await publish(runtime, 5)
        async with pumping(replace(runtime, queue=cast(Queue, queue))) as pump:
            token = await eventually(lambda: pump.leases.token)
            await receiver.wait_for(10)
            assert queue.rolled_back == {"claim", "claim_paced"}
            assert pump.leases.token is token
