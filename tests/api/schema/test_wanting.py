"""Reasons that `hookline publish` gives for an event that goes to no webhook."""

from hookline.cli.publish import WANTING, nearest_reason
from hookline.webhooks.change import set_webhook_active
from tests.api.schema.asking import Asker
from tests.making import ENVIRONMENT, SOMEBODY, make_webhook

TYPE = "order.order.create"


async def reason(admin: Asker, environment: str = ENVIRONMENT, event_type: str = TYPE) -> str:
    found = await admin.data(WANTING, type=event_type, environment=environment)
    return nearest_reason(found)


async def test_an_event_that_nobody_gets_has_a_nearest_reason(admin: Asker) -> None:
    runtime = admin.runtime
    assert await reason(admin) == "no webhook wants this type"

    there = [await make_webhook(runtime, slug=slug) for slug in ("a", "b")]
    assert await reason(admin, "staging") == f"2 webhooks want this type in {ENVIRONMENT}"
    assert await reason(admin, event_type="user.user.create") == "no webhook wants this type"

    for webhook in there:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    assert await reason(admin) == "2 webhooks want this type here, all of them off"

    await make_webhook(runtime, slug="c", filter={"data.n": {"gte": 1}})
    assert await reason(admin) == (
        "1 webhook wants this type here, and the filter of each is false for this event"
    )
