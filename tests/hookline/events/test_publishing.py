"""Publishing, on both databases: what is stored, and which webhooks get it."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import orjson
import pytest

from hookline.activity import writer
from hookline.deliveries.matching import MatchIndex
from hookline.events.checking import PublishInput
from hookline.form.filters import CompiledFilter, compile_filter
from hookline.loop_time import Turn
from hookline.models import Delivery, Event
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active, update_webhook
from tests.hookline.events.publishers import given, publish
from tests.making import ENVIRONMENT, SOMEBODY, TYPE, WORKSPACE, make_webhook, set_column

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]


async def test_published_event_is_stored_as_it_was_given(runtime: Runtime) -> None:
    await make_webhook(runtime)
    at = datetime(2026, 1, 2, 3, 4, 5, 600_000, timezone(timedelta(hours=2)))
    [published] = await publish(
        runtime, given({"b": [1, None, "ä"], "a": 1.5}, "k", occurred_at=at)
    )
    assert (published.is_duplicate, published.delivery_count) == (False, 1)
    stored = await Event.get(id=published.event_id)
    assert (stored.type, stored.environment, stored.idempotency_key) == (TYPE, ENVIRONMENT, "k")
    assert stored.data == '{"b":[1,null,"ä"],"a":1.5}'
    assert stored.occurred_at == at
    assert published.event is not None
    assert (published.event.id, published.event.data, published.event.received_at) == (
        stored.id,
        stored.data,
        stored.received_at,
    )
    assert published.event.occurred_at.tzinfo is UTC


async def test_answers_come_in_the_order_of_the_inputs(runtime: Runtime) -> None:
    published = await publish(runtime, *(given(n) for n in range(50)))
    assert [(await Event.get(id=one.event_id)).data for one in published] == [
        str(n) for n in range(50)
    ]


async def test_event_that_nobody_wants_is_kept(runtime: Runtime) -> None:
    await make_webhook(runtime)
    [published] = await publish(runtime, given(1, type="user.user.create"))
    assert published.delivery_count == 0
    assert await Event.filter(id=published.event_id).exists()
    assert await Delivery.all().count() == 0


@pytest.mark.engines("sqlite", "postgres")
async def test_many_callers_at_once_each_get_their_own(runtime: Runtime) -> None:
    await make_webhook(runtime)
    published = await asyncio.gather(*(publish(runtime, given(n)) for n in range(300)))
    assert (
        len({one.event_id for [one] in published})
        == await Event.all().count()
        == await Delivery.all().count()
        == 300
    )


# a change is in force for the very next publish


@pytest.mark.engines("sqlite", "postgres")
async def test_webhook_that_another_process_made_gets_the_very_next_event(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await set_column(runtime, "webhook", "is_active", False, [webhook.id])
    await runtime.registry.reload(WORKSPACE, None)
    async with runtime.database.unit_of_work() as work:  # nobody is told
        await work.execute("update webhook set is_active = $1 where id = $2", True, webhook.id)
        await work.execute(writer.BUMP, WORKSPACE)
    [published] = await publish(runtime, given(1))
    assert published.delivery_count == await Delivery.filter(webhook_id=webhook.id).count() == 1


async def test_webhook_that_was_switched_off_gets_nothing_more(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    assert (await publish(runtime, given(1)))[0].delivery_count == 0
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    assert (await publish(runtime, given(1)))[0].delivery_count == 1
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    assert (await publish(runtime, given(1)))[0].delivery_count == 0


async def test_filter_decides_among_what_the_patterns_match(runtime: Runtime) -> None:
    large = await make_webhook(runtime, filter={"data.total": {"gte": 100}})
    every = await make_webhook(runtime)
    inputs = [
        PublishInput(TYPE, ENVIRONMENT, {"total": total}, f"key-{total}") for total in (99, 100)
    ]
    published = await runtime.publisher.publish(WORKSPACE, inputs)
    assert [one.delivery_count for one in published] == [1, 2]
    assert await Delivery.filter(webhook_id=large.id).count() == 1
    assert await Delivery.filter(webhook_id=every.id).count() == 2
    again = await runtime.publisher.publish(WORKSPACE, inputs)
    assert [(one.is_duplicate, one.delivery_count) for one in again] == [(True, 1), (True, 2)]


async def test_changed_filter_is_in_force_for_the_very_next_publish(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, filter={"data.total": {"gte": 100}})
    for changed, count in (
        ({"data.total": {"lt": 100}}, 1),
        (None, 1),
        ({"environment": {"ne": ENVIRONMENT}}, 0),
    ):
        await update_webhook(runtime, SOMEBODY, webhook.id, {"filter": changed})
        [published] = await runtime.publisher.publish(
            WORKSPACE, [PublishInput(TYPE, ENVIRONMENT, {"total": 1})]
        )
        assert published.delivery_count == count


async def test_filter_that_would_cost_too_much_is_counted_and_logged_once_a_minute(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    await make_webhook(runtime)
    costly = await make_webhook(runtime, name="Costly")
    searching = [{"data": {"contains": "x" * n + "y"}} for n in range(1, 101)]
    await update_webhook(runtime, SOMEBODY, costly.id, {"filter": {"not": {"any": searching}}})
    for _ in range(2):
        [published] = await publish(runtime, given("x" * 250_000))
        assert (published.delivery_count, published.over_limit_count) == (1, 1)
    [small] = await publish(runtime, given("x"))
    assert (small.delivery_count, small.over_limit_count) == (2, 0)
    lines = [record for record in caplog.records if "event not delivered" in record.message]
    assert len(lines) == 1


async def test_others_run_between_the_filters_of_many_webhooks() -> None:
    value = compile_filter({"any": [{"data": {"contains": f"y{n}"}} for n in range(100)]})
    hooks = [Wanting(UUID(int=n), value) for n in range(60)]
    data = orjson.dumps("x" * 90_000).decode()
    served = 0

    async def serve() -> None:
        nonlocal served
        while True:
            await asyncio.sleep(0)
            served += 1

    other = asyncio.create_task(serve())
    try:
        wanted = await MatchIndex(hooks).wanted_by(ENVIRONMENT, TYPE, data, Turn())
    finally:
        other.cancel()
    assert (wanted.ids, wanted.over_limit) == ([], [])
    assert served >= 5


@dataclass(frozen=True)
class Wanting:
    id: UUID
    filter: CompiledFilter | None
    is_on: bool = True
    environments: tuple[str, ...] = (ENVIRONMENT,)
    events: tuple[str, ...] = ("*.*.*",)
