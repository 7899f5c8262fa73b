"""Payload templates in the pump: what is rendered for the first attempt is what the retries send,
whatever becomes of the template.
"""

from uuid import UUID

import orjson
import pytest

from hookline import ids
from hookline.models import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    Notification,
    NotificationKind,
    Webhook,
)
from hookline.runtime import Runtime
from hookline.webhooks.change import update_webhook
from tests.making import SOMEBODY, ago, make_webhook, publish, set_column
from tests.receivers import Receiver, Reply
from tests.waiting import eventually
from tests.working import pumping

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]

TEMPLATE = '{"text": {{ "Total " ~ event.data.total }}, "hook": {{ webhook.slug }}}'
AGAIN = {"schedule": ["1s", "48h"]}


async def kept(runtime: Runtime) -> dict[UUID, bytes]:
    rows = await runtime.database.reader().rows("select delivery_id, body from delivery_body")
    return {row["delivery_id"]: bytes(row["body"]) for row in rows}


async def attempts(count: int) -> list[Attempt]:
    async def enough() -> list[Attempt] | None:
        found = await Attempt.all().order_by("number")
        return found if len(found) >= count else None

    found = await eventually(enough)
    assert found is not None
    return found


async def test_template_makes_the_body_under_its_content_type(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, payloadTemplate=TEMPLATE)
        await make_webhook(
            runtime,
            receiver.url,
            payloadTemplate="{{ event.data.total }} <{{ event.type }}>",
            payloadContentType="text/plain; charset=utf-8",
        )
        await publish(runtime, data={"total": 12})
        bodies = {
            request.header("Content-Type"): request.body for request in await receiver.wait_for(2)
        }
    assert orjson.loads(bodies["application/json"]) == {"text": "Total 12", "hook": "orders"}
    assert bodies["text/plain; charset=utf-8"] == b"12 <order.order.create>"


@pytest.mark.engines("sqlite", "postgres")
async def test_retry_sends_what_the_first_attempt_sent_though_the_template_has_changed(
    runtime: Runtime,
) -> None:
    async with Receiver([Reply(500)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, payloadTemplate=TEMPLATE, retry=AGAIN)
        await publish(runtime, data={"total": 12})
        await attempts(1)
        await update_webhook(runtime, SOMEBODY, webhook.id, {"payloadTemplate": '{"other": 1}'})
        first, second = await receiver.wait_for(2)
    assert first.body == second.body
    assert list((await kept(runtime)).values()) == [first.body]


async def test_retry_sends_the_event_itself_when_the_first_attempt_did(runtime: Runtime) -> None:
    async with Receiver([Reply(500)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, retry=AGAIN)
        await publish(runtime, data={"total": 12})
        await attempts(1)
        await update_webhook(runtime, SOMEBODY, webhook.id, {"payloadTemplate": TEMPLATE})
        first, second = await receiver.wait_for(2)
    assert first.body == second.body
    assert await kept(runtime) == {}


async def test_retry_of_a_kept_body_needs_the_template_no_more(runtime: Runtime) -> None:
    async with Receiver([Reply(500)]) as receiver, pumping(runtime):
        webhook = await make_webhook(runtime, receiver.url, payloadTemplate=TEMPLATE, retry=AGAIN)
        await publish(runtime, data={"total": 12})
        await attempts(1)
        await update_webhook(runtime, SOMEBODY, webhook.id, {"payloadTemplate": None})
        first, second = await receiver.wait_for(2)
    assert first.body == second.body


@pytest.mark.engines("sqlite", "postgres")
async def test_template_that_fails_for_an_event_is_a_failed_attempt_and_heals_by_a_better_one(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    failing = "{% if event.data.total %}{{ event.data.total + 1 }}{% else %}0{% endif %}"
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(
            runtime, receiver.url, payloadTemplate=failing, retry={"schedule": ["48h"]}
        )
        await publish(runtime, data={"total": "text"})
        [attempt] = await attempts(1)
        assert (attempt.outcome, attempt.error_code) == (AttemptOutcome.FAILED, "TEMPLATE")
        assert str(attempt.error_message).startswith(
            "Not sent: the payload template fails for this event. The template fails in line 1"
        )
        [line] = [one for one in caplog.records if one.name == "workers.delivering"]
        assert (line.webhook_id, line.event_id, line.delivery_id) == (  # type: ignore[attr-defined]  # of `extra`
            ids.encode("wh", webhook.id),
            ids.encode("evt", attempt.event_id),
            ids.encode("dlv", attempt.delivery_id),
        )
        assert not receiver.requests
        await update_webhook(
            runtime, SOMEBODY, webhook.id, {"payloadTemplate": "{{ event.data.total }}"}
        )
        [delivery] = await Delivery.all()
        await set_column(runtime, "delivery", "next_attempt_at", ago(1), [delivery.id])
        [request] = await receiver.wait_for(1)
    assert request.body == b'"text"'


async def test_bad_events_of_a_publisher_turn_no_webhook_off(runtime: Runtime) -> None:
    failing = "{% if event.data.bad %}{{ event.data.bad + 1 }}{% else %}1{% endif %}"
    async with Receiver() as receiver, pumping(runtime):
        webhook = await make_webhook(
            runtime,
            receiver.url,
            payloadTemplate=failing,
            retry={"schedule": ["1s"]},
            autoDisable={"failures": 1, "over": "1s"},
        )
        await publish(runtime, 5, data={"bad": "text"})
        await attempts(10)
        await publish(runtime)
        await receiver.wait_for(1)
    stored = await Webhook.get(id=webhook.id)
    assert (stored.is_on, stored.consecutive_failures) == (True, 0)
    # The webhook's owner is told, and of what.
    told = await Notification.filter(webhook_id=webhook.id)
    assert {(row.kind, row.reason) for row in told} == {
        (NotificationKind.DELIVERY_FAILED, "TEMPLATE")
    }


# The renderer is the same on both, and this takes seconds of a core.
@pytest.mark.engines("sqlite")
async def test_slow_template_delays_no_other_webhook(runtime: Runtime) -> None:
    # 0.1 s of a core for each, before it fails.
    slow = "{% if event.data.n is defined %}{% set x = [1] %}" + "{% set x = [x, x] %}" * 16
    async with Receiver() as receiver, pumping(runtime):
        slowly = await make_webhook(
            runtime,
            receiver.url,
            payloadTemplate=slow + "{{ x }}{{ x[0].y() }}{% else %}1{% endif %}",
            concurrency=100,
            retry={"schedule": ["48h"]},
        )
        await publish(runtime, 30)
        await attempts(1)
        await make_webhook(runtime, receiver.url, payloadTemplate="{{ event.data.n }}")
        await publish(runtime, 12)
        await receiver.wait_for(12)
        # They came while the slow one had most of its events still before it.
        assert await Attempt.filter(webhook_id=slowly.id).count() < 30
    assert sorted(int(request.body) for request in receiver.requests) == list(range(12))


async def test_many_are_rendered_and_kept_each_with_its_own(runtime: Runtime) -> None:
    async with Receiver() as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, payloadTemplate="{{ event.data.n }}")
        await publish(runtime, 100)
        received = await receiver.wait_for(100)

        async def all_done() -> bool:
            return await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == 100

        await eventually(all_done)
    assert sorted(int(request.body) for request in received) == list(range(100))
    assert len(await kept(runtime)) == 100
