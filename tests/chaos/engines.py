"""The engines that Hookline runs on, each as an installation with servers of its own that may be
killed.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.faults import BROKER, DATABASE
from tests.chaos.stand import API, Stand
from tests.postgresql import PostgreSQL
from tests.servers import Server, Valkey, rabbitmq


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine. broker: makes its server, in a folder. is_hub: it carries wake-ups and live events
    too.
    """

    has_postgres: bool = True
    broker: Callable[[Path], Server] | None = None
    is_hub: bool = False


ENGINES = {
    "embedded": Engine(has_postgres=False),
    "postgres": Engine(),
    "production": Engine(broker=rabbitmq),
    "production-redis": Engine(broker=Valkey, is_hub=True),
}


@asynccontextmanager
async def standing(name: str, folder: Path) -> AsyncIterator[Stand]:
    """An installation on that engine, migrated, with nothing started but its servers."""
    engine = ENGINES[name]
    async with AsyncExitStack() as stack:
        servers, environment, database_url = (
            dict[str, Server](),
            dict[str, str](),
            f"sqlite:///{folder}/hookline.db",
        )
        if engine.has_postgres:
            servers[DATABASE] = postgres = stack.enter_context(
                PostgreSQL(_made(folder / "postgres"))
            )
            database_url = postgres.url
        if engine.broker is not None:
            servers[BROKER] = stack.enter_context(engine.broker(_made(folder / "broker")))
            environment["HOOKLINE_BROKER_URL"] = servers[BROKER].url
            if engine.is_hub:
                environment["HOOKLINE_PUBSUB_URL"] = servers[BROKER].url
        names = (API, "worker-1", "worker-2") if engine.has_postgres else (API,)
        stand = Stand(folder, database_url, names, servers, environment)
        stand.run("migrate")
        yield await stack.enter_async_context(stand)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
