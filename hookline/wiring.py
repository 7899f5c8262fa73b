"""Opens everything that a process works with and closes it again. Called once per process, by
api/lifespan, the workers or a command.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from hookline.activity.feed import Feeds
from hookline.db.connection import Database
from hookline.db.faults import faults_as_unavailable
from hookline.db.schema_check import check_schema
from hookline.db.sqlite import SafeSqliteClient
from hookline.deliveries.queue.base import Queue
from hookline.deliveries.registry import Registry
from hookline.deliveries.watching import Watches
from hookline.errors import Misconfigured, Unavailable
from hookline.events.checking import EventLimits
from hookline.events.publishing import Publisher
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub, MemoryHub
from hookline.messaging.wakeups import Wakeups
from hookline.metrics import Metrics
from hookline.outbound.addresses import AddressPolicy
from hookline.outbound.rendering import Renderer
from hookline.runtime import Runtime
from hookline.secrets.opening import open_vault
from hookline.settings.fields import Settings


@asynccontextmanager
async def open_runtime(
    settings: Settings, addresses: AddressPolicy | None = None, hears_wakes: bool = True
) -> AsyncIterator[Runtime]:
    """Connects to everything and closes it again, in the opposite order. addresses: instead of what
    the settings allow. hears_wakes: False where nothing is claimed.

    Raises Misconfigured or Unavailable with a sentence that says what to do.
    """
    async with AsyncExitStack() as stack:
        try:
            with faults_as_unavailable():
                runtime = await _wire(
                    settings,
                    addresses or AddressPolicy(settings.egress_networks, settings.egress_hosts),
                    hears_wakes,
                    stack,
                )
        except Unavailable as error:
            # It names its setting already.
            if "HOOKLINE_" in error.message:
                raise
            raise Unavailable(
                f"The database went away at the start: {error.message} See HOOKLINE_DATABASE_URL."
            ) from error
        yield runtime


async def _wire(
    settings: Settings, addresses: AddressPolicy, hears_wakes: bool, stack: AsyncExitStack
) -> Runtime:
    database = await _open_database(settings, stack)
    vault = await open_vault(settings, database)
    hub = make_hub(settings, hears_wakes)
    # The hub before the registry, which listens and then looks: so no change falls in between.
    await hub.open()
    stack.push_async_callback(hub.close)
    queue = make_queue(settings, database, hub)
    await queue.open()
    stack.push_async_callback(queue.close)
    registry = Registry(queue, hub, vault)
    await registry.open()
    stack.push_async_callback(registry.close)
    enqueuer = Enqueuer()
    wakeups = Wakeups(hub, enqueuer)
    metrics = Metrics()
    limits = EventLimits(settings.environments, settings.max_event_bytes)
    publisher = Publisher(queue, registry, wakeups, limits, metrics)
    stack.push_async_callback(publisher.close)
    renderer = Renderer()
    stack.push_async_callback(renderer.close)
    feeds = Feeds(database, hub)
    stack.push_async_callback(feeds.close)
    watches = Watches(database, hub)
    stack.push_async_callback(watches.close)
    return Runtime(
        settings,
        addresses,
        database,
        hub,
        enqueuer,
        wakeups,
        vault,
        queue,
        registry,
        publisher,
        renderer,
        feeds,
        watches,
        metrics,
    )


async def _open_database(settings: Settings, stack: AsyncExitStack) -> Database:
    """Raises Misconfigured for a database that is missing, HooklineError for another schema."""
    if settings.is_sqlite and not settings.sqlite_path.exists():
        raise Misconfigured(
            f"There is no database at {settings.sqlite_path}. Run: hookline migrate"
        )
    database = Database(settings)
    stack.push_async_callback(database.close)
    await database.open()
    await check_schema(database.reader())
    return database


def make_hub(settings: Settings, hears_wakes: bool = True) -> Hub:
    if settings.hub_url == "memory://":
        return MemoryHub()
    if settings.hub_url.startswith("redis"):
        from hookline.messaging.redis_hub import RedisHub

        return RedisHub(settings.hub_url, hears_wakes)
    from hookline.messaging.postgres_hub import PostgresHub

    dsn = settings.hub_url.replace("postgres://", "postgresql://", 1)
    return PostgresHub(dsn, hears_wakes)


def make_queue(settings: Settings, database: Database, hub: Hub) -> Queue:
    if settings.is_sqlite:
        from hookline.deliveries.queue.sqlite import SqliteQueue

        client = database.client
        assert isinstance(client, SafeSqliteClient)
        return SqliteQueue(settings.sqlite_path, client.turn)
    from hookline.deliveries.queue.postgres import PostgresQueue

    return PostgresQueue(settings.postgres_dsn, settings.database_pool, hub.publish_statement_wakes)
