"""The actors: one table, the declarations, docs/engine.md and the numbers of threads agree."""

import inspect
import re
from pathlib import Path

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware.asyncio import AsyncIO

from hookline.cli.worker import THREADS
from hookline.messaging.messages import ACTORS, ActorName
from workers import embedded
from workers.actors import declare_actors
from workers.context import THREADS_HELD, WorkerContext

PAGE = (Path(__file__).parents[2] / "docs/engine.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)\((.*?)\)` \| .* \| (.*) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def declared() -> dict[str, dramatiq.Actor[..., object]]:
    broker = StubBroker(middleware=[AsyncIO()])
    declare_actors(broker, no_context)
    return dict(broker.actors)


def no_context() -> WorkerContext:
    raise AssertionError("asked at a message only")


def parameters(actor: dramatiq.Actor[..., object]) -> list[str]:
    return list(inspect.signature(inspect.unwrap(actor.fn)).parameters)


def test_every_actor_is_in_the_table_declared_and_described(
    declared: dict[str, dramatiq.Actor[..., object]],
) -> None:
    described = {name: arguments for name, arguments, _ in ROW.findall(PAGE)}

    assert set(ACTORS) == set(ActorName) == set(declared) == set(described)
    for name, actor in declared.items():
        assert ", ".join(parameters(actor)) == described[name]


def test_an_actor_has_the_queue_and_the_priority_of_the_table(
    declared: dict[str, dramatiq.Actor[..., object]],
) -> None:
    for name, row in ACTORS.items():
        assert (declared[name].queue_name, declared[name].priority) == (row.queue, row.priority)


def test_an_actor_that_no_row_calls_for_has_a_period(
    declared: dict[str, dramatiq.Actor[..., object]],
) -> None:
    """A message without ids names no row, so nothing but the clock can send it."""
    for name, row in ACTORS.items():
        assert (row.period_seconds is not None) == (parameters(declared[name]) == []), name


def test_the_periods_are_those_of_the_documentation() -> None:
    enqueued_by = {name: text for name, _, text in ROW.findall(PAGE)}

    for name, row in ACTORS.items():
        if row.period_seconds is not None:
            assert enqueued_by[name] == f"the scheduler, each {row.period_seconds:g} seconds"


def test_jobs_and_periodic_actors_leave_a_thread_for_deliveries_and_mails() -> None:
    assert min(THREADS, embedded.THREADS) > THREADS_HELD
    assert (
        f"Of Dramatiq's {THREADS} threads ({embedded.THREADS} embedded) at most {THREADS_HELD} are "
        "held at a time"
    ) in " ".join(PAGE.split())
