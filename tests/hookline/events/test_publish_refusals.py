"""Events that are refused, on both databases: every problem at its path, and nothing is stored."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from hookline.errors import Code, Refused
from hookline.events.checking import PublishInput
from hookline.models import Event
from hookline.runtime import Runtime
from tests.hookline.events.publishers import given, publish
from tests.tables import each_of

pytestmark = [pytest.mark.usefixtures("unstalled"), pytest.mark.engines("sqlite")]


async def problems_of(runtime: Runtime, *inputs: PublishInput) -> set[tuple[Code, tuple[str, ...]]]:
    with pytest.raises(Refused) as caught:
        await publish(runtime, *inputs)
    assert await Event.all().count() == 0
    return {(problem.code, problem.field) for problem in caught.value.problems}


@pytest.mark.engines("sqlite", "postgres")
@each_of(
    "data, path",
    [
        ({"a": ["ok", "b\0d"]}, ("a", "1")),
        ({"n": 2**64}, ("n",)),
        ({"n": -(2**63) - 1}, ("n",)),
        ([float("nan")], ("0",)),
        ({"deep": {"x": float("inf")}}, ("deep", "x")),
        ({"s": "\ud800"}, ("s",)),
    ],
)
async def test_data_that_cannot_be_stored_is_refused_at_its_path(
    runtime: Runtime, data: Any, path: tuple[str, ...]
) -> None:
    assert await problems_of(runtime, given(1), given(data)) == {
        (Code.INVALID, ("1", "data", *path))
    }


async def test_everything_that_is_wrong_is_told_at_once(runtime: Runtime) -> None:
    bad = PublishInput("Order.created", "nowhere", {"a": "\0"}, " key ")
    found = await problems_of(runtime, bad, given(1, "k" * 256))
    fields = {
        ("0", "type"),
        ("0", "environment"),
        ("0", "data", "a"),
        ("0", "idempotencyKey"),
        ("1", "idempotencyKey"),
    }
    assert found == {(Code.INVALID, field) for field in fields}


async def test_batch_of_no_event_or_too_many_is_refused(runtime: Runtime) -> None:
    assert await problems_of(runtime) == {(Code.REQUIRED, ())}
    assert await problems_of(runtime, *[given(1)] * 1_001) == {(Code.TOO_MANY, ())}


async def test_data_that_is_too_long_is_refused(runtime: Runtime) -> None:
    limit = runtime.settings.max_event_bytes
    assert await problems_of(runtime, given("ä" * (limit // 2))) == {(Code.TOO_LONG, ("0", "data"))}
    assert await problems_of(runtime, *[given("a" * (limit - 2))] * 33) == {(Code.TOO_LONG, ())}
    assert await publish(runtime, given("a" * (limit - 2)))


@each_of(
    "at",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
    ],
)
@each_of("key", [None, "k"])
async def test_time_at_the_end_of_time_is_refused(
    runtime: Runtime, at: datetime, key: str | None
) -> None:
    assert await problems_of(runtime, given(1, key, occurred_at=at)) == {
        (Code.OUT_OF_RANGE, ("0", "occurredAt"))
    }
