"""Events of a day by pattern, and published types that the catalogue lacks."""

from typing import Any

import pytest

from hookline import clock
from hookline.events import type_counts, types
from hookline.events.checking import PublishInput
from hookline.events.type_counts import TypeCount, count_by_pattern
from hookline.form.event_names import pattern_test
from hookline.ids import uuid7
from hookline.models import Event
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.making import SOMEBODY, WORKSPACE, ago, make_workspace, set_column

COUNTS = """query ($patterns: [String!]!, $environments: [String!]) {
    eventPatternCounts(patterns: $patterns, environments: $environments) {
      exact since counts { pattern events } } }"""
UNLISTED = """query ($search: String) { unlistedEventTypes(search: $search) {
    exact types { name lastReceivedAt } } }"""


async def publish(runtime: Runtime, *types_: str, environment: str = "production") -> None:
    inputs = [PublishInput(name, environment, {}) for name in types_]
    await runtime.publisher.publish(WORKSPACE, inputs)


async def make_test_event(name: str) -> None:
    now = clock.now()
    await Event.create(
        id=uuid7(),
        workspace_id=WORKSPACE,
        type=name,
        environment="production",
        occurred_at=now,
        received_at=now,
        is_test=True,
    )


async def counts(admin: Asker, *patterns: str, **given: Any) -> dict[str, int | None]:
    found = (await admin.data(COUNTS, patterns=list(patterns), **given))["eventPatternCounts"]
    assert found["exact"]
    return {one["pattern"]: one["events"] for one in found["counts"]}


@pytest.mark.engines("sqlite", "postgres")
async def test_patterns_are_counted_over_the_events_of_a_day(
    runtime: Runtime, admin: Asker
) -> None:
    await publish(runtime, "order.order.create", "order.order.create", "order.line.create")
    await publish(runtime, "user.user.create", environment="staging")
    await publish(runtime, "order.order.old")
    old = await Event.get(type="order.order.old")
    await set_column(runtime, "event", "received_at", ago(25 * 3_600), [old.id])
    await make_test_event("order.order.create")
    asked = ("order.order.create", "order.*.*", "*.*.create", "*.user.*", "x.y.z", "order.*")
    assert await counts(admin, *asked) == {
        "order.order.create": 2,
        "order.*.*": 3,
        "*.*.create": 4,
        "*.user.*": 1,
        "x.y.z": 0,
        "order.*": None,
    }
    assert await counts(admin, "*.*.create", environments=["staging"]) == {"*.*.create": 1}
    stranger = admin.in_workspace(await make_workspace(runtime))
    assert await counts(stranger, "*.*.*") == {"*.*.*": 0}


@pytest.mark.engines("sqlite", "postgres")
async def test_a_count_that_was_cut_off_says_since_when_it_counts(
    runtime: Runtime, admin: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type_counts, "COUNTED", 2)
    few = type_counts.COUNTS.replace("limit 100000", "limit 2")
    monkeypatch.setattr(type_counts, "COUNTS", few)
    await publish(runtime, "a.b.c", "a.b.d", "a.b.e")
    oldest, middle, _ = await Event.all().order_by("id")
    await set_column(runtime, "event", "received_at", ago(60), [oldest.id])
    since = ago(30)
    await set_column(runtime, "event", "received_at", since, [middle.id])
    found = (await admin.data(COUNTS, patterns=["a.b.*"]))["eventPatternCounts"]
    assert (found["exact"], found["counts"][0]["events"]) == (False, 2)
    assert found["since"][:19] == since.isoformat()[:19]


@pytest.mark.engines("sqlite")
async def test_at_most_a_hundred_patterns_and_known_environments_are_taken(admin: Asker) -> None:
    assert await admin.codes(COUNTS, patterns=["a.b.c"] * 101) == ["BAD_USER_INPUT"]
    wrong: dict[str, Any] = {"patterns": ["a.b.c"], "environments": ["moon"]}
    assert await admin.codes(COUNTS, **wrong) == ["BAD_USER_INPUT"]


def test_a_pattern_counts_the_types_that_it_matches() -> None:
    names = [f"{a}.{b}.{c}" for a in "xy" for b in "xy" for c in "xy"]
    every = [TypeCount(name, "production", place) for place, name in enumerate(names, 1)]
    patterns = [f"{a}.{b}.{c}" for a in "x*" for b in "y*" for c in "z*"]
    found = count_by_pattern(every, patterns, ())
    for pattern in patterns:
        is_matched = pattern_test(pattern)
        assert found[pattern] == sum(one.events for one in every if is_matched(one.event_type))


@pytest.mark.engines("sqlite", "postgres")
async def test_types_that_were_published_and_are_not_in_the_catalogue_are_found(
    runtime: Runtime, admin: Asker
) -> None:
    assert (await admin.data(UNLISTED))["unlistedEventTypes"] == {"exact": True, "types": []}
    await publish(runtime, "order.order.create", "order.order.create", "user.user.create", "a.b.c")
    await types.save(runtime.database, runtime.hub, SOMEBODY, {"name": "user.user.create"})
    await types.save(runtime.database, runtime.hub, SOMEBODY, {"name": "never.was.sent"})
    await make_test_event("only.a.test")
    found = (await admin.data(UNLISTED))["unlistedEventTypes"]
    assert [one["name"] for one in found["types"]] == ["a.b.c", "order.order.create"]
    newest = await Event.filter(type="order.order.create").order_by("-id").first()
    assert newest is not None
    shown = found["types"][1]["lastReceivedAt"]
    assert shown[:19] == newest.received_at.isoformat()[:19]
    found = (await admin.data(UNLISTED, search="ORDER.c"))["unlistedEventTypes"]
    assert [one["name"] for one in found["types"]] == ["order.order.create"]
    stranger = admin.in_workspace(await make_workspace(runtime))
    assert (await stranger.data(UNLISTED))["unlistedEventTypes"]["types"] == []


@pytest.mark.engines("sqlite")
async def test_more_types_than_are_shown_are_said_to_be_there(
    runtime: Runtime, admin: Asker
) -> None:
    await publish(runtime, *(f"a.b.c{number:03}" for number in range(101)))
    found = (await admin.data(UNLISTED))["unlistedEventTypes"]
    assert (found["exact"], len(found["types"])) == (False, 100)
    found = (await admin.data(UNLISTED, search="c10"))["unlistedEventTypes"]
    assert (found["exact"], [one["name"] for one in found["types"]]) == (True, ["a.b.c100"])
