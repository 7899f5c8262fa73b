"""Large answers that wait for readers: bounded together and for each caller, whatever brings them,
and only for readers that keep a pace.
"""

import asyncio
import json
import logging
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from graphql import OperationType

from api.context import Context
from api.execution.execute import Answer
from api.transport.pace import ReadingPace
from api.transport.unsent import Unsent
from hookline.errors import Unavailable
from tests.api.raw_client import read_to_end
from tests.api.small_schema import VIEWER
from tests.api.small_server import Small, serve_small
from tests.api.transport.socket_client import closed, heard, subscribed, welcomed
from tests.waiting import eventually

COUNT, EACH = 20, 1_000_000
TEXT = "query ($v: JSON!) {" + " ".join(f"a{n}: echo(value: $v)" for n in range(COUNT)) + "}"
VARIABLES = {"v": "a" * EACH}
"""20 MB: no system takes so much over for a reader that stopped."""
LARGE = Answer(None, [], pieces=(b"a" * 60_000, b"b" * 40_000))


async def _read_cursor(_: Context) -> str:
    return ""


CONTEXT = Context(None, VIEWER, "r", _read_cursor, lambda _: None, 10)
STREAM = b"text/event-stream"
JSON = b"application/json"


def test_one_caller_has_half_and_then_others_have_one_each() -> None:
    unsent = Unsent(1_000_000)
    assert unsent.take("one", 300_000) == 300_000
    assert unsent.take("one", 200_000) == 200_000
    with pytest.raises(Unavailable) as refused:
        unsent.take("one", 100_000)
    assert "500,000 of your answers wait to be read" in refused.value.message
    assert "1,000,000 (HOOKLINE_MAX_HELD_BYTES)" in refused.value.message
    assert unsent.take("two", 400_000) == 400_000
    with pytest.raises(Unavailable):
        unsent.take("two", 70_000)
    with pytest.raises(Unavailable):
        unsent.take("three", 200_000)
    unsent.give_back("one", 300_000)
    assert unsent.take("three", 200_000) == 200_000


def test_what_is_given_back_leaves_nothing_behind() -> None:
    unsent = Unsent(1_000_000)
    for caller in range(100):
        unsent.give_back(caller, unsent.take(caller, 1_000_000))
    assert unsent._taken == {}


def test_small_answers_are_not_counted() -> None:
    unsent = Unsent(0)
    assert unsent.take("one", 65_536) == 0
    unsent.give_back("one", 0)
    assert unsent._taken == {}
    with unsent.admitted(Answer({"a": 1}, []), OperationType.QUERY, CONTEXT) as answer:
        assert (answer.data, unsent._taken) == ({"a": 1}, {})


def test_a_mutation_without_room_for_its_answer_says_that_it_was_done() -> None:
    unsent = Unsent(1_000)
    with (
        pytest.raises(Unavailable),
        unsent.admitted(LARGE, OperationType.QUERY, CONTEXT),
    ):
        pass
    with unsent.admitted(LARGE, OperationType.MUTATION, CONTEXT) as told:
        assert (told.data, told.codes, unsent._taken) == (None, ["QUERY_TOO_COSTLY"], {})
    assert told.errors[0]["message"].startswith("This was done. This answer has 100,000 bytes")


async def test_each_byte_pays_for_its_share_of_a_second_and_none_for_later() -> None:
    now = asyncio.get_running_loop().time
    pace = ReadingPace(1_000, 60)
    begun = pace.until
    pace.took(1_000_000)
    assert begun <= pace.until <= now() + 60
    pace.until = begun - 50
    pace.took(20_000)
    assert pace.until == begun - 30
    assert pace.until_taken(1_000) == pace.until + 1


@asynccontextmanager
async def asked(
    small: Small, accept: bytes = JSON, text: str = TEXT, token: bytes = b"hl_admin"
) -> AsyncIterator[asyncio.StreamReader]:
    """A client that has asked and reads nothing, until a test reads."""
    connection = sockets.socket()
    # Before it connects: the window is agreed on then.
    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 8_192)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", small.port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=8_192)
    body = json.dumps({"query": text, "variables": VARIABLES}).encode()
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nAccept: %b\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (token, accept, len(body), body)
    )
    try:
        await writer.drain()
        yield reader
    finally:
        writer.transport.abort()


