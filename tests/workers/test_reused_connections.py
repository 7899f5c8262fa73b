"""A request on a kept connection that its receiver closed: repeated once, on a new connection."""

import asyncio
import errno
from collections.abc import Sequence

import pytest

from hookline import clock
from hookline.deliveries.retries import AttemptError
from tests.receivers import Received, Receiver, Reply, Server, read_request, reset
from tests.tables import each_of
from tests.waiting import eventually
from tests.workers.test_sending import LOOPBACK, request
from workers.answers import ReceiverAnswer
from workers.connections import idle_seconds
from workers.sending import Sender

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Script:
    """A receiver that does one thing for each request: `answer`, `close`, `reset`, `hang`, or bytes
    after which it closes.
    """

    def __init__(self, *steps: str | bytes) -> None:
        self._steps = list(steps)
        self.requests: list[Received] = []
        self.connections: list[int] = []
        """For each request, the number of the connection that it came on."""
        self.before_end = asyncio.Event()
        """Closing waits for it."""
        self.before_end.set()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        number = len(self.writers)
        while True:
            self.requests.append(await read_request(reader))
            self.connections.append(number)
            step = self._steps[min(len(self.requests), len(self._steps)) - 1]
            if step == "hang":
                await asyncio.Event().wait()
            elif step == "answer":
                writer.write(ANSWER)
                await writer.drain()
            else:
                await self.before_end.wait()
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                elif step == "reset":
                    reset(writer)
                return


async def answers_of(script: Script, count: int, timeout_seconds: float = 5) -> Sequence[object]:
    """Status or error of so many requests, one after the other."""
    async with Sender(LOOPBACK) as sender, Server(script.serve) as server:
        answers = [await sender.send(request(server.url, timeout_seconds)) for _ in range(count)]
    return [answer.status_code or answer.error for answer in answers]


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_request_lost_with_a_kept_connection_is_repeated_at_once_on_a_new_one(
    end: str,
) -> None:
    script = Script("answer", end, "answer")
    assert await answers_of(script, 2) == [200, 200]
    assert script.connections == [1, 1, 2]
    first, second = ([*received.headers, ("", received.body)] for received in script.requests[1:])
    assert first == second


async def test_a_connection_closed_while_the_request_is_written_costs_no_attempt() -> None:
    script = Script("answer")
    async with Sender(LOOPBACK) as sender, Server(script.serve) as server:
        await sender.send(request(server.url))
        script.writers[0].transport.abort()
        # The loop does not turn in between, so that the end is seen only after the request is sent.
        assert (await sender.send(request(server.url))).status_code == 200
    assert script.connections == [1, 2]


async def test_a_repeated_request_is_not_repeated_again() -> None:
    script = Script("answer", "close")
    assert await answers_of(script, 2) == [200, AttemptError.PROTOCOL]
    assert script.connections == [1, 1, 2]


async def test_it_is_never_repeated_on_another_kept_connection() -> None:
    script = Script("answer", "answer", "close", "answer")
    async with Sender(LOOPBACK) as sender, Server(script.serve) as server:
        together = [sender.send(request(server.url)) for _ in range(2)]
        await asyncio.gather(*together)
        assert (await sender.send(request(server.url))).status_code == 200
    assert script.connections[3] == 3


async def test_a_request_lost_with_its_first_connection_is_not_repeated() -> None:
    script = Script("close")
    assert await answers_of(script, 1) == [AttemptError.PROTOCOL]
    assert script.connections == [1]


