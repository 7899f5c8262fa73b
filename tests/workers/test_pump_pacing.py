"""Rate limits in the pump, with real receivers: everything arrives in its time, and what waits for
its slot holds nobody's room.
"""

from hookline.models import Delivery, DeliveryState
from hookline.runtime import Runtime
from hookline.webhooks.change import update_webhook
from tests.making import SOMEBODY, make_webhook, publish
from tests.receivers import Receiver
from tests.waiting import eventually
from tests.working import pumping


async def test_everything_arrives_in_its_time(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, rateLimit="100/s")
        await publish(runtime, 60)
        received = await receiver.wait_for(60)
        assert len({request.header("webhook-id") for request in received}) == 60


async def test_what_waits_for_its_slot_holds_nobodys_room(runtime: Runtime) -> None:
    async with Receiver() as slow, Receiver() as free, pumping(runtime):
        limited = await make_webhook(runtime, slow.url, rateLimit="1/m")
        other = await make_webhook(runtime, free.url, events=["order.*.*"])
        await publish(runtime, 200)
        await publish(runtime, 200)
        await free.wait_for(400)
        assert len(slow.requests) == 1
        assert not await Delivery.filter(webhook_id=limited.id, lease_token__isnull=False).exists()

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
        await update_webhook(runtime, SOMEBODY, webhook.id, {"rateLimit": None})
        await receiver.wait_for(5)
