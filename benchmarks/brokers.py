"""The production shape with a broker: what its messages cost, what they are good for when the hub is cut, and 10,000 webhooks beside the busy one."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.processes import Trees
from benchmarks.stand import Bench, on_postgres, tell
from tests.servers import RabbitMQ, Server, Valkey

WEBHOOKS = 10_000
CUT_RATE, CUT_SECONDS = 5, 12
IDLE = """insert into webhook select r.* from (select * from webhook limit 1) w, generate_series(2, $1::int) n,
jsonb_populate_record(w, jsonb_build_object('id', gen_random_uuid(), 'slug', 'idle-' || n, 'events', E'\\nidle.n' || n || E'.create\\n')) r"""


@contextlib.contextmanager
def _beside(server: Callable[[Path], Server], name: str, folder: Path, receiver_port: int, **more: str) -> Iterator[tuple[Bench, Server]]:
    """`serve` and `worker` on PostgreSQL with that broker, whose CPU counts too."""
    (folder / name).mkdir()
    with server(folder / name) as broker, on_postgres(folder, receiver_port, HOOKLINE_BROKER_URL=broker.url, **more) as bench:
        bench.roots[name] = [broker.pid]
        yield bench, broker


def rabbitmq(folder: Path, receiver_port: int) -> dict[str, Any]:
    """The same with RabbitMQ as broker, and what arriving costs in time while it is frozen."""
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
            await connection.execute("update workspace set match_version = match_version + 1")
    finally:
        await connection.close()


def hub_cut_rabbitmq(folder: Path, receiver_port: int) -> dict[str, Any]:
    return _hub_cut(RabbitMQ, "rabbitmq", folder, receiver_port)


def hub_cut_redis(folder: Path, receiver_port: int) -> dict[str, Any]:
    return _hub_cut(Valkey, "redis", folder, receiver_port)


def _hub_cut(server: Callable[[Path], Server], name: str, folder: Path, receiver_port: int) -> dict[str, Any]:
    """A hub of its own (Redis) that is killed, with the broker up, and with the broker killed too: then only sweeps are left."""
    (folder / "hub").mkdir()
    with Valkey(folder / "hub") as hub, _beside(server, name, folder, receiver_port, HOOKLINE_PUBSUB_URL=hub.url) as (bench, broker):
        steps: dict[str, Callable[[], None]] = {"hub_and_broker": lambda: None, "broker_alone": hub.kill, "neither": broker.kill}
        results = {}
        for step, prepare in steps.items():
            tell(f"  {CUT_RATE} a second, {step}")
            prepare()
            results[step] = bench.steady(CUT_RATE, CUT_SECONDS)
        return results
