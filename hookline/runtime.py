"""Everything that a process works with, wired in one place. Passed on, never global.

Opened once per process, by api/lifespan, the workers or a command.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from hookline.activity.feed import Feeds
from hookline.db.connection import Database, faults_as_unavailable
from hookline.db.migrate import missing_migrations
from hookline.db.sqlite import SafeSqliteClient
from hookline.deliveries.queue.base import Queue
from hookline.deliveries.registry import Registry
from hookline.errors import HooklineError, Misconfigured, Unavailable
from hookline.events.publishing import Publisher
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub, MemoryHub
from hookline.messaging.wakeups import Wakeups
from hookline.outbound.addresses import AddressPolicy
from hookline.outbound.rendering import Renderer
from hookline.secrets.vault import KeyRing, Place, Vault, open_ring
from hookline.settings import Settings

NIL = UUID(int=0)
FINGERPRINT_KEY = Place(NIL, "vault_key", NIL, "sealed")


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    addresses: AddressPolicy
    database: Database
    hub: Hub
    enqueuer: Enqueuer
    """Messages to the worker's actors. Silent until who opened the runtime gives it a broker."""
    wakeups: Wakeups
    vault: Vault
    queue: Queue
    """The hot path: publish, claim, record, sweep."""
    registry: Registry
    """The webhooks in memory, as matching and sending need them."""
    publisher: Publisher
    renderer: Renderer
    """Payload templates, in a process of their own."""
    feeds: Feeds
    """What happened, for subscriptions."""


@asynccontextmanager
async def open_runtime(settings: Settings, addresses: AddressPolicy | None = None) -> AsyncIterator[Runtime]:
    """Connects to everything and closes it again, in the opposite order. addresses: instead of what the settings allow.

    Raises Misconfigured or Unavailable with a sentence that says what to do.
    """
    async with AsyncExitStack() as stack:
        try:
            with faults_as_unavailable():
                runtime = await _wire(settings, addresses or AddressPolicy(settings.egress_networks, settings.egress_hosts), stack)
        except Unavailable as error:
            if "HOOKLINE_" in error.message:
                raise
            raise Unavailable(f"The database went away at the start: {error.message} See HOOKLINE_DATABASE_URL.") from error
        yield runtime


async def _wire(settings: Settings, addresses: AddressPolicy, stack: AsyncExitStack) -> Runtime:
    if settings.is_sqlite and not settings.sqlite_path.exists():
        raise Misconfigured(f"There is no database at {settings.sqlite_path}. Run: hookline migrate")
    database = Database(settings)
    stack.push_async_callback(database.close)
    await database.open()
    if missing := await missing_migrations(settings):
        raise Misconfigured(f"The database lacks {len(missing)} migration(s), the first is {missing[0]}. Run: hookline migrate")
    vault = await open_vault(settings, database)
    hub = make_hub(settings)
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
    publisher = Publisher(queue, registry, wakeups)
    stack.push_async_callback(publisher.close)
    renderer = Renderer()
    stack.push_async_callback(renderer.close)
    feeds = Feeds(database, hub)
    stack.push_async_callback(feeds.close)
    return Runtime(settings, addresses, database, hub, enqueuer, wakeups, vault, queue, registry, publisher, renderer, feeds)


def make_hub(settings: Settings) -> Hub:
    if settings.hub_url == "memory://":
        return MemoryHub()
    if settings.hub_url.startswith("redis"):
        from hookline.messaging.redis_hub import RedisHub

        return RedisHub(settings.hub_url)
    from hookline.messaging.postgres_hub import PostgresHub

    return PostgresHub(settings.hub_url.replace("postgres://", "postgresql://", 1))


def make_queue(settings: Settings, database: Database, hub: Hub) -> Queue:
    if settings.is_sqlite:
        from hookline.deliveries.queue.sqlite import SqliteQueue

        client = database.client
        assert isinstance(client, SafeSqliteClient)
        return SqliteQueue(settings.sqlite_path, client.turn)
    from hookline.deliveries.queue.postgres import PostgresQueue

    return PostgresQueue(settings.postgres_dsn, settings.database_pool, hub.carries_wakes_in_publish)


async def open_vault(settings: Settings, database: Database) -> Vault:
    """The vault over the settings' key ring; the fingerprint key is made with the database's first vault and kept there, sealed.

    Raises Misconfigured when the ring is not the one that this database was made with.
    """
    ring = open_ring(settings.secret_keys.get_secret_value(), settings.home / "key")
    async with database.unit_of_work() as work:
        await work.execute(
            "insert into vault_key (name, sealed) values ('fingerprint', $1) on conflict (name) do nothing",
            ring.seal(Vault.new_fingerprint_key(), FINGERPRINT_KEY),
        )
        sealed = (await work.rows("select sealed from vault_key where name = 'fingerprint'"))[0]["sealed"]
    return Vault(ring, check_ring(ring, sealed, settings))


def check_ring(ring: KeyRing, sealed: str, settings: Settings) -> str:
    """What the database's first vault has sealed, if the ring opens it.

    Raises Misconfigured when it is another ring than the one that this database was made with.
    """
    try:
        return ring.unseal(sealed, FINGERPRINT_KEY)
    except HooklineError as error:
        source = "HOOKLINE_SECRET_KEYS does not hold" if settings.secret_keys.get_secret_value() else f"The key file {settings.home / 'key'} is not"
        raise Misconfigured(
            f"{source} the key that this database was made with, so none of its secrets could be read. Bring that key back; "
            "a newer one may stand before it in HOOKLINE_SECRET_KEYS."
        ) from error