@pytest.mark.parametrize("beginning", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_a_request_whose_answer_has_begun_is_not_repeated(beginning: bytes) -> None:
    script = Script("answer", beginning)
    assert await answers_of(script, 2) == [200, AttemptError.PROTOCOL]
    assert script.connections == [1, 1]


async def test_silence_on_a_kept_connection_is_a_timeout_and_not_repeated() -> None:
    script = Script("answer", "hang")
    assert await answers_of(script, 2, timeout_seconds=0.3) == [200, AttemptError.TIMEOUT]
    assert script.connections == [1, 1]


# uvloop's clock cannot be moved.
@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": False})])
@pytest.mark.timeout(300)
async def test_the_repeat_has_what_is_left_of_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a receiver holds each attempt for twice its timeout."""
    loop, skipped = asyncio.get_running_loop(), list[float]()
    passed = loop.time
    monkeypatch.setattr(loop, "time", lambda: passed() + sum(skipped))
    script = Script("answer", "close", "hang")
    async with Sender(LOOPBACK) as sender, Server(script.serve) as server:
        await sender.send(request(server.url))
        script.before_end.clear()
        sending = asyncio.create_task(sender.send(request(server.url, timeout_seconds=100)))
        await eventually(lambda: len(script.requests) == 2)
        skipped.append(80)
        script.before_end.set()
        await eventually(lambda: len(script.requests) == 3)
        assert not sending.done()
        skipped.append(30)
        assert (await sending).error is AttemptError.TIMEOUT
    assert script.connections == [1, 1, 2]


async def lost_slowly(script: Script, sender: Sender, server: Server) -> ReceiverAnswer:
    """The answer to a request whose kept connection ends after the guards' time, while its webhook
    is switched off.
    """
    await sender.send(request(server.url))
    script.before_end.clear()

    async def wanted_no_more() -> bool:
        return False

    sending = asyncio.create_task(sender.send(request(server.url), wanted_no_more))
    began = clock.monotonic()
    await eventually(lambda: len(script.requests) == 2 and clock.monotonic() - began > 0.15)
    script.before_end.set()
    return await sending


async def test_a_webhook_switched_off_meanwhile_gets_no_repeat_and_the_first_try_is_on_record() -> (
    None
):
    script = Script("answer", "close")
    async with Sender(LOOPBACK) as sender, Server(script.serve) as server:
        answer = await lost_slowly(script, sender, server)
    assert (answer.error, script.connections) == (AttemptError.PROTOCOL, [1, 1])


async def test_a_fault_of_ours_at_the_repeat_leaves_the_first_try_on_record() -> None:
    lookups = 0

    async def resolve(host: str) -> list[str]:
        nonlocal lookups
        lookups += 1
        if lookups > 1:
            raise OSError(errno.EMFILE, "no descriptor is left")
        return ["127.0.0.1"]

    script = Script("answer", "close")
    async with Sender(LOOPBACK, resolve=resolve) as sender, Server(script.serve) as server:
        url = f"http://receiver.test:{server.port}/"
        answers = [await sender.send(request(url)) for _ in range(2)]
    assert [answer.error for answer in answers] == [None, AttemptError.PROTOCOL]


def keeps(value: str) -> Reply:
    return Reply(headers=[("Keep-Alive", value)])


@pytest.mark.parametrize(
    ("value", "connection_count"), [("timeout=1", 3), ("timeout=0, max=9", 3), ("timeout=60", 1)]
)
async def test_a_connection_is_used_again_only_while_its_receiver_keeps_it(
    value: str, connection_count: int
) -> None:
    async with Sender(LOOPBACK) as sender, Receiver([keeps(value)]) as receiver:
        for _ in range(3):
            assert (await sender.send(request(receiver.url))).status_code == 200
        assert receiver.connection_count == connection_count


@each_of(
    "values, seconds",
    [
        ([], 4),
        (["timeout=5"], 4),
        (["timeout=60, max=1000"], 4),
        (["timeout=3"], 2),
        (["max=5, timeout=2"], 1),
        (['TimeOut = "2"'], 1),
        (["timeout=1"], 0),
        (["timeout=0"], 0),
        (["timeout=60", "timeout=2"], 1),
        (["timeout=60, timeout=2"], 1),
        (["timeout=" + "9" * 100_000], 4),
        (["timeout=" + "0" * 100_000], 0),
        (["timeout=-1"], 4),
        (["timeout=\xb2"], 4),
        (["timeout="], 4),
        (["timeout" * 10_000], 4),
        ([", " * 60_000], 4),
        (["timeout" + " " * 100_000], 4),
        (["idle-timeout=1"], 4),
    ],
)
def test_a_connection_waits_a_second_less_than_its_receiver_says(
    values: list[str], seconds: float
) -> None:
    headers = [(b"Keep-Alive", value.encode("latin-1")) for value in values]
    assert idle_seconds([(b"Server", b"timeout=1"), *headers]) == seconds
