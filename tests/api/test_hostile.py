"""Callers who ask for more than anybody may: each case over every transport. They are told so,
others are served meanwhile, and nothing of theirs goes on after they have gone.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import psutil
import pytest

from hookline import clock, ids
from hookline.ids import uuid7
from hookline.models import Notification
from hookline.runtime import Runtime
from hookline.settings.fields import Settings, read_settings
from hookline.wiring import open_runtime
from tests.api.attacking import TRANSPORTS, Server, codes, serve_others, serving
from tests.api.transport.socket_client import heard, said, subscribed, welcomed
from tests.conftest import LOOPBACK
from tests.making import WORKSPACE, make_webhook
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("unstalled")

WEBHOOK: Final = ids.encode("wh", WORKSPACE)


def repeated(count: int, field: str) -> str:
    return "{ " + " ".join(f"a{number}: {field}" for number in range(count)) + " }"


PAGES: Final = (
    "{ deliveries%s { nodes { attempts%s { nodes { delivery { "
    "attempts%s { nodes { id } } } } } } } }"
)
BIG: Final = "(first: null, last: 100)"
UNSET: Final = "(first: $unset, last: 100)"
CASES: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "null page": (PAGES % (BIG, BIG, BIG), {}, "QUERY_TOO_COSTLY"),
    "unset page": ("query ($unset: Int) " + PAGES % ((UNSET,) * 3), {}, "QUERY_TOO_COSTLY"),
    "statistics by alias": (
        repeated(
            160,
            f'webhook(id: "{WEBHOOK}") {{ stats(since: "2026-01-01T00:00:00Z", step: HOUR) '
            "{ start attempts } }",
        ),
        {},
        "QUERY_TOO_COSTLY",
    ),
    "statistics of many": (
        "query ($since: DateTime!) { webhooks(first: 100) { nodes { stats(since: $since, step: DAY)"
        " { start } } } }",
        {"since": "2022-01-01T00:00:00Z"},
        "QUERY_TOO_COSTLY",
    ),
    "counts by alias": (
        repeated(150, "deliveries(first: 0) { totalCount }"),
        {},
        "QUERY_TOO_COSTLY",
    ),
    "counts within the aliases": (
        repeated(50, "deliveries(first: 0) { totalCount }"),
        {},
        "QUERY_TOO_COSTLY",
    ),
    "neighbours of many": (
        '{ deliveries(first: 100) { nodes { a: attempts(first: 0, after: "x") { pageInfo '
        "{ hasNextPage hasPreviousPage } } b: attempts(first: 100) { nodes { id } edges { cursor } "
        "} c: attempts(first: 100) { nodes { id } edges { cursor } } } } }",
        {},
        "QUERY_TOO_COSTLY",
    ),
    "data of many events": (
        "{ deliveries(first: 100) { nodes { attempts(first: 100) { nodes { requestBody } } } } }",
        {},
        "QUERY_TOO_COSTLY",
    ),
    "names of types": (repeated(101, "__typename"), {}, "QUERY_TOO_COSTLY"),
    "operations": (
        " ".join(f"query q{number} {{ __typename }}" for number in range(1_000)),
        {},
        "QUERY_TOO_COSTLY",
    ),
    "numbers in a list": (
        "query ($n: [Int!]) { attempts(filter: {statusClass: $n}) { nodes { id } } }",
        {"n": [2] * 200_000},
        "QUERY_TOO_COSTLY",
    ),
    "numbers in an input": (
        "query ($f: AttemptFilter) { attempts(filter: $f) { nodes { id } } }",
        {"f": {"statusClass": [2] * 200_000}},
        "QUERY_TOO_COSTLY",
    ),
    "fields that no input has": (
        "query ($f: AttemptFilter) { attempts(filter: $f) { nodes { id } } }",
        {"f": {f"k{number}": 1 for number in range(50_000)}},
        "QUERY_TOO_COSTLY",
    ),
    "search": (
        "query ($s: String) { webhooks(filter: {search: $s}) { nodes { id } } }",
        {"s": "x" * 50_000},
        "BAD_USER_INPUT",
    ),
    "circles": (
        "{ deliveries "
        + "{ nodes { webhook { deliveries " * 3
        + "{ totalCount }"
        + " } } }" * 3
        + "}",
        {},
        "QUERY_TOO_COSTLY",
    ),
    "fragments that multiply": (
        "{ viewer { ...f0 } } "
        + " ".join(f"fragment f{n} on Viewer {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))
        + " fragment f40 on Viewer { name }",
        {},
        "QUERY_TOO_COSTLY",
    ),
}
OF_NO_ROW: Final = {
    "url": {"url": "x" * 60_000},
    "label": {"label": {"key": "x" * 60_000, "value": "y"}},
}


@pytest.fixture
async def server(runtime: Runtime) -> AsyncIterator[Server]:
    async with serving(runtime) as running:
        yield running


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_case_is_refused_while_others_are_served(
    server: Server, transport: str
) -> None:
    ask = TRANSPORTS[transport](server)

    async def attack() -> dict[str, list[str]]:
        return {
            name: codes(await ask(text, **variables))
            for name, (text, variables, _) in CASES.items()
        }

    others, *attacks = await asyncio.gather(serve_others(server, 20), *(attack() for _ in range(2)))
    assert others == 20
    assert attacks == [{name: [code] for name, (_, _, code) in CASES.items()}] * 2


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_text_that_no_row_can_have_finds_none(server: Server, transport: str) -> None:
    await make_webhook(server.runtime)
    ask = TRANSPORTS[transport](server)
    for wanted in OF_NO_ROW.values():
        answer = await ask(
            "query ($f: WebhookFilter) { webhooks(filter: $f) { nodes { id } } }", f=wanted
        )
        assert answer["data"]["webhooks"]["nodes"] == []


@pytest.mark.engines("sqlite")
async def test_names_are_suggested_to_nobody(server: Server) -> None:
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("{ webhoks { nodes { id } } }", {}),
        ("{ webhooks(filtr: {}) { nodes { id } } }", {}),
        (
            "query ($s: [WebhookStatus!]) { webhooks(filter: {status: $s}) { nodes { id } } }",
            {"s": ["ACTIV"]},
        ),
        (
            "query ($f: WebhookFilter) { webhooks(filter: $f) { nodes { id } } }",
            {"f": {"serch": "x"}},
        ),
        ("query ($f: WebhookFiltr) { webhooks(filter: $f) { nodes { id } } }", {}),
    )
    for text, variables in wrong:
        answer = await server.over_http(text, **variables)
        assert codes(answer)
        assert "mean" not in str(answer)


@pytest.mark.engines("sqlite")
async def test_the_largest_answer_of_all_lets_others_have_the_loop(server: Server) -> None:
    patterns = [f"order.model{number}.*" for number in range(100)]
    for number in range(100):
        await make_webhook(server.runtime, name=str(number), events=patterns)
    text = "{ webhooks(first: 100) { nodes { name eventPatterns { object model action } } } }"
    attack = asyncio.create_task(server.over_http(text))

    async def ask() -> int:
        served = 0
        while not attack.done():
            answer = await server.over_http("{ __typename }", "other")
            served += answer == {"data": {"__typename": "Query"}}
        return served

    served = await asyncio.gather(*(ask() for _ in range(3)))
    assert codes(await attack) == []
    # 10,000 objects in one go would be one answer before and one after them for each of the
    # three: 6 to 8 in all, against 33 on an idle machine.
    assert sum(served) > 10


@pytest.mark.engines("sqlite")
async def test_memory_is_bounded_whatever_is_asked(server: Server) -> None:
    await make_webhook(server.runtime)
    await serve_others(server, 3)
    gc.collect()
    before_bytes = psutil.Process().memory_info().rss
    for _ in range(3):
        for text, variables, _ in CASES.values():
            await server.over_http(text, **variables)
    gc.collect()
    assert psutil.Process().memory_info().rss - before_bytes < 100 * 1024 * 1024


# On PostgreSQL a lock makes a list hang, as a slow statement would: publishing does not need it.

AT_WORK: Final = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'"""
HANGING: Final = "{ notifications { nodes { id } } }"
LOADER_HANGS: Final = "{ notifications { nodes { emails { address } } } }"


