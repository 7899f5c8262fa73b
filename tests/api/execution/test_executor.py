"""Turns of the loop that an operation leaves to others: between items and fields too."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncGenerator

import pytest
import strawberry
from graphql.execution.collect_fields import CollectedFields

from api.context import Context
from api.execution.execute import Answer, Execution, Request
from tests.api.small_schema import VIEWER

Info = strawberry.Info[Context, None]


class Turns:
    """Counts turns of the loop, and what is done in each."""

    def __init__(self) -> None:
        self.now = 0
        self.done = Counter[int]()

    async def count(self) -> None:
        while True:
            self.now += 1
            await asyncio.sleep(0)

    def work(self) -> None:
        self.done[self.now] += 1
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass


@strawberry.type
class Item:
    @strawberry.field
    def computes(self, info: Info) -> int:
        info.context.runtime.work()
        return 1

    @strawberry.field
    async def reads(self, info: Info) -> int:
        info.context.runtime.work()
        return 1


@strawberry.type
class Query:
    @strawberry.field
    def items(self) -> list[Item]:
        return [Item() for _ in range(100)]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def made(self) -> AsyncGenerator[list[Item], None]:
        while True:
            yield [Item()]


async def _read_cursor(_: Context) -> str:
    return ""


@pytest.mark.parametrize("field", ["computes", "reads"])
async def test_items_and_fields_that_read_leave_the_loop_to_others_between_them(field: str) -> None:
    execution, turns = Execution(strawberry.Schema(Query)), Turns()
    context = Context(turns, VIEWER, "request", _read_cursor, lambda _: None, 60)
    request = Request(f"{{ items {{ {field} }} }}")
    counting = asyncio.create_task(turns.count())
    answer = await execution.run(execution.select(request), request, context)
    counting.cancel()
    assert answer.body == {"data": {"items": [{field: 1}] * 100}}
    assert turns.done.total() == 100
    # Each takes a millisecond: all of them in one turn would hold others up for a hundred.
    assert max(turns.done.values()) <= 20


@pytest.mark.parametrize("field", ["computes", "reads"])
async def test_an_operation_goes_on_beside_one_that_takes_a_burst_in_each_turn(field: str) -> None:
    execution, turns = Execution(strawberry.Schema(Query)), Turns()
    context = Context(turns, VIEWER, "request", _read_cursor, lambda _: None, 60)
    request = Request(f"{{ items {{ {field} }} }}")

    async def hold_each_turn() -> None:
        while True:
            for _ in range(10):
                turns.work()
            await asyncio.sleep(0)

    others = [asyncio.create_task(hold_each_turn()), asyncio.create_task(turns.count())]
    answer = await execution.run(execution.select(request), request, context)
    for other in others:
        other.cancel()
    assert answer.body == {"data": {"items": [{field: 1}] * 100}}
    assert turns.now < 1_000


async def test_a_subscription_keeps_nothing_of_the_events_it_has_told() -> None:
    execution = Execution(strawberry.Schema(Query, subscription=Subscription))
    context = Context(Turns(), VIEWER, "request", _read_cursor, lambda _: None, 60)
    request = Request("subscription { made { computes } }")
    stream = await execution.subscribe(execution.select(request), request, context)
    assert not isinstance(stream, Answer)
    kept = list[int]()
    for _ in range(2):
        for _ in range(50):
            await anext(stream)
        gc.collect()
        kept.append(sum(isinstance(one, CollectedFields) for one in gc.get_objects()))
    await stream.aclose()
    assert kept[0] == kept[1]
