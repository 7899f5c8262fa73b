"""Marks of deliveries: asked for by hand, or a test."""

import pytest

from hookline import clock, ids
from hookline.models import AttemptCause, Delivery
from tests.api.schema.asking import Asker
from tests.api.schema.test_delivery import RETRY
from tests.making import Hand, enqueue, failed, make_webhook, set_column, succeeded


@pytest.mark.engines("sqlite", "postgres")
async def test_a_delivery_tells_that_it_was_asked_for_by_hand_or_is_a_test(admin: Asker) -> None:
    runtime, hand = admin.runtime, await Hand.begin(admin.runtime)
    webhook = await make_webhook(runtime)
    by_itself, by_hand, test = await enqueue(runtime, webhook.id, 3)
    first = [row for row in await hand.claim(webhook.id) if row.id != test]
    await hand.record(*(failed(row) for row in first))
    await admin.data(RETRY, id=ids.encode("dlv", by_hand))
    # as webhookTest leaves it until it is sent
    await set_column(runtime, "delivery", "next_cause", AttemptCause.TEST, [test])
    await set_column(runtime, "delivery", "manual_at", clock.now(), [test])
    await set_column(runtime, "delivery", "lease_token", None, [test])
    shown = {
        ids.encode("dlv", by_itself): (False, False),
        ids.encode("dlv", by_hand): (True, False),
        ids.encode("dlv", test): (False, True),
    }
    assert await marks(admin) == shown
    await hand.record(*(succeeded(row) for row in await hand.claim(webhook.id)))
    assert await Delivery.filter(next_cause__isnull=True, manual_at__isnull=True).count() == 3
    assert await marks(admin) == shown


async def marks(admin: Asker) -> dict[str, tuple[bool, bool]]:
    """Deliveries by their ids: manual, test."""
    found = (await admin.data("{ deliveries { nodes { id manual test } } }"))["deliveries"]
    return {node["id"]: (node["manual"], node["test"]) for node in found["nodes"]}
