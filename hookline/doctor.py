"""Checks of an installation, one by one, each with what to do. Called by `hookline doctor`; reads,
asks and listens, and writes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from hookline import clock
from hookline.db.connection import Database, Reader
from hookline.db.faults import faults_as_unavailable
from hookline.db.schema_check import check_schema
from hookline.deliveries.queue.base import DEAD_AFTER
from hookline.errors import HooklineError, Misconfigured
from hookline.ids import uuid7
from hookline.messaging.brokers import open_broker
from hookline.secrets.opening import check_ring
from hookline.secrets.vault import open_ring
from hookline.serving import descriptors
from hookline.serving.limits import ConnectionLimits
from hookline.settings.fields import Settings
from hookline.settings.listing import unknown_names
from hookline.text import mask_url
from hookline.wiring import make_hub

# Long for a hub, which takes milliseconds; a pooler lets the announcement vanish without a word.
_ECHO_SECONDS = 5.0

BEATING = "select count(*) as count from pump where beat_at > $1"
NOW = "select now() as now"


class CheckState(Enum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """text: what was found, and for a problem the way to mend it."""

    name: str
    state: CheckState
    text: str

    @property
    def is_ok(self) -> bool:
        return self.state is CheckState.OK


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yields each check's finding as soon as it is known. Checks that rest on one that failed are
    skipped.
    """
    for sentence in unknown_names():
        yield Finding("settings", CheckState.WARNING, sentence)
    yield Finding("settings", CheckState.OK, "every value has the right form")
    yield _descriptors(settings)
    async with AsyncExitStack() as stack:
        database = Database(settings)
        stack.push_async_callback(_closed, database)
        connected = await _found("database", _database(settings, database))
        # As soon as it is known: a check may wait for seconds, and people see what it waits for.
        yield connected
        tables = (
            await _found("schema", _schema(database.reader()))
            if connected.is_ok
            else Finding("schema", CheckState.SKIPPED, "needs the database")
        )
        yield tables
        for name, check in (("keys", _keys), ("workers", _workers)):
            yield (
                await _found(name, check(settings, database.reader()))
                if tables.is_ok
                else Finding(name, CheckState.SKIPPED, "needs the tables")
            )
    # A hub of its own is worth a look even while the database is away.
    is_within_reach = connected.is_ok or settings.hub_url != settings.database_url
    yield (
        await _found("hub", _hub(settings))
        if is_within_reach
        else Finding("hub", CheckState.SKIPPED, "needs the database")
    )
    yield await _found("broker", _broker(settings))
    yield _mails(settings)


async def _found(name: str, check: Awaitable[Finding | str]) -> Finding:
    try:
        with faults_as_unavailable():
            found = await check
    except HooklineError as error:
        return Finding(name, CheckState.PROBLEM, error.message)
    return found if isinstance(found, Finding) else Finding(name, CheckState.OK, found)


async def _closed(database: Database) -> None:
    # It may never have been open.
    with suppress(Exception):
        await database.close()


def _descriptors(settings: Settings) -> Finding:
    # `hookline serve` raises its limit so far.
    limit = descriptors.highest_limit()
    connections = ConnectionLimits.of(settings, limit).connections
    text = f"{limit:,}, of which clients' connections take up to {connections:,} in each process"
    if limit >= descriptors.ENOUGH:
        return Finding("descriptors", CheckState.OK, text)
    return Finding(
        "descriptors",
        CheckState.WARNING,
        f"{text}. Raise the hard limit to {descriptors.ENOUGH:,} or more: `ulimit -Hn`, "
        "LimitNOFILE of systemd, --ulimit nofile of Docker.",
    )


async def _database(settings: Settings, database: Database) -> str:
    if settings.is_sqlite:
        # Opening it would make the file, and the doctor writes nothing.
        if not settings.sqlite_path.exists():
            raise Misconfigured(
                f"There is no database at {settings.sqlite_path}. Run: hookline migrate"
            )
        await database.open()
        return f"SQLite, {settings.sqlite_path}"
    await database.open()
    rows = await database.reader().rows("show server_version")
    return f"PostgreSQL {rows[0]['server_version'].split()[0]} at {mask_url(settings.database_url)}"


async def _schema(reader: Reader) -> str:
    await check_schema(reader)
    return "as this version wants it"


