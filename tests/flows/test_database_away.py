"""The database crashes, hangs, is full or locked: callers hear UNAVAILABLE in bounded time, and
when it is back all goes on without a restart.

What was answered as accepted arrives, under one webhook-id per event.
"""

import asyncio
import contextlib
import re
import resource
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import orjson
import pytest

from tests.databases import Databases
from tests.flows.installation import JSON, Installation, Json
from tests.postgresql import PostgreSQL
from tests.receivers import Handler, Receiver
from tests.receivers import Server as Listener
from tests.waiting import eventually

PUBLISH = """mutation($data: JSON!) { eventPublish(input: { type: "order.order.create", environment:
  "production", data: $data }) {
  event { id } userErrors { message } } }"""
QUERY = "{ events(first: 1) { nodes { id } } }"
PATIENT = 50
"""Seconds in which every answer comes on a slow machine, where it takes 20 on an idle one."""


class Ledger:
    """Events that were published and accepted, and must therefore arrive."""

    def __init__(self, hookline: Installation, receiver: Receiver) -> None:
        self._hookline, self._receiver = hookline, receiver
        self._accepted: set[str] = set()
        self._count = 0

    async def publish(self) -> httpx.Response:
        self._count += 1
        answer = await ask(self._hookline, PUBLISH, data={"n": self._count})
        if "errors" not in answer.json():
            self._accepted.add(answer.json()["data"]["eventPublish"]["event"]["id"])
        return answer

    async def is_accepted(self) -> bool:
        return "errors" not in (await self.publish()).json()

    async def goes_on(self) -> None:
        """Waits until the API is ready, publishes are accepted and all that ever was has arrived,
        each event under an id of its own.
        """
        await eventually(self._hookline.is_ready, seconds=PATIENT)
        await eventually(self.is_accepted, seconds=PATIENT)
        await eventually(lambda: self._accepted <= set(self._arrived()), seconds=PATIENT)
        arrived = self._arrived()
        assert len(set(arrived.values())) == len(arrived)

    def _arrived(self) -> dict[str, int]:
        """webhook-id -> the number that was published; one id never carries two events."""
        arrived = dict[str, int]()
        for request in self._receiver.requests:
            body, key = orjson.loads(request.body), request.header("webhook-id")
            assert key == body["id"]
            assert arrived.setdefault(body["id"], body["data"]["n"]) == body["data"]["n"]
        return arrived


async def ask(hookline: Installation, query: str, **variables: Json) -> httpx.Response:
    return await hookline.client.post(
        "/graphql",
        content=orjson.dumps({"query": query, "variables": variables}),
        headers=JSON,
        timeout=PATIENT,
    )


def assert_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAVAILABLE"]


async def assert_all_unavailable(hookline: Installation, ledger: Ledger) -> None:
    """Asked at the same time, more of them than there are connections."""
    publishes, queries = (
        [ledger.publish() for _ in range(6)],
        [ask(hookline, QUERY) for _ in range(10)],
    )
    ready = hookline.client.get("/readyz", timeout=PATIENT)
    *answers, health = await asyncio.gather(*publishes, *queries, ready)
    for answer in answers:
        assert_unavailable(answer)
    assert (health.status_code, health.json()["database"]) == (503, "no answer")
    assert int(health.headers["retry-after"]) > 0


def assert_few_lines(hookline: Installation) -> None:
    """An outage has a line of each component of the two processes; some find it out twice, by a
    connection that is left from before.
    """
    log = hookline.log.read_text("utf-8")
    warnings = re.findall(r"^\S+ (?:WARNING|ERROR) (\S+: [^:\n]*)", log, re.MULTILINE)
    assert warnings
    assert {line: count for line, count in Counter(warnings).items() if count > 4} == {}
    assert "Traceback" not in log


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    with PostgreSQL(tmp_path_factory.mktemp("postgresql"), "max_connections=40") as server:
        yield server


@pytest.fixture(scope="module")
def databases(server: PostgreSQL) -> Iterator[Databases]:
    with Databases(server) as databases:
        yield databases


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """Of a new database with the schema."""
    with databases.made() as url:
        yield url


@contextlib.asynccontextmanager
async def story(
    folder: Path, database_url: str, proxy_url: str = ""
) -> AsyncIterator[tuple[Installation, Ledger]]:
    """An installation with one webhook, to which something was delivered already. proxy_url: how
    its processes reach the database.
    """
    async with Receiver() as receiver, Installation(folder, database_url) as hookline:
        hookline.environment["HOOKLINE_DATABASE_URL"] = proxy_url or database_url
        await hookline.start()
        await hookline.create_webhook(receiver.url)
        ledger = Ledger(hookline, receiver)
        await ledger.goes_on()
        yield hookline, ledger


async def test_a_crash_of_the_database_is_survived(
    server: PostgreSQL, url: str, tmp_path: Path
) -> None:
    async with story(tmp_path, url) as (hookline, ledger):
        await asyncio.gather(*(ledger.publish() for _ in range(50)))
        server.stop("immediate")
        try:
            await assert_all_unavailable(hookline, ledger)
        finally:
            server.start()
        await ledger.goes_on()
        assert_few_lines(hookline)


