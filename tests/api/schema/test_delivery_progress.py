"""Progress of a delivery by GraphQL: on the wire or waiting, and the time of the next attempt."""

import pytest

from hookline import ids
from hookline.deliveries import manual
from hookline.models import Attempt
from tests.api.schema.asking import Asker
from tests.making import SOMEBODY, Hand, ago, enqueue, failed, make_webhook, set_column, succeeded


@pytest.mark.engines("sqlite")
async def test_only_what_is_on_the_wire_is_in_progress_and_counts_an_attempt(admin: Asker) -> None:
    webhook, hand = await make_webhook(admin.runtime), await Hand.begin(admin.runtime)
    await enqueue(admin.runtime, webhook.id, 3)
    sending, *_ = await hand.claim(webhook.id)
    text = "{ deliveries { nodes { id status attemptCount nextAttemptAt } } }"

    async def shown() -> list[tuple[str, int, bool]]:
        nodes = (await admin.data(text))["deliveries"]["nodes"]
        nodes.sort(key=lambda node: node["id"] != ids.encode("dlv", sending.id))
        return [
            (node["status"], node["attemptCount"], node["nextAttemptAt"] is None) for node in nodes
        ]

    assert await shown() == [("PENDING", 0, False)] * 3
    await hand.begin_to_send(sending)
    assert await shown() == [("IN_PROGRESS", 1, True)] + [("PENDING", 0, False)] * 2
    await hand.record(failed(sending))
    # its pump has not said yet that it has ended
    assert await shown() == [("PENDING", 1, False)] + [("PENDING", 0, False)] * 2


async def test_health_says_of_how_many_events_the_failures_are(admin: Asker) -> None:
    webhook, hand = await make_webhook(admin.runtime), await Hand.begin(admin.runtime)
    text = "{ webhooks { nodes { health { consecutiveFailures failedEvents } } } }"

    async def shown() -> tuple[int, int]:
        [node] = (await admin.data(text))["webhooks"]["nodes"]
        return node["health"]["consecutiveFailures"], node["health"]["failedEvents"]

    assert await shown() == (0, 0)
    await enqueue(admin.runtime, webhook.id, 2)
    for row in await hand.claim(webhook.id):
        await hand.record(failed(row, wait_seconds=0.0))
    await hand.record(failed(await hand.claim_one(webhook.id)))
    assert await shown() == (3, 2)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    assert await shown() == (0, 0)


@pytest.mark.parametrize("end", ["deliveryCancel", "by hand", "the schedule"])
async def test_an_attempt_names_no_next_one_that_never_comes(admin: Asker, end: str) -> None:
    runtime, hand = admin.runtime, await Hand.begin(admin.runtime)
    webhook = await make_webhook(runtime)
    [key] = await enqueue(runtime, webhook.id)
    await hand.record(failed(await hand.claim_one(webhook.id)))
    text = "{ attempts(last: 1) { nodes { number nextAttemptAt } } }"

    async def next_at() -> str | None:
        [first] = (await admin.data(text))["attempts"]["nodes"]
        assert first["number"] == 1
        found: str | None = first["nextAttemptAt"]
        return found

    assert await next_at()
    if end == "deliveryCancel":
        await manual.cancel(runtime.database, SOMEBODY, key)
    elif end == "by hand":
        await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)
        await hand.record(succeeded(await hand.claim_one(webhook.id)))
    else:
        await set_column(runtime, "delivery", "next_attempt_at", ago(60), [key])
        attempt = await Attempt.get(delivery_id=key)
        await set_column(runtime, "attempt", "next_attempt_at", ago(60), [attempt.id])
        await hand.record(succeeded(await hand.claim_one(webhook.id)))
    assert bool(await next_at()) == (end == "the schedule")