async def _keys(settings: Settings, reader: Reader) -> Finding | str:
    rows = await reader.rows("select sealed from vault_key where name = 'fingerprint'")
    given, key_file = settings.secret_keys.get_secret_value(), settings.home / "key"
    if not given and not key_file.exists():
        if rows:
            raise Misconfigured(
                f"The key of this database is missing: bring {key_file} back, or set "
                "HOOKLINE_SECRET_KEYS to it."
            )
        return f"none yet: the first start makes {key_file}"
    ring = open_ring(given, key_file)
    if not rows:
        return "the first start binds the database to the newest key"
    check_ring(ring, rows[0]["sealed"], settings)
    if not given and not settings.is_sqlite:
        text = (
            f"{key_file} opens the database's secrets, on this machine alone: other machines "
            "need the same key in HOOKLINE_SECRET_KEYS."
        )
        return Finding("keys", CheckState.WARNING, text)
    return "they open the database's secrets"


async def _workers(settings: Settings, reader: Reader) -> Finding | str:
    """Looks for running workers. Times are the database's."""
    # Beats are the database's times: this machine's clock may differ from the server's.
    now = clock.now() if settings.is_sqlite else (await reader.rows(NOW))[0]["now"]
    count = (await reader.rows(BEATING, now - DEAD_AFTER))[0]["count"]
    if count:
        return f"{count} running"
    start = "`hookline serve`" if settings.is_sqlite else "`hookline worker`"
    return Finding(
        "workers", CheckState.WARNING, f"None is running, so nothing is delivered. Start: {start}"
    )


async def _hub(settings: Settings) -> Finding | str:
    if settings.hub_url == "memory://":
        if settings.is_sqlite:
            return "memory, for the one process that SQLite takes"
        return Finding(
            "hub",
            CheckState.WARNING,
            "memory, so only `hookline serve --with-worker` works. For workers leave "
            "HOOKLINE_PUBSUB_URL empty.",
        )
    hub = make_hub(settings)
    await hub.open()
    try:
        # A text of its own: other processes publish meanwhile.
        returned, text = asyncio.Event(), f"doctor {uuid7()}"
        hub.subscribe("activity", lambda got: returned.set() if got == text else None)
        hub.publish("activity", text)
        await asyncio.wait_for(returned.wait(), _ECHO_SECONDS)
    except TimeoutError:
        raise Misconfigured(
            "The hub connects, but what it announces does not come back, as behind a pooler. "
            "Set HOOKLINE_PUBSUB_URL to the PostgreSQL server itself, or to redis://…"
        ) from None
    finally:
        await hub.close()
    return f"announcements come back over {mask_url(settings.hub_url)}"


async def _broker(settings: Settings) -> str:
    def ask() -> None:
        open_broker(settings.broker_url).disconnect()

    # Dramatiq's brokers connect in the calling thread, and may wait there.
    await asyncio.to_thread(ask)
    return (
        "memory: each worker enqueues to itself"
        if settings.broker_url == "memory://"
        else f"{mask_url(settings.broker_url)} answers"
    )


def _mails(settings: Settings) -> Finding:
    """Checks the settings only: a mail server may count each connection."""
    if not settings.smtp_url.get_secret_value():
        text = (
            f"written as files to {settings.home / 'outbox'}; HOOKLINE_SMTP_URL names a mail server"
        )
        return Finding("mails", CheckState.OK, text)
    host = urlsplit(settings.public_url).hostname
    if settings.asks_others and not host:
        return Finding(
            "mails",
            CheckState.WARNING,
            "Addresses outside HOOKLINE_MAIL_DOMAINS get no mails: each must confirm by a link, "
            "and there is no address for it. Set HOOKLINE_PUBLIC_URL to the one under which people "
            "reach this server, or HOOKLINE_MAIL_OTHER_DOMAINS to refuse or allow.",
        )
    allowed = [name.lower() for name in settings.allowed_hosts]
    if allowed and host and host not in allowed and f"[{host}]" not in allowed:
        return Finding(
            "mails",
            CheckState.WARNING,
            f"Links in mails lead to {host} (HOOKLINE_PUBLIC_URL), for which this server does not "
            "answer: HOOKLINE_ALLOWED_HOSTS lacks it.",
        )
    others = {"confirm": "once they are confirmed", "refuse": "never", "allow": "too"}
    listed = ", ".join(settings.mail_domains) or "no domain"
    return Finding(
        "mails",
        CheckState.OK,
        f"to {listed} at once, to others {others[settings.mail_other_domains]}",
    )