async def test_a_database_that_hangs_is_survived(
    server: PostgreSQL, url: str, tmp_path: Path
) -> None:
    async with story(tmp_path, url) as (hookline, ledger):
        await asyncio.gather(*(ledger.publish() for _ in range(50)))
        server.freeze()
        try:
            await assert_all_unavailable(hookline, ledger)
        finally:
            server.thaw()
        await ledger.goes_on()
        assert_few_lines(hookline)


class Proxy:
    """Between Hookline and its database. `cut`: what goes through connections of now is swallowed
    for ever; new ones are, until `heal`, too.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut, self._line = False, 0

    def cut(self) -> None:
        self._is_cut = True
        self._line += 1

    def heal(self) -> None:
        self._is_cut = False

    @property
    def handler(self) -> Handler:
        return self._serve

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            await asyncio.Event().wait()
        line = self._line
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.wait(
                [
                    asyncio.create_task(self._pass(line, reader, there_writer)),
                    asyncio.create_task(self._pass(line, there_reader, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            there_writer.transport.abort()

    async def _pass(
        self, line: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):  # one end went: `_serve` then ends the other
            while piece := await reader.read(65_536):
                if line != self._line:
                    await asyncio.Event().wait()
                writer.write(piece)
                await writer.drain()


async def test_connections_that_are_half_open_are_given_up(
    server: PostgreSQL, url: str, tmp_path: Path
) -> None:
    proxy = Proxy(server.port)
    async with (
        Listener(proxy.handler) as listener,
        story(tmp_path, url, url.replace(str(server.port), str(listener.port))) as (
            hookline,
            ledger,
        ),
    ):
        await asyncio.gather(*(ledger.publish() for _ in range(50)))
        proxy.cut()
        await assert_all_unavailable(hookline, ledger)
        proxy.heal()
        await ledger.goes_on()


@contextlib.asynccontextmanager
async def all_slots_taken(url: str) -> AsyncIterator[None]:
    """Connections of others take every slot, and each one that comes free meanwhile."""
    async with contextlib.AsyncExitStack() as others:
        is_full = asyncio.Event()

        async def take() -> None:
            while True:
                try:
                    others.push_async_callback((await asyncpg.connect(url)).close)
                except asyncpg.TooManyConnectionsError:
                    is_full.set()
                    await asyncio.sleep(0.01)

        taking = asyncio.create_task(take())
        try:
            await is_full.wait()
            yield
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)


async def test_no_free_slot_ends_a_start_with_a_sentence_and_stops_no_running_one(
    url: str, tmp_path: Path
) -> None:
    async with story(tmp_path, url) as (hookline, ledger):
        async with all_slots_taken(url):
            refused = await asyncio.to_thread(hookline.run, "serve", exit_code=1, HOOKLINE_PORT="0")
            assert "takes no connection" in refused.stderr
            assert "too many clients" in refused.stderr
            assert "Traceback" not in refused.stderr
            assert await ledger.is_accepted()  # over the connections that are open
        await ledger.goes_on()


async def test_a_held_lock_is_waited_for_until_the_limit_only(url: str, tmp_path: Path) -> None:
    async with story(tmp_path, url) as (_, ledger):
        holder = await asyncpg.connect(url)
        try:
            async with holder.transaction():
                await holder.execute("lock table delivery in access exclusive mode")
                for answer in await asyncio.gather(*(ledger.publish() for _ in range(6))):
                    assert_unavailable(answer)
            await ledger.goes_on()
        finally:
            await holder.close()


FULL = """
create function full_disk() returns trigger language plpgsql as $$ begin
  raise 'could not extend file: No space left on device' using errcode = '53100'; end $$;
create trigger full_disk before insert on event execute function full_disk()"""


async def test_a_full_disk_refuses_publishes_until_there_is_room(url: str, tmp_path: Path) -> None:
    """The disk is not really full: a trigger raises what PostgreSQL raises then."""
    async with story(tmp_path, url) as (_, ledger):
        operator = await asyncpg.connect(url)
        try:
            await operator.execute(FULL)
            try:
                assert_unavailable(await ledger.publish())
            finally:
                await operator.execute("drop trigger full_disk on event; drop function full_disk()")
            await ledger.goes_on()
        finally:
            await operator.close()


async def test_a_sqlite_file_that_another_process_has_locked_is_waited_for_until_the_limit_only(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "hookline.db"
    path.write_bytes(sqlite_template.read_bytes())
    async with story(tmp_path, f"sqlite:///{path}") as (_, ledger):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            for answer in await asyncio.gather(*(ledger.publish() for _ in range(6))):
                assert_unavailable(answer)
            other.execute("rollback")
        await ledger.goes_on()


async def test_a_full_disk_under_sqlite_refuses_publishes_until_there_is_room(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """The process may write no file beyond the size that its own have: to SQLite that is a disk
    without room.
    """
    path = tmp_path / "hookline.db"
    path.write_bytes(sqlite_template.read_bytes())
    async with story(tmp_path, f"sqlite:///{path}") as (hookline, ledger):
        pid, no_limit = (
            hookline.processes["serve"].pid,
            (resource.RLIM_INFINITY, resource.RLIM_INFINITY),
        )
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, no_limit[1]))
        for answer in await asyncio.gather(*(ledger.publish() for _ in range(6))):
            assert_unavailable(answer)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, no_limit)
        await ledger.goes_on()
