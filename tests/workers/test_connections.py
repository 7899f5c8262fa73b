"""Answers as one connection reads them, however their bytes come, and reuse of connections."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import pytest
import uvloop

from hookline import clock
from hookline.deliveries.retries import AttemptError
from tests.receivers import Handler, Server, read_request
from tests.waiting import eventually, turns
from tests.workers.test_sending import LOOPBACK, request
from workers.answers import ReceiverAnswer
from workers.connections import (
    BODY_READ_LIMIT_BYTES,
    IDLE_LIMIT,
    LATE_SECONDS,
    Closed,
    Exchange,
    NotHttp,
    ReceiverConnection,
)
from workers.sending import Sender

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def says(*pieces: bytes, then_closes: bool = False) -> Handler:
    """Each piece after a request of its own."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await read_request(reader)
            writer.write(piece)
            await writer.drain()
        if not then_closes:
            await reader.read()

    return behave


async def sent_to(behaviour: Handler) -> ReceiverAnswer:
    async with Sender(LOOPBACK) as sender, Server(behaviour) as server:
        return await sender.send(request(server.url))


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_an_answer_may_come_in_any_pieces(size: int) -> None:
    exchange, interim = Exchange(), b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n"
    whole = (
        interim
        + b"HTTP/1.1 201 Made\r\nC: d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    )
    ended = [exchange.feed(whole[start : start + size]) for start in range(0, len(whole), size)]
    assert ended == [False] * (len(ended) - 1) + [True]
    assert (exchange.status, bytes(exchange.body), exchange.is_whole, exchange.may_keep) == (
        201,
        b"ok",
        True,
        True,
    )
    assert exchange.headers == [(b"C", b"d"), (b"Transfer-Encoding", b"chunked")]


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\nConnection: close", b"HTTP/1.0 200 OK"])
def test_a_connection_that_the_receiver_closes_is_not_kept(line: bytes) -> None:
    exchange = Exchange()
    assert exchange.feed(line + b"\r\nContent-Length: 2\r\n\r\n{}")
    assert (exchange.is_whole, exchange.may_keep) == (True, False)


def test_switching_protocols_is_no_answer() -> None:
    with pytest.raises(NotHttp):
        Exchange().feed(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        )


def test_what_is_kept_of_an_answer_is_bounded_while_it_comes() -> None:
    exchange = Exchange()
    exchange.feed(b"HTTP/1.1 200 OK\r\n\r\n")
    assert not exchange.feed(b"x" * BODY_READ_LIMIT_BYTES)
    assert exchange.feed(b"x")
    assert not exchange.is_whole


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    answer = await sent_to(says(b"HTTP/1.1 200 OK\r\n\r\nall of it", then_closes=True))
    assert (answer.status_code, answer.body, answer.is_truncated) == (200, b"all of it", False)


async def test_an_answer_that_is_shorter_than_its_length_is_truncated() -> None:
    answer = await sent_to(
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nnot all", then_closes=True)
    )
    assert (answer.status_code, answer.body, answer.is_truncated) == (200, b"not all", True)


async def test_a_second_answer_in_one_packet_is_dropped_with_its_connection() -> None:
    """Taken for the answer to the next request, it would decide that one."""
    lie = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    async with Sender(LOOPBACK) as sender, Server(says(ANSWER + lie, ANSWER)) as server:
        answers = [await sender.send(request(server.url)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    was_answered, ended = asyncio.Event(), asyncio.Event()

    async def lie_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(ANSWER)
        await was_answered.wait()
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        ended.set()

    async with Sender(LOOPBACK) as sender, Server(lie_later) as server:
        assert (await sender.send(request(server.url))).status_code == 200
        was_answered.set()
        await asyncio.wait_for(ended.wait(), 3)  # before it is closed for being idle
        assert (await sender.send(request(server.url))).status_code == 200


async def test_an_idle_connection_is_closed_before_receivers_do() -> None:
    async with Sender(LOOPBACK) as sender, Server(says(ANSWER)) as server:
        assert (await sender.send(request(server.url))).status_code == 200
        await eventually(lambda: not sender._idle._idle, seconds=8)


LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [
    asyncio.new_event_loop,
    uvloop.new_event_loop,
]


@pytest.mark.parametrize("new_loop", LOOPS, ids=["asyncio", "uvloop"])
def test_a_request_on_a_connection_that_was_closed_ends_at_once(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def ask() -> None:
        async with Server(_hang_up) as server:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(
                ReceiverConnection, "127.0.0.1", server.port
            )
            await eventually(lambda: not connection.is_open)
            with pytest.raises(Closed):
                await connection.ask(b"POST / HTTP/1.1\r\n\r\n", b"{}", loop.time() + 3_600)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(ask())


@pytest.mark.parametrize("new_loop", LOOPS, ids=["asyncio", "uvloop"])
def test_a_receiver_that_hangs_up_while_the_guards_are_asked_is_a_failed_attempt(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def resolve_slowly(host: str) -> list[str]:
        began = clock.monotonic()
        await eventually(lambda: clock.monotonic() - began > 0.2)  # so that the guards are asked
        return ["127.0.0.1"]

    async def send() -> tuple[ReceiverAnswer, bool]:
        was_asked = False
        async with Sender(LOOPBACK, resolve=resolve_slowly) as sender, Server(_hang_up) as server:

            async def still_wanted() -> bool:
                nonlocal was_asked
                await eventually(lambda: server.connection_count == 1 and not server._tasks)
                await turns(20)  # the end arrives at the sender's side
                was_asked = True
                return True

            url = server.url.replace("127.0.0.1", "receiver.test")
            return await sender.send(request(url), still_wanted), was_asked

    with asyncio.Runner(loop_factory=new_loop) as runner:
        answer, was_asked = runner.run(send())
    assert was_asked
    assert (answer.status_code, answer.error) == (None, AttemptError.PROTOCOL)


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends every connection at once."""


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"0\r\nX-Long: ", b"y" * 1_000),
        (b"0\r\n", b"a: b\r\n" * 100),
        (b"1;x=", b"y" * 1_000),
        (b"", b"1;x=" + b"y" * 1_000 + b"\r\nx\r\n"),
    ],
)
def test_whatever_frames_a_body_ends_the_answer_when_it_never_ends(
    beginning: bytes, piece: bytes
) -> None:
    exchange = Exchange()
    assert not exchange.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + beginning)
    read = 0
    while not exchange.feed(piece):
        read += len(piece)
        assert read < 1_000_000
    assert exchange.status == 200
    assert not exchange.is_whole


async def test_many_receivers_that_answer_leave_few_connections_open() -> None:
    closed_count = 0

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal closed_count
        await says(ANSWER)(reader, writer)
        closed_count += 1

    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    hosts = [f"h{number}.example" for number in range(IDLE_LIMIT + 20)]
    async with Server(answers) as server, Sender(LOOPBACK, resolve=resolve) as sender:
        for host in hosts:
            url = f"http://{host}:{server.port}/"
            assert (await sender.send(request(url))).status_code == 200
        await eventually(lambda: closed_count >= 20)
        kept = [route.host for route in sender._idle._routes.values()]
        assert len(kept) <= IDLE_LIMIT
        assert kept == hosts[-len(kept) :]
        assert sum(map(len, sender._idle._idle.values())) == len(kept)


class LateLoop:
    """Holds the test's loop beyond a request's deadline, as a process that was stopped is held:
    what came meanwhile is unread when its timers run.
    """

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._is_held, self._has_answered = threading.Event(), threading.Event()
        self._told, self._telling = socket.socketpair()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    async def answer_to(self, timeout_seconds: float) -> ReceiverAnswer:
        receiver = threading.Thread(target=self._receive)
        receiver.start()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._told, self._hold, loop, loop.time() + timeout_seconds)
        async with Sender(LOOPBACK) as sender:
            answer = await sender.send(request(self.url, timeout_seconds))
        loop.remove_reader(self._told)
        await asyncio.to_thread(receiver.join)
        for one in (self._told, self._telling, self._listening):
            one.close()
        return answer

    def _receive(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.recv(65536)
            self._telling.send(b".")
            self._is_held.wait(60)
            connection.sendall(self._answer)
            self._has_answered.set()
            connection.recv(1)

    def _hold(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        self._told.recv(1)
        self._is_held.set()
        self._has_answered.wait(60)
        now = loop.time()
        # The loop's own time stands still while it is held.
        end = time.monotonic() + deadline - now + 2 * LATE_SECONDS
        while time.monotonic() < end:
            pass


async def test_an_answer_that_came_while_the_process_was_stopped_counts() -> None:
    answer = await LateLoop(ANSWER).answer_to(0.3)
    assert (answer.status_code, answer.error) == (200, None)


async def test_a_process_that_was_stopped_waits_no_longer_for_what_did_not_come() -> None:
    answer = await LateLoop(b"HTTP/1.1 2").answer_to(0.3)
    assert (answer.status_code, answer.error) == (None, AttemptError.TIMEOUT)
