"""Orders of webhooks by what their attempts say: whole and without repeats, whatever the page."""

from datetime import timedelta
from typing import Any

import pytest

from hookline import ids
from hookline.models import Webhook
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.hookline.deliveries.test_statistics import record
from tests.making import ago, make_webhook, set_column

PAGE = """query ($order: WebhookOrder!, $first: Int, $last: Int, $after: String, $before: String) {
    webhooks(orderBy: $order, first: $first, last: $last, after: $after, before: $before) {
        nodes { id slug } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"""
BY_STATUS = {"a": 2, "b": 2, "c": 0, "d": 1, "e": 1, "f": 2}
BY_FAILING = {"b": 3, "e": 2, "a": 1}
BY_LAST_ATTEMPT = {"f": 3, "b": 3, "c": 1}
BY_RATE = {"a": 50, "b": 100, "c": 0}


async def populate(runtime: Runtime) -> dict[str, Webhook]:
    """Six webhooks, some alike in each of what they are sorted by."""
    webhooks = {
        slug: await make_webhook(runtime, slug=slug, active=slug not in "de") for slug in "fadbec"
    }
    await set_column(runtime, "webhook", "auto_disabled_at", ago(5), [webhooks["c"].id])
    for column, known in (("failing_since", BY_FAILING), ("last_attempt_at", BY_LAST_ATTEMPT)):
        times = {value: ago(value * 1_000) for value in known.values()}
        for slug, value in known.items():
            await set_column(runtime, "webhook", column, times[value], [webhooks[slug].id])
    return webhooks


async def record_rates(runtime: Runtime, webhooks: dict[str, Webhook]) -> None:
    now, old = timedelta(seconds=1), timedelta(hours=25)
    for slug, endings in {
        "a": [(now, 10, True), (now, 10, False), (old, 10, True)],
        "b": [(now, 10, True)],
        "c": [(now, 10, False), (old, 10, True)],
        # Too long ago to count.
        "e": [(old, 10, True)],
    }.items():
        was = await Webhook.get(id=webhooks[slug].id)
        await set_column(runtime, "webhook", "is_active", True, [was.id])
        await set_column(runtime, "webhook", "auto_disabled_at", None, [was.id])
        await record(runtime, was, *endings)


def expected(
    webhooks: dict[str, Webhook], known: dict[str, int], *, is_descending: bool
) -> list[str]:
    """Those with a value in its order, and the others behind; ties by id in the same direction."""
    last = -1 if is_descending else 10**9
    return sorted(
        webhooks,
        key=lambda slug: (known.get(slug, last), webhooks[slug].id),
        reverse=is_descending,
    )


async def walked(asker: Asker, order: dict[str, str], size: int, way: str) -> list[str]:
    slugs, more = list[str](), dict[str, Any]()
    while True:
        found = (await asker.data(PAGE, order=order, **{way: size}, **more))["webhooks"]
        page, info = [node["slug"] for node in found["nodes"]], found["pageInfo"]
        slugs = slugs + page if way == "first" else page + slugs
        if not info["hasNextPage" if way == "first" else "hasPreviousPage"]:
            return slugs
        more = {"after": info["endCursor"]} if way == "first" else {"before": info["startCursor"]}


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_every_order_is_whole_by_pages_of_any_size_from_either_end(
    runtime: Runtime, admin: Asker, direction: str
) -> None:
    webhooks, is_descending = await populate(runtime), direction == "DESC"
    # Of times the earlier is the less, and more seconds ago is earlier.
    since = {slug: 10 - value for slug, value in BY_FAILING.items()}
    last = {slug: 10 - value for slug, value in BY_LAST_ATTEMPT.items()}
    for field, known in (
        ("STATUS", BY_STATUS),
        ("FAILING_SINCE", since),
        ("LAST_ATTEMPT_AT", last),
    ):
        order = {"field": field, "direction": direction}
        whole = expected(webhooks, known, is_descending=is_descending)
        for size in (1, 4):
            for way in ("first", "last"):
                assert await walked(admin, order, size, way) == whole, (field, size, way)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_webhooks_are_sorted_by_the_failure_rate_of_a_day(
    runtime: Runtime, admin: Asker, direction: str
) -> None:
    webhooks = await populate(runtime)
    await record_rates(runtime, webhooks)
    whole = expected(webhooks, BY_RATE, is_descending=direction == "DESC")
    order = {"field": "FAILURE_RATE", "direction": direction}
    for size in (2, 100):
        assert await walked(admin, order, size, "first") == whole


@pytest.mark.engines("sqlite")
async def test_a_cursor_of_one_order_is_refused_by_every_other(
    runtime: Runtime, admin: Asker
) -> None:
    await populate(runtime)
    orders = [
        {"field": field, "direction": direction}
        for field in ("NAME", "MODIFIED_AT", "STATUS", "FAILING_SINCE", "LAST_ATTEMPT_AT")
        for direction in ("ASC", "DESC")
    ]
    for order in orders:
        page = await admin.data(PAGE, order=order, first=2)
        cursor = page["webhooks"]["pageInfo"]["endCursor"]
        for other in orders:
            codes = await admin.codes(PAGE, order=other, first=2, after=cursor)
            assert codes == ([] if other == order else ["BAD_USER_INPUT"])


async def test_a_webhook_that_begins_to_fail_between_two_pages_is_seen_at_its_new_place(
    runtime: Runtime, admin: Asker
) -> None:
    webhooks = await populate(runtime)
    order = {"field": "FAILING_SINCE", "direction": "ASC"}
    first = (await admin.data(PAGE, order=order, first=1))["webhooks"]
    assert first["nodes"][0]["slug"] == "b"
    await set_column(runtime, "webhook", "failing_since", ago(1_500), [webhooks["f"].id])
    cursor = first["pageInfo"]["endCursor"]
    rest = (await admin.data(PAGE, order=order, first=9, after=cursor))["webhooks"]["nodes"]
    assert [node["slug"] for node in rest][:3] == ["e", "f", "a"]
    assert {node["id"] for node in rest} == {
        ids.encode("wh", webhook.id) for slug, webhook in webhooks.items() if slug != "b"
    }


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        ({"failing": True}, "abe"),
        ({"failing": False}, "cdf"),
        ({"set": "main"}, "a"),
        ({"set": "other"}, ""),
        ({"status": ["AUTO_DISABLED"]}, "c"),
        ({"search": "TEAM=pay"}, "d"),
        ({"search": "payments"}, "d"),
    ],
)
@pytest.mark.engines("sqlite")
async def test_webhooks_are_found_by_set_by_failing_and_by_text_in_labels(
    runtime: Runtime, admin: Asker, wanted: dict[str, Any], slugs: str
) -> None:
    webhooks = await populate(runtime)
    await set_column(runtime, "webhook", "sync_set", "main", [webhooks["a"].id])
    await set_column(runtime, "webhook", "labels", "\nteam=payments\n", [webhooks["d"].id])
    found = await admin.data(
        "query ($filter: WebhookFilter) { webhooks(filter: $filter) { nodes { slug } } }",
        filter=wanted,
    )
    assert sorted(node["slug"] for node in found["webhooks"]["nodes"]) == list(slugs)