class Locked:
    """A lock on a table, and a look at the statements that wait for it."""

    def __init__(self, holder: asyncpg.Connection, watcher: asyncpg.Connection) -> None:
        # Inside its transaction the holder would see the same statements for ever.
        self._holder, self._watcher = holder, watcher

    async def hold(self, table: str) -> None:
        await self._holder.execute(f"begin; lock table {table} in access exclusive mode")

    async def release(self) -> None:
        await self._holder.execute("rollback")

    async def until_waiting(self, count: int = 1) -> None:
        """Returns when so many statements wait, or more."""
        await eventually(lambda: self._is_waiting(range(count, 1_000)))

    async def until_free(self) -> None:
        """Returns when no statement waits any more."""
        await eventually(lambda: self._is_waiting(range(1)))

    async def _is_waiting(self, counts: range) -> bool:
        return await self._watcher.fetchval(AT_WORK) in counts


@pytest.fixture
async def locked(postgres_database: str) -> AsyncIterator[Locked]:
    """A lock on notifications during the test."""
    holder = await asyncpg.connect(postgres_database)
    watcher = await asyncpg.connect(postgres_database)
    lock = Locked(holder, watcher)
    await lock.hold("notification")
    yield lock
    await holder.close()
    await watcher.close()


@pytest.fixture
async def impatient(postgres_database: str, settings: Settings) -> AsyncIterator[Server]:
    """A server whose operations may take a second."""
    quick = read_settings(database_url=postgres_database, home=settings.home, operation_seconds=1)
    async with open_runtime(quick, LOOPBACK) as runtime, serving(runtime) as running:
        yield running


