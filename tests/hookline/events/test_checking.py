"""Batches of events are checked in pieces, between which others run."""

import asyncio

from hookline import clock
from hookline.events.checking import EventLimits, PublishInput, check_events

LIMITS = EventLimits(("production",), 262_144)


async def test_others_run_between_the_events_of_a_batch() -> None:
    # With a key the data is walked through as well.
    inputs = [
        PublishInput("order.order.create", "production", [[]] * 80_000, f"key {number}")
        for number in range(8)
    ]
    checking = asyncio.create_task(check_events(inputs, clock.now(), LIMITS))
    served = 0
    while not checking.done():
        await asyncio.sleep(0)
        served += 1
    assert len(checking.result()) == 8
    # In one go it would be one turn before and one after.
    assert served >= 5
