"""Batches of events are checked in pieces, between which others run."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from hookline import clock
from hookline.events.checking import EventLimits, PublishInput, check_event, check_events
from tests.tables import each_of

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


LARGE: Sequence[tuple[Callable[[], Any], int, str | None]] = [
    # As many as a request may have, and something that is wrong with the last one.
    (
        lambda: [*[{}] * 490_000, 2**70],
        262_144,
        "The integer does not fit into 64 bits. Send it as text.",
    ),
    (
        lambda: {**{f"{n:06x}": {} for n in range(400_000)}, "x": "\ud800"},
        262_144,
        "half of a surrogate",
    ),
    (
        lambda: [{}] * 490_000,
        262_144,
        "The data is 1,470,001 bytes as JSON; at most 262,144 are taken.",
    ),
    # Fractions take orjson the longest.
    (lambda: [1e9] * 2_000_000, 262_144, "The data is more than 1,048,576 bytes as JSON; at most"),
    (lambda: {"a": ["x" * 600_000] * 2}, 262_144, "The data is more than 1,048,576 bytes as JSON"),
    # The most that the operator may allow.
    (lambda: {f"{n:05x}": {} for n in range(90_000)}, 1_048_576, None),
]


@each_of("make, limit, said", LARGE)
async def test_others_run_while_one_large_event_is_checked(
    make: Callable[[], Any], limit: int, said: str | None
) -> None:
    given = PublishInput("order.order.create", "production", make(), "key")
    limits = EventLimits(("production",), limit)
    checking = asyncio.create_task(check_event(given, clock.now(), limits))
    served = 0
    while not checking.done():
        await asyncio.sleep(0)
        served += 1
    event, problems = checking.result()
    # In one go it would be one turn before and one after.
    assert served >= 4
    assert (event is None, len(problems)) == (said is not None, int(said is not None))
    assert not said or said in problems[0].message
