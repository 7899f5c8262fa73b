"""The production shape with a broker: what its messages cost, what they are good for when the hub
is cut, and 10,000 webhooks beside the busy one.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import dramatiq

from benchmarks.processes import Trees
from benchmarks.stand import Bench, on_postgres, tell
from hookline.messaging.messages import DELIVERIES, ActorName, make_message
from tests.servers import RabbitMQ, Server, Valkey
from tests.waiting import eventually
from workers.actors import make_broker
from workers.context import WorkerContext
from workers.embedded import HostLoop

WEBHOOKS = 10_000
# RabbitMQ closes a connection that is silent for longer than two heartbeats: 25 quiet seconds are
# beyond that. 12 seconds at 5 a second are 60 samples for each step.
CUT_RATE, CUT_SECONDS, QUIET_SECONDS = 5, 12, 25
ROUNDS, ROUND = 25, 80
# In one statement, as copies of the one there is: creating webhooks is not what is measured.
IDLE = """insert into webhook select r.* from (select w from webhook w limit 1) one(w),
  generate_series(2, $1::int) n,
jsonb_populate_record(one.w, jsonb_build_object('id', gen_random_uuid(), 'slug', 'idle-' || n,
  'events', E'\\nidle.n' || n || E'.create\\n')) r"""


@contextlib.contextmanager
def _beside(
    server: Callable[[Path], Server], name: str, folder: Path, receiver_port: int, **more: str
) -> Iterator[tuple[Bench, Server]]:
    """`serve` and `worker` on PostgreSQL with that broker, whose CPU counts too."""
    (folder / name).mkdir()
    with (
        server(folder / name) as broker,
        on_postgres(
            folder, receiver_port, more={"HOOKLINE_BROKER_URL": broker.url, **more}
        ) as bench,
    ):
        # What a message costs the broker is part of what it costs.
        bench.roots[name] = [broker.pid]
        yield bench, broker


def rabbitmq(folder: Path, receiver_port: int) -> dict[str, Any]:
    """Measures everything with RabbitMQ as broker, and the time to arrival while it is frozen."""
    with _beside(RabbitMQ, "rabbitmq", folder, receiver_port) as (bench, broker):
        results = bench.all()
        tell("  200 a second, RabbitMQ frozen")
        broker.freeze()
        results["steady_broker_frozen"] = bench.steady(200)
        broker.thaw()
        return results


def redis(folder: Path, receiver_port: int) -> dict[str, Any]:
    with _beside(Valkey, "redis", folder, receiver_port) as (bench, _):
        return bench.all()


def rabbitmq_in_plenty(folder: Path, receiver_port: int) -> dict[str, Any]:
    """9,999 webhooks that want nothing of what is published, beside the one that does."""
    with _beside(RabbitMQ, "rabbitmq", folder, receiver_port) as (bench, _):
        asyncio.run(_add_idle(bench.environment["HOOKLINE_DATABASE_URL"]))
        results = bench.all()
        trees = Trees({"worker": bench.roots["worker"]})
        trees.sample()
        return {"webhooks": WEBHOOKS, **results, "worker_pss_mb": trees.peak_pss_mb}


async def _add_idle(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(IDLE, WEBHOOKS)
            # As the verbs do: processes load webhooks anew when this number has risen.
            await connection.execute("update workspace set match_version = match_version + 1")
    finally:
        await connection.close()


def hub_cut_rabbitmq(folder: Path, receiver_port: int) -> dict[str, Any]:
    return _hub_cut(RabbitMQ, "rabbitmq", folder, receiver_port)


def hub_cut_redis(folder: Path, receiver_port: int) -> dict[str, Any]:
    return _hub_cut(Valkey, "redis", folder, receiver_port)


def _hub_cut(
    server: Callable[[Path], Server], name: str, folder: Path, receiver_port: int
) -> dict[str, Any]:
    """A hub of its own (Redis) that is killed, with the broker up, and with the broker killed too:
    then only sweeps are left.
    """
    (folder / "hub").mkdir()
    with (
        Valkey(folder / "hub") as hub,
        _beside(server, name, folder, receiver_port, HOOKLINE_PUBSUB_URL=hub.url) as (
            bench,
            broker,
        ),
    ):
        steps: dict[str, Callable[[], None]] = {
            "hub_and_broker": lambda: None,
            "broker_alone": hub.kill,
            "broker_alone_after_quiet": lambda: time.sleep(QUIET_SECONDS),
            "neither": broker.kill,
        }
        results = {}
        for step, prepare in steps.items():
            tell(f"  {CUT_RATE} a second, {step}")
            prepare()
            results[step] = bench.steady(CUT_RATE, CUT_SECONDS)
        return results


def messages(folder: Path, _: int) -> dict[str, Any]:
    """CPU of one `deliver` message in this process, microseconds: to enqueue it, and to get it to
    its actor on the loop.
    """
    results = {"memory": asyncio.run(_cost("memory://"))}
    servers: dict[str, Callable[[Path], Server]] = {"rabbitmq": RabbitMQ, "redis": Valkey}
    for name, server in servers.items():
        (folder / name).mkdir()
        with server(folder / name) as broker:
            results[name] = asyncio.run(_cost(broker.url))
    return results


class _Counting:
    """Stands for a worker context and its pump."""

    def __init__(self) -> None:
        self.pump, self.count = self, 0

    def wake(self, webhook_ids: list[UUID]) -> None:
        self.count += 1

    def has(self, count: int) -> bool:
        return self.count == count


async def _cost(url: str) -> dict[str, float]:
    seen = _Counting()
    broker = make_broker(
        url, HostLoop(asyncio.get_running_loop()), lambda: cast(WorkerContext, seen)
    )
    enqueued = 0.0
    for _ in range(ROUNDS):
        began = process_time()
        _enqueue(broker)
        enqueued += process_time() - began
        # A queue holds at most 100 messages: what nobody takes would be dropped at a cost of its
        # own.
        broker.flush(DELIVERIES)
    # A worker that is started by hand never emits it, and middleware waits for it (Dramatiq 2.2.1).
    broker.emit_after("process_boot")
    worker = dramatiq.Worker(broker, worker_threads=4, worker_timeout=50)
    worker.start()
    began = process_time()
    for number in range(1, ROUNDS + 1):
        _enqueue(broker)
        await eventually(partial(seen.has, number * ROUND))
    # Of the whole process: enqueuing is taken off below.
    both = process_time() - began
    # It blocks until the threads have ended, which wait for this loop.
    await asyncio.to_thread(worker.stop)
    return {
        "enqueue_us": round(enqueued / ROUNDS / ROUND * 1e6),
        "work_us": round((both - enqueued) / ROUNDS / ROUND * 1e6),
    }


def _enqueue(broker: dramatiq.Broker) -> None:
    for _ in range(ROUND):
        broker.enqueue(make_message(ActorName.DELIVER, [str(uuid4())]))
