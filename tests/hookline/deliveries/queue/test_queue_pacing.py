"""Claims under a rate limit, on both databases: the slots that rules/rates.py says, over any number
of workers.
"""

import asyncio

import pytest

from hookline import clock
from hookline.deliveries import manual
from hookline.deliveries.queue.base import ClaimRequest, RateLimitedClaim
from hookline.form.rates import parse_rate
from hookline.models import Delivery, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.making import SOMEBODY, Hand, ago, enqueue, make_webhook, set_column


async def claim(runtime: Runtime, hand: Hand, webhook: Webhook, room: int = 50) -> RateLimitedClaim:
    return await runtime.queue.claim_paced([ClaimRequest(webhook.id, room)], hand.token)


async def test_claim_takes_one_burst_and_says_when_the_next_slot_is_free(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="1200/m")  # a burst of two, a slot each 50 ms
    await enqueue(runtime, webhook.id, 5)
    hand = await Hand.begin(runtime)
    paced = await claim(runtime, hand, webhook)
    assert len(paced.rows) == 2
    assert {row.number for row in paced.rows} == {1}
    assert 0 < paced.waits[webhook.id] <= 0.05
    assert await Delivery.filter(lease_token__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("rate", "burst"), [("1/m", 1), ("20/s", 2), ("600/s", 60), ("10000/s", 1000)]
)
async def test_first_claim_takes_what_a_burst_allows(
    runtime: Runtime, rate: str, burst: int
) -> None:
    webhook = await make_webhook(runtime, rateLimit=rate)
    await enqueue(runtime, webhook.id, 70)
    paced = await claim(runtime, await Hand.begin(runtime), webhook, room=100)
    assert len(paced.rows) == min(burst, 70)
    assert parse_rate(rate).burst == burst
    assert bool(paced.waits) is (burst < 70)


async def test_claim_without_a_limit_gives_nothing_of_a_webhook_that_has_one(
    runtime: Runtime,
) -> None:
    """The caller's index is as old as the last announcement."""
    limited, free = await make_webhook(runtime, rateLimit="1/m"), await make_webhook(runtime)
    keys = await enqueue(runtime, limited.id, 3)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, keys[2])
    await enqueue(runtime, free.id)
    hand = await Hand.begin(runtime)
    assert [row.webhook_id for row in await hand.claim(limited.id, free.id)] == [free.id]
    assert await claim(runtime, hand, free) == RateLimitedClaim([], {})


async def test_many_workers_share_one_rate(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="60/m", concurrency=100)
    await enqueue(runtime, webhook.id, 100)
    hands = [await Hand.begin(runtime) for _ in range(8)]
    claims = await asyncio.gather(
        *(claim(runtime, hand, webhook) for hand in hands for _ in range(3))
    )
    assert sum(len(paced.rows) for paced in claims) == 1


async def test_time_that_passes_frees_slots_but_never_more_than_a_burst(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="20/s")
    await enqueue(runtime, webhook.id, 10)
    hand = await Hand.begin(runtime)
    await claim(runtime, hand, webhook)
    await set_column(runtime, "webhook", "paced_until", ago(3_600), [webhook.id])
    assert len((await claim(runtime, hand, webhook)).rows) == 2
    stored = await Webhook.get(id=webhook.id)
    assert stored.paced_until is not None
    assert stored.paced_until > clock.now()


async def test_nothing_due_asks_for_no_further_look(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="20/s")
    assert await claim(runtime, await Hand.begin(runtime), webhook) == RateLimitedClaim([], {})


async def test_no_free_slot_leases_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="1/m")
    await enqueue(runtime, webhook.id, 3)
    hand = await Hand.begin(runtime)
    assert len((await claim(runtime, hand, webhook)).rows) == 1
    again = await claim(runtime, hand, webhook)
    assert again.rows == []
    assert 50 < again.waits[webhook.id] <= 60


async def test_what_is_asked_for_by_hand_goes_first_and_takes_a_slot(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="1/m")
    keys = await enqueue(runtime, webhook.id, 3)
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, keys[2])
    hand = await Hand.begin(runtime)
    [row] = (await claim(runtime, hand, webhook)).rows
    assert (row.id, row.is_manual) == (keys[2], True)
    assert (await claim(runtime, hand, webhook)).rows == []


async def test_webhook_that_is_off_or_gone_gives_nothing(runtime: Runtime) -> None:
    off, gone = (
        await make_webhook(runtime, rateLimit="20/s"),
        await make_webhook(runtime, rateLimit="20/s"),
    )
    for webhook in (off, gone):
        await enqueue(runtime, webhook.id, 2)
    await set_webhook_active(runtime, SOMEBODY, off.id, False)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    hand = await Hand.begin(runtime)
    assert await claim(runtime, hand, off) == RateLimitedClaim([], {})
    assert await claim(runtime, hand, gone) == RateLimitedClaim([], {})


async def test_pump_that_is_gone_claims_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, rateLimit="20/s")
    await enqueue(runtime, webhook.id, 2)
    hand = await Hand.begin(runtime)
    await runtime.queue.unregister(hand.token)
    assert await claim(runtime, hand, webhook) == RateLimitedClaim([], {})
