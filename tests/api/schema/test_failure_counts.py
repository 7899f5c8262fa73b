"""Failed attempts by reason, of a webhook and of all of them."""

from typing import Any

from hookline import clock, ids
from hookline.models import Webhook
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.making import Hand, ago, enqueue, failed, make_webhook, make_workspace, succeeded

COUNTS = """query ($since: DateTime!, $until: DateTime, $id: ID) {
    failureCounts(since: $since, until: $until, webhookId: $id) {
        exact counts { errorCode statusClass attempts } } }"""


async def counted(asker: Asker, **given: Any) -> list[tuple[str, int | None, int]]:
    given = {"since": ago(3_600).isoformat(), **given}
    found = (await asker.data(COUNTS, **given))["failureCounts"]
    assert found["exact"] is True
    return [(one["errorCode"], one["statusClass"], one["attempts"]) for one in found["counts"]]


async def test_failures_are_counted_by_code_and_class_the_most_frequent_first(
    runtime: Runtime, admin: Asker
) -> None:
    first, second = await make_webhook(runtime), await make_webhook(runtime)
    hand = await Hand.begin(runtime)
    timeout: dict[str, Any] = {"error_code": "TIMEOUT", "status_code": None}
    recorded: list[tuple[Webhook, list[dict[str, Any] | None]]] = [
        (first, [{}, {}, timeout, {"status_code": 404}, None]),
        (second, [timeout]),
    ]
    for webhook, endings in recorded:
        await enqueue(runtime, webhook.id, len(endings))
        rows = await hand.claim(webhook.id, room=len(endings))
        await hand.record(
            *(
                succeeded(row) if changes is None else failed(row, **changes)
                for row, changes in zip(rows, endings, strict=True)
            )
        )
    assert sorted(await counted(admin), key=str) == [
        ("STATUS", 4, 1),
        ("STATUS", 5, 2),
        ("TIMEOUT", None, 2),
    ]
    assert (await counted(admin, id=ids.encode("wh", first.id)))[0] == ("STATUS", 5, 2)
    assert await counted(admin, id=ids.encode("wh", second.id)) == [("TIMEOUT", None, 1)]
    assert await counted(admin.in_workspace(await make_workspace(runtime))) == []
    assert await counted(admin, until=ago(60).isoformat()) == []
    assert await counted(admin, since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z")
    assert await counted(admin, since=clock.now().isoformat(), until=ago(60).isoformat()) == []
    foreign = admin.in_workspace(await make_workspace(runtime))
    assert await counted(foreign, id=ids.encode("wh", first.id)) == []
