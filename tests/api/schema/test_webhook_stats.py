"""A webhook's statistics in the API."""

from datetime import timedelta

from hookline import clock, ids
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.hookline.deliveries.test_statistics import record
from tests.making import make_webhook

ASKED = """query ($id: ID!, $since: DateTime!, $step: StatsStep!) {
    webhook(id: $id) { stats(since: $since, step: $step) { attempts failures p50Ms p95Ms } } }"""


async def test_buckets_come_with_their_figures(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    await record(runtime, webhook, (timedelta(seconds=1), 10, False))
    given = {
        "id": ids.encode("wh", webhook.id),
        "since": (clock.now() - timedelta(seconds=30)).isoformat(),
    }
    buckets = (await admin.data(ASKED, **given, step="DAY"))["webhook"]["stats"]
    assert buckets[-1] == {"attempts": 1, "failures": 0, "p50Ms": 10, "p95Ms": 10}
    assert await admin.codes(ASKED, **{**given, "since": "2001-01-01T00:00:00Z"}, step="HOUR") == [
        "BAD_USER_INPUT"
    ]
    assert await admin.with_scopes("webhooks:read").codes(ASKED, **given, step="DAY") == [
        "FORBIDDEN"
    ]


async def test_statistics_of_many_webhooks_at_once_have_their_price(admin: Asker) -> None:
    asked = 'stats(since: "2026-01-01T00:00:00Z", step: DAY) { attempts }'
    assert await admin.data(f"{{ webhooks(first: 100) {{ nodes {{ {asked} }} }} }}") == {
        "webhooks": {"nodes": []}
    }
    assert await admin.codes(
        f"{{ webhooks(first: 100) {{ nodes {{ one: {asked} two: {asked} }} }} }}"
    ) == ["QUERY_TOO_COSTLY"]