@pytest.mark.engines("postgres")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_others_are_served_while_the_lists_of_one_hang(
    server: Server, locked: Locked, transport: str
) -> None:
    ask = TRANSPORTS[transport](server)
    attacks = [asyncio.ensure_future(ask(HANGING)) for _ in range(12)]
    await locked.until_waiting(2)
    assert await serve_others(server, 20) == 20
    assert not any(attack.done() for attack in attacks)
    await locked.release()
    assert [codes(answer) for answer in await asyncio.gather(*attacks)] == [[]] * 12


@pytest.mark.engines("postgres")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_operation_ends_when_its_time_is_over(
    impatient: Server, locked: Locked, transport: str
) -> None:
    answer = await TRANSPORTS[transport](impatient)(HANGING)
    assert codes(answer) == ["UNAVAILABLE"]
    assert "longer than 1 s" in str(answer)
    await locked.until_free()


@pytest.mark.engines("postgres")
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_query_ends_when_its_client_is_gone(
    server: Server, locked: Locked, accept: str
) -> None:
    attack = asyncio.create_task(server.over_http(HANGING, accept=accept))
    await locked.until_waiting()
    attack.cancel()
    await locked.until_free()


@pytest.mark.engines("postgres")
async def test_what_a_loader_reads_ends_with_the_client_too(server: Server, locked: Locked) -> None:
    await locked.release()
    await Notification.create(
        id=uuid7(), workspace_id=WORKSPACE, kind=1, failures=1, created_at=clock.now()
    )
    await locked.hold("email")
    attack = asyncio.create_task(server.over_http(LOADER_HANGS))
    await locked.until_waiting()
    attack.cancel()
    await locked.until_free()


@pytest.mark.engines("postgres")
@pytest.mark.parametrize("end", ["complete", "close", "vanish"])
async def test_a_query_of_a_socket_ends_with_its_complete_and_with_the_socket(
    server: Server, locked: Locked, end: str
) -> None:
    async with server.socket() as connection:
        await welcomed(connection, server.tokens["viewer"])
        await subscribed(connection, HANGING)
        await locked.until_waiting()
        if end == "complete":
            await said(connection, {"id": "1", "type": "complete"})
            await locked.until_free()
            await subscribed(connection, "{ __typename }")
            assert (await heard(connection))["payload"] == {"data": {"__typename": "Query"}}
        elif end == "vanish":
            connection.transport.abort()
    await locked.until_free()