def waiting_bytes(small: Small) -> int:
    return small.endpoint._unsent._taken.total()


@pytest.mark.parametrize("accept", [JSON, STREAM])
async def test_an_answer_is_counted_until_its_reader_has_it(accept: bytes) -> None:
    async with serve_small(unsent=Unsent(50_000_000)) as small:
        async with asked(small, accept) as reader:
            await eventually(lambda: waiting_bytes(small) > COUNT * EACH)
            refused = await small.ask(TEXT, variables=VARIABLES)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            [error] = refused.json()["errors"]
            assert error["extensions"]["code"] == "UNAVAILABLE"
            assert "HOOKLINE_MAX_HELD_BYTES" in error["message"]
            # A small one is not held up, nor another caller's.
            assert (await small.ask("{ hello }")).status_code == 200
            other = await small.ask(TEXT, token="hl_viewer", variables=VARIABLES)
            assert other.status_code == 200
            assert len(await read_to_end(reader)) > COUNT * EACH
        await eventually(lambda: not waiting_bytes(small))
        assert (await small.ask(TEXT, variables=VARIABLES)).status_code == 200


async def test_an_answer_whose_client_goes_is_counted_no_longer() -> None:
    async with serve_small() as small:
        async with asked(small):
            await eventually(lambda: waiting_bytes(small) > 0)
        await eventually(lambda: not waiting_bytes(small))


@pytest.mark.parametrize("accept", [JSON, STREAM])
async def test_a_reader_that_keeps_no_pace_is_dropped(
    accept: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serve_small(unsent=Unsent(late_seconds=0.3)) as small,
        asked(small, accept) as reader,
    ):
        await eventually(lambda: waiting_bytes(small) > 0)
        await eventually(lambda: not waiting_bytes(small))
        assert len(await read_to_end(reader)) < COUNT * EACH
    assert [one.message for one in caplog.records if one.levelno >= logging.ERROR] == []


EVENT = "subscription { numbers(padding: 20000000) }"


async def test_a_streams_event_is_counted_and_one_without_room_ends_its_stream() -> None:
    async with serve_small(unsent=Unsent(50_000_000)) as small, asked(small, STREAM, EVENT) as deaf:
        await small.runtime.until_listeners(1)
        await small.runtime.announce(1)
        await eventually(lambda: waiting_bytes(small) > 20_000_000)
        second = await small.ask(EVENT, accept="text/event-stream")
        first_event, completed, _ = second.text.split("\n\n")
        told = json.loads(first_event.partition("data: ")[2])
        assert told["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert completed.startswith("event: complete")
        await deaf.readuntil(b"event: next")


async def test_a_sockets_answer_is_counted_until_it_is_read() -> None:
    async with serve_small(unsent=Unsent(50_000_000)) as small, small.socket() as socket:
        await welcomed(socket)
        socket.transport.pause_reading()
        await subscribed(socket, TEXT, "1", variables=VARIABLES)
        await eventually(lambda: waiting_bytes(small) > COUNT * EACH)
        assert (await small.ask(TEXT, variables=VARIABLES)).status_code == 503
        await subscribed(socket, TEXT, "2", variables=VARIABLES)
        await subscribed(socket, EVENT, "3")
        await small.runtime.until_listeners(1)
        await small.runtime.announce(1)
        [served] = small.endpoint._sockets._open
        await eventually(lambda: not served._operations)
        socket.transport.resume_reading()
        told: dict[str, list[str]] = {"1": [], "2": [], "3": []}
        while sum(map(len, told.values())) < 4:
            message = await heard(socket)
            told[message["id"]].append(message["type"])
        assert told == {"1": ["next", "complete"], "2": ["error"], "3": ["error"]}
        await eventually(lambda: not waiting_bytes(small))


async def test_a_socket_that_reads_a_large_answer_too_slowly_ends() -> None:
    async with serve_small(unsent=Unsent(late_seconds=0.2, bytes_per_second=10**9)) as small:
        socket = await small.socket()
        await welcomed(socket)
        socket.transport.pause_reading()
        await subscribed(socket, TEXT, variables=VARIABLES)
        await eventually(lambda: waiting_bytes(small) > 0)
        await eventually(lambda: not waiting_bytes(small))
        socket.transport.resume_reading()
        assert await closed(socket) in (1006, 1013)
