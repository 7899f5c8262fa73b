"""A receiver fails, is switched off, or Hookline itself dies: nothing accepted is lost, every try
is on record.
"""

from tests.flows.installation import Installation, Json
from tests.receivers import Receiver, Reply
from tests.waiting import eventually

DELIVERY = """query($event: ID!) { deliveries(filter: { eventId: $event }) { nodes {
  id status attemptCount attempts(last: 20) { nodes { number outcome cause statusCode } } } } }"""


async def delivery_of(hookline: Installation, published: Json) -> Json:
    return (await hookline.graphql(DELIVERY, event=published["event"]["id"]))["deliveries"][
        "nodes"
    ][0]


async def test_a_failing_receiver_is_tried_again_and_each_try_is_logged(
    hookline: Installation,
) -> None:
    async with Receiver(replies=[Reply(500), Reply(503), Reply(200)]) as receiver:
        await hookline.create_webhook(receiver.url, retry={"schedule": ["1s", "1s"]})
        published = await hookline.publish({"n": 1})
        await receiver.wait_for(3)

        async def is_done() -> bool:
            return bool((await delivery_of(hookline, published))["status"] == "SUCCEEDED")

        await eventually(is_done)
        tries = (await delivery_of(hookline, published))["attempts"]["nodes"]
        assert sorted(
            (one["number"], one["outcome"], one["cause"], one["statusCode"]) for one in tries
        ) == [
            (1, "FAILED", "PUBLISH", 500),
            (2, "FAILED", "RETRY", 503),
            (3, "SUCCEEDED", "RETRY", 200),
        ]
        assert len({request.header("webhook-id") for request in receiver.requests}) == 1


async def test_switched_off_holds_and_switched_on_delivers(hookline: Installation) -> None:
    async with Receiver(replies=[Reply(500), Reply(200)]) as receiver:
        webhook = await hookline.create_webhook(receiver.url, retry={"schedule": ["2s"]})
        published = await hookline.publish({"n": 1})
        await receiver.wait_for(1)
        await hookline.mutate("webhookSetActive", "webhook { status }", id=webhook, active=False)

        async def is_held() -> bool:
            return bool((await delivery_of(hookline, published))["status"] == "HELD")

        await eventually(is_held)
        assert (await hookline.publish({"n": 2}))["deliveryCount"] == 0
        await hookline.mutate("webhookSetActive", "webhook { status }", id=webhook, active=True)
        await receiver.wait_for(2)


async def test_a_failed_delivery_can_be_sent_again_by_hand(hookline: Installation) -> None:
    async with Receiver(replies=[Reply(410), Reply(200)]) as receiver:
        await hookline.create_webhook(receiver.url)
        published = await hookline.publish({"n": 1})
        await receiver.wait_for(1)

        async def status() -> str:
            return str((await delivery_of(hookline, published))["status"])

        async def is_failed() -> bool:
            return await status() == "FAILED"

        async def is_succeeded() -> bool:
            return await status() == "SUCCEEDED"

        await eventually(is_failed)
        await hookline.mutate(
            "deliveryRetry", "delivery { id }", id=(await delivery_of(hookline, published))["id"]
        )
        await receiver.wait_for(2)
        await eventually(is_succeeded)
        assert len(receiver.requests) == 2


async def test_the_same_key_publishes_once(hookline: Installation) -> None:
    async with Receiver() as receiver:
        await hookline.create_webhook(receiver.url)
        first = await hookline.publish({"n": 1}, idempotencyKey="k-1")
        second = await hookline.publish({"n": 1}, idempotencyKey="k-1")
        assert (first["duplicate"], second["duplicate"]) == (False, True)
        assert second["event"]["id"] == first["event"]["id"]
        await hookline.publish({"n": 2})
        await receiver.wait_for(2)
        assert len(receiver.requests) == 2


async def test_a_worker_killed_in_the_middle_loses_nothing(own_hookline: Installation) -> None:
    hookline = own_hookline
    async with Receiver() as receiver:
        receiver.gate.clear()  # requests arrive and get no answer
        await hookline.create_webhook(receiver.url)
        published = [await hookline.publish({"n": n}) for n in range(5)]
        await receiver.wait_for(5)
        await hookline.kill("serve" if hookline.is_sqlite else "worker")
        receiver.gate.set()
        hookline.start_process("serve" if hookline.is_sqlite else "worker")

        async def all_are_done() -> bool:
            states = [(await delivery_of(hookline, one))["status"] for one in published]
            return states == ["SUCCEEDED"] * 5

        await eventually(hookline.is_ready)
        await eventually(all_are_done)
        tries = (await delivery_of(hookline, published[0]))["attempts"]["nodes"]
        assert sorted(one["outcome"] for one in tries) == ["SUCCEEDED", "UNKNOWN"]
        assert len({request.header("webhook-id") for request in receiver.requests}) == 5
