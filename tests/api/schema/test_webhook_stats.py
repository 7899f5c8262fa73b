"""A webhook's statistics in the API."""

import logging
from datetime import timedelta

import pytest

from hookline import clock, ids
from hookline.deliveries import statistics
from hookline.deliveries.statistics import StatsStep
from hookline.models import Delivery
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.hookline.deliveries.test_statistics import record
from tests.making import enqueue, make_webhook, make_workspace

pytestmark = pytest.mark.engines("sqlite")

ASKED = """query ($id: ID!, $since: DateTime!, $step: StatsStep!) {
    webhook(id: $id) { stats(since: $since, step: $step) {
        attempts failures p50Ms p95Ms p99Ms } } }"""
TOGETHER = """query ($since: DateTime!, $step: StatsStep!) {
    stats(since: $since, step: $step) { attempts failures p99Ms } }"""
LISTED = """query ($since: DateTime!) { webhooks(first: 50) { nodes {
    hours: stats(since: $since, step: HOUR) { attempts failures }
    days: stats(since: $since, step: DAY) { attempts p95Ms }
    lastAttempt { outcome statusCode } oldestOpenDelivery { createdAt }
    health { backlog failedEvents } } } }"""


@pytest.mark.engines("sqlite", "postgres")
async def test_buckets_come_with_their_figures(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    await record(runtime, webhook, (timedelta(seconds=1), 10, False))
    given = {
        "id": ids.encode("wh", webhook.id),
        "since": (clock.now() - timedelta(seconds=30)).isoformat(),
    }
    buckets = (await admin.data(ASKED, **given, step="DAY"))["webhook"]["stats"]
    assert buckets[-1] == {"attempts": 1, "failures": 0, "p50Ms": 10, "p95Ms": 10, "p99Ms": 10}
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


async def test_a_day_by_hours_and_a_month_by_days_of_100_webhooks_are_within_the_budget(
    admin: Asker,
) -> None:
    day, month = (
        (clock.now() - timedelta(days=days)).isoformat().replace("+00:00", "Z") for days in (1, 30)
    )
    answer = await admin.data(
        f'{{ webhooks(first: 100) {{ nodes {{ one: stats(since: "{day}", step: HOUR) {{ attempts }}'
        f' two: stats(since: "{month}", step: DAY) {{ attempts }} }} }} }}'
    )
    assert answer == {"webhooks": {"nodes": []}}


@pytest.mark.engines("sqlite")
async def test_figures_of_many_webhooks_are_read_in_one_statement_each(
    runtime: Runtime, admin: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    keys, loaders = [ids.uuid7() for _ in range(50)], admin.context().loaders
    now = clock.now()
    span = statistics.span_of(now - timedelta(days=1), None, StatsStep.HOUR, now)
    for load, asked in (
        (loaders.stats, [(key, span) for key in keys]),
        (loaders.last_attempt, keys),
        (loaders.oldest_open, keys),
        (loaders.backlog, keys),
        (loaders.failed_events, keys),
    ):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
            await load.load_many(asked)
        assert sum(record.name == "tortoise.db_client" for record in caplog.records) == 1


@pytest.mark.engines("sqlite")
async def test_very_many_buckets_are_read_in_parts(
    admin: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    span = statistics.span_of(clock.now() - timedelta(days=1_500), None, StatsStep.DAY, clock.now())
    asked = [(ids.uuid7(), span) for _ in range(20)]
    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        await admin.context().loaders.stats.load_many(asked)
    assert sum(record.name == "tortoise.db_client" for record in caplog.records) == 4


async def test_a_list_shows_the_figures_of_each_webhook(runtime: Runtime, admin: Asker) -> None:
    given = {"since": (clock.now() - timedelta(hours=20)).isoformat()}
    for number in range(3):
        webhook = await make_webhook(runtime, name=f"n{number}")
        if number:
            await record(runtime, webhook, *[(timedelta(seconds=1), 10, True)] * number)
        await enqueue(runtime, webhook.id, 3 - number)
    found = (await admin.data(LISTED, **given))["webhooks"]["nodes"]
    assert [sum(each["attempts"] for each in one["hours"]) for one in found] == [0, 1, 2]
    assert [sum(each["attempts"] for each in one["days"]) for one in found] == [0, 1, 2]
    failed = {"outcome": "FAILED", "statusCode": 500}
    assert [one["lastAttempt"] for one in found] == [None, failed, failed]
    assert [one["health"]["backlog"] for one in found] == [3, 3, 3]
    assert all(one["oldestOpenDelivery"] for one in found)


async def test_a_webhook_shows_its_newest_attempt_and_its_oldest_open_delivery(
    runtime: Runtime, admin: Asker
) -> None:
    webhook, idle = await make_webhook(runtime), await make_webhook(runtime)
    asked = (
        "query ($id: ID!) { webhook(id: $id) { lastAttempt { outcome } "
        "oldestOpenDelivery { id } attempts { nodes { id } } } }"
    )
    nothing = (await admin.data(asked, id=ids.encode("wh", idle.id)))["webhook"]
    assert (nothing["lastAttempt"], nothing["oldestOpenDelivery"]) == (None, None)
    await record(
        runtime, webhook, (timedelta(seconds=2), 10, False), (timedelta(seconds=1), 10, True)
    )
    open_ids = await enqueue(runtime, webhook.id, 3)
    found = (await admin.data(asked, id=ids.encode("wh", webhook.id)))["webhook"]
    assert found["lastAttempt"] == {"outcome": "FAILED"}
    # The failed attempt's delivery waits for its retry, and is older than the three.
    oldest = await Delivery.filter(webhook_id=webhook.id, status=0).order_by("id").first()
    assert oldest is not None
    assert found["oldestOpenDelivery"] == {"id": ids.encode("dlv", oldest.id)}
    assert open_ids
    forbidden = admin.with_scopes("webhooks:read")
    answer = await forbidden.answer(
        "query ($id: ID!) { webhook(id: $id) { name lastAttempt { id } "
        "oldestOpenDelivery { id } } }",
        id=ids.encode("wh", webhook.id),
    )
    assert answer.codes == ["FORBIDDEN", "FORBIDDEN"]
    assert (answer.data or {})["webhook"]["name"] == webhook.name


async def test_a_workspace_has_statistics_of_all_its_webhooks_together(
    runtime: Runtime, admin: Asker
) -> None:
    for is_failed in (True, False):
        webhook = await make_webhook(runtime)
        await record(runtime, webhook, (timedelta(seconds=1), 10, is_failed))
    given = {"since": (clock.now() - timedelta(seconds=30)).isoformat(), "step": "DAY"}

    async def summed(asker: Asker) -> tuple[int, int]:
        found = (await asker.data(TOGETHER, **given))["stats"]
        return sum(one["attempts"] for one in found), sum(one["failures"] for one in found)

    assert await summed(admin) == (2, 1)
    assert await summed(admin.in_workspace(await make_workspace(runtime))) == (0, 0)
    assert await admin.with_scopes("webhooks:read").codes(TOGETHER, **given) == ["FORBIDDEN"]
