"""Clients of graphql-transport-ws that read slowly, late or never: they cost bounded memory and
hold up no other.
"""

import asyncio
import gc

import psutil

from api.transport.socket_operation import SocketLimits
from api.transport.unsent import Unsent
from tests.api.small_server import serve_small
from tests.api.transport.socket_client import QUICK, closed, heard, subscribed, welcomed
from tests.waiting import eventually


def impatient() -> Unsent:
    """One that gives half a second for large answers, not a minute and each byte's share."""
    return Unsent(bytes_per_second=10**9, late_seconds=0.5)


async def test_reader_that_stops_reading_is_given_up_with_flat_memory() -> None:
    async with serve_small(QUICK) as small:
        socket = await small.socket()
        await welcomed(socket)
        socket.transport.pause_reading()
        for number in range(20):
            await subscribed(socket, "subscription { endless }", str(number))
        gc.collect()
        before_bytes = psutil.Process().memory_info().rss
        # the only sign of it that a deaf client leaves
        await eventually(lambda: not small.endpoint._sockets._open)
        assert psutil.Process().memory_info().rss - before_bytes < 32 * 1024 * 1024
        reads = small.runtime.reads
        assert reads * 10_000 < 64 * 1024 * 1024
        socket.transport.resume_reading()
        assert await closed(socket) == 1006  # dropped, since it would not read a close frame either
        assert small.runtime.reads == reads


async def test_reader_that_reads_again_is_told_to_come_back_with_its_cursor() -> None:
    async with serve_small(QUICK) as small:
        socket = await small.socket()
        await welcomed(socket)
        socket.transport.pause_reading()
        await subscribed(socket, "subscription { endless }")
        [served] = await eventually(lambda: list(small.endpoint._sockets._open))
        await eventually(served._end.done)
        socket.transport.resume_reading()
        assert await closed(socket) == 1013


async def test_reader_that_is_slower_than_what_comes_but_reads_may_stay() -> None:
    async with serve_small(SocketLimits(stalled_seconds=0.5)) as small, small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { endless }")
        [served] = small.endpoint._sockets._open
        # Three looks at a writer that always has something to send. Half a second between them,
        # since a process that stands still for as long takes nothing either.
        until = asyncio.get_running_loop().time() + 1.7
        while asyncio.get_running_loop().time() < until:
            await heard(socket)
        assert not served._end.done()
        socket.transport.abort()  # it would answer no close frame before it has read everything


async def test_reader_that_stops_reading_holds_up_no_other() -> None:
    async with serve_small(QUICK, unsent=impatient()) as small, small.socket() as reading:
        deaf = await small.socket()
        await welcomed(deaf)
        deaf.transport.pause_reading()
        await subscribed(deaf, "subscription { numbers(padding: 200000) }")
        await welcomed(reading)
        await subscribed(reading, "subscription { numbers(padding: 200000) }")
        await small.runtime.until_listeners(2)
        for number in range(60):
            await small.runtime.announce(number)
            assert (await heard(reading))["payload"]["data"]["numbers"].rstrip("x") == str(number)
        await small.runtime.until_listeners(1)
        await small.runtime.announce(60)
        assert (await heard(reading))["payload"]["data"]["numbers"].startswith("60x")
        deaf.transport.abort()


async def test_large_messages_that_nobody_reads_take_bounded_memory() -> None:
    async with serve_small(QUICK, unsent=impatient()) as small:
        socket = await small.socket()
        await welcomed(socket)
        socket.transport.pause_reading()
        gc.collect()
        before_bytes = psutil.Process().memory_info().rss
        for number in range(50):
            await subscribed(socket, "subscription { numbers(padding: 500000) }", str(number))
        await small.runtime.announce(*range(100))  # 2.5 GB of messages
        await small.runtime.until_listeners(50)
        [served] = small.endpoint._sockets._open
        await eventually(served._end.done)
        assert psutil.Process().memory_info().rss - before_bytes < 128 * 1024 * 1024
        socket.transport.abort()
