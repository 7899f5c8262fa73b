"""Claiming on both databases: what is leased, in which order, to whom, and what giving
back leaves.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hookline import clock
from hookline.deliveries import manual
from hookline.deliveries.queue.postgres import PostgresQueue
from hookline.models import Delivery, Event
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.making import (
    ENVIRONMENT,
    SOMEBODY,
    TYPE,
    WORKSPACE,
    Hand,
    ago,
    enqueue,
    make_webhook,
    set_column,
    succeeded,
)


async def ask_by_hand(runtime: Runtime, *delivery_ids: UUID) -> None:
    for key in delivery_ids:
        await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, key)


async def make_due(runtime: Runtime, seconds_ago: float, *delivery_ids: UUID) -> None:
    await set_column(runtime, "delivery", "next_attempt_at", ago(seconds_ago), delivery_ids)


async def test_claim_leases_and_gives_what_a_request_needs(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    event = await Event.get(id=row.event_id)
    assert (row.id, row.workspace_id, row.webhook_id) == (delivery_id, WORKSPACE, webhook.id)
    assert (row.number, row.step, row.is_manual) == (1, 0, False)
    assert (row.event_type, row.environment, row.data, row.occurred_at) == (
        TYPE,
        ENVIRONMENT,
        event.data,
        event.occurred_at,
    )
    assert row.match_version == (await runtime.queue.versions())[WORKSPACE]
    delivery = await Delivery.get(id=delivery_id)
    assert (delivery.lease_token, delivery.attempt_count) == (hand.token, 1)


@pytest.mark.engines("postgres")
async def test_only_who_claims_has_a_connection_for_claims(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    queue = runtime.queue
    assert isinstance(queue, PostgresQueue)
    assert queue._claims.get_size() == 0
    assert await hand.claim_one(webhook.id)
    assert queue._claims.get_size() == 1


async def test_only_what_is_due_is_claimed(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    due, later = await enqueue(runtime, webhook.id, 2)
    await set_column(
        runtime, "delivery", "next_attempt_at", clock.now() + timedelta(minutes=5), [later]
    )
    hand = await Hand.begin(runtime)
    assert [row.id for row in await hand.claim(webhook.id)] == [due]


async def test_what_is_leased_is_claimed_by_nobody_else(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id)
    first, second = await Hand.begin(runtime), await Hand.begin(runtime)
    await first.claim_one(webhook.id)
    assert await second.claim(webhook.id) == []
    assert await first.claim(webhook.id) == []


async def test_hands_that_claim_at_once_share_without_overlap(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    ids = await enqueue(runtime, webhook.id, 60)
    hands = [await Hand.begin(runtime) for _ in range(4)]
    claims = await asyncio.gather(*(hand.claim(webhook.id, room=25) for hand in hands))
    claimed = [row.id for rows in claims for row in rows]
    assert len(claimed) == len(set(claimed))
    rest = [row.id for hand in hands for row in await hand.claim(webhook.id, room=25)]
    assert sorted(claimed + rest) == sorted(ids)


async def test_oldest_due_come_first_within_the_room(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    ids = await enqueue(runtime, webhook.id, 6)
    for age, key in enumerate(ids):
        await make_due(runtime, 10 + age, key)
    hand = await Hand.begin(runtime)
    assert {row.id for row in await hand.claim(webhook.id, room=2)} == set(ids[-2:])


async def test_each_webhook_has_its_room_and_the_claim_its_limit(runtime: Runtime) -> None:
    first, second = await make_webhook(runtime), await make_webhook(runtime)
    await enqueue(runtime, first.id, 10)
    await enqueue(runtime, second.id, 10)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(first.id, second.id, room=3)
    assert sorted(row.webhook_id for row in rows) == sorted([first.id] * 3 + [second.id] * 3)
    assert len(await hand.claim(first.id, second.id, room=5, limit=7)) == 7


async def test_nothing_is_claimed_for_a_webhook_that_is_off_or_deleted(runtime: Runtime) -> None:
    off, gone = await make_webhook(runtime), await make_webhook(runtime)
    await enqueue(runtime, off.id)
    await enqueue(runtime, gone.id)
    await set_webhook_active(runtime, SOMEBODY, off.id, False)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    hand = await Hand.begin(runtime)
    assert await hand.claim(off.id, gone.id) == []
    await set_webhook_active(runtime, SOMEBODY, off.id, True)
    assert len(await hand.claim(off.id, gone.id)) == 1


async def test_manual_ones_are_claimed_whatever_switch_schedule_and_state_say(
    runtime: Runtime,
) -> None:
    webhook = await make_webhook(runtime)
    finished, waiting = await enqueue(runtime, webhook.id, 2)
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id)
    await hand.record(*(succeeded(row) for row in rows if row.id == finished))
    await hand.give_back(*(row for row in rows if row.id == waiting))
    await set_column(
        runtime, "delivery", "next_attempt_at", clock.now() + timedelta(hours=1), [waiting]
    )
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await ask_by_hand(runtime, finished, waiting)
    claimed = await hand.claim(webhook.id)
    assert {(row.id, row.number, row.is_manual) for row in claimed} == {
        (finished, 2, True),
        (waiting, 1, True),
    }


async def test_manual_one_goes_before_a_backlog(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    *backlog, asked = await enqueue(runtime, webhook.id, 10)
    await make_due(runtime, 60, *backlog)
    await ask_by_hand(runtime, asked)
    hand = await Hand.begin(runtime)
    assert [row.id for row in await hand.claim(webhook.id, room=1)] == [asked]


async def test_manual_and_due_ones_share_the_room(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    ids = await enqueue(runtime, webhook.id, 10)
    await ask_by_hand(runtime, *ids[:5])
    hand = await Hand.begin(runtime)
    assert len(await hand.claim(webhook.id, room=4)) == 4
    assert len(await hand.claim(webhook.id, room=4)) == 4


async def test_no_claim_without_the_pumps_own_row(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    assert await Hand(runtime.queue).claim(webhook.id) == []
    assert (await Delivery.get(id=delivery_id)).attempt_count == 0


async def test_given_back_is_as_if_it_had_not_been_claimed(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    await hand.give_back(await hand.claim_one(webhook.id))
    delivery = await Delivery.get(id=delivery_id)
    assert delivery.attempt_count == 0
    assert delivery.lease_token is None
    assert (await hand.claim_one(webhook.id)).number == 1


async def test_give_back_under_another_token_or_number_changes_nothing(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand, stranger = await Hand.begin(runtime), await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    await stranger.give_back(row)
    await hand.give_back(row._replace(number=2))
    delivery = await Delivery.get(id=delivery_id)
    assert (delivery.lease_token, delivery.attempt_count) == (hand.token, 1)


async def test_giving_back_twice_counts_once(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    [delivery_id] = await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    await hand.give_back(row)
    await hand.give_back(row)
    assert (await Delivery.get(id=delivery_id)).attempt_count == 0
