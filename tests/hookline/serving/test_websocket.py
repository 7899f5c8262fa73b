"""Bounds of a WebSocket whose client is not known yet, and of one that reads nothing."""

import asyncio
from itertools import pairwise
from typing import Any

from tests.hookline.serving.wire import Server, Wire
from tests.tables import each_of
from tests.waiting import eventually, turns

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: hooks.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PING = b"\x89\x80\0\0\0\0"
BEGINNING = b"\x01\x80\0\0\0\0"
CONTINUATION = b"\x00\x80\0\0\0\0"
TEXT = b"\x81\x81\0\0\0\0a"


class App:
    """Accepts, and takes messages. is_welcoming: acknowledges at the first one. rest_turns: of the
    loop, after each.
    """

    def __init__(self, is_welcoming: bool = False, reads: bool = True, rest_turns: int = 0) -> None:
        self.is_welcoming, self.reads, self.rest_turns = is_welcoming, reads, rest_turns
        self.texts: list[str] = []
        self.codes: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while self.reads:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self.codes.append(message["code"])
                return
            self.texts.append(message["text"])
            if self.is_welcoming:
                scope["extensions"]["hookline_handshake"]["acknowledge"]()
            await turns(self.rest_turns)
        await asyncio.Event().wait()


async def opened(app: App, **limits: Any) -> Wire:
    wire = Server(app, **limits).connect()
    wire.says(HANDSHAKE)
    await turns(5)
    assert wire.status == 101
    wire.sent.clear()
    return wire


def frame(length: int) -> bytes:
    """A text of so many letters, whole."""
    return b"\x81\xff" + length.to_bytes(8, "big") + b"\0\0\0\0" + b"a" * length


def closed(wire: Wire) -> tuple[int, bytes]:
    """Code and reason of the close frame, after whatever pongs; 0: there is none."""
    answer = bytes(wire.sent).replace(b"\x8a\x00", b"")
    if not answer:
        return 0, b""
    assert answer[0] == 0x88
    return int.from_bytes(answer[2:4], "big"), answer[4:]


async def test_a_message_within_the_bounds_reaches_the_application() -> None:
    app = App()
    wire = await opened(app)
    wire.says(frame(60_000))
    await turns(20)
    assert ([len(text) for text in app.texts], closed(wire)[0]) == ([60_000], 0)


@each_of(
    "data, code",
    [
        (frame(65_536), 1009),
        (frame(15 * 1024 * 1024), 1009),
        (BEGINNING + b"\x00\xfe\xff\xff\0\0\0\0" + b"a" * 65_535, 1009),
        (PING * 101, 1008),
        (BEGINNING + CONTINUATION * 200, 1008),
        (TEXT * 200, 1008),
    ],
)
@each_of("piece_bytes", [250_000, 5_000])
async def test_a_client_that_is_not_known_is_closed_when_it_sends_much(
    data: bytes, code: int, piece_bytes: int
) -> None:
    wire = await opened(App(reads=False), linger_seconds=3_600.0)
    for start in range(0, len(data), piece_bytes):
        wire.is_reading_paused = False  # the application reads, and takes its time
        wire.says(data[start : start + piece_bytes])
        await turns(0 if wire.is_ended else 100)
    found, reason = closed(wire)
    assert (found, wire.is_ended, wire.is_closing()) == (code, True, False)
    assert b"before connection_ack" in reason
    assert len(wire.protocol.conn.reader.buffer) < 70_000
    assert wire.protocol.queue.qsize() <= 102
    wire.protocol.close_timer.cancel()


async def test_the_reason_of_a_close_frame_names_the_setting() -> None:
    wire = await opened(App())
    wire.says(frame(70_000))
    assert closed(wire) == (
        1009,
        b"More than 65,536 bytes before connection_ack (HOOKLINE_MAX_EARLY_BYTES)",
    )
    wire.protocol.close_timer.cancel()


async def test_a_closed_client_is_dropped_after_a_while_and_the_application_hears_it() -> None:
    app = App()
    wire = await opened(app, linger_seconds=0.0)
    wire.says(frame(70_000))
    await turns(10)
    assert (wire.is_aborted, app.codes) == (True, [1009])


async def test_a_client_that_is_known_may_send_more() -> None:
    app = App(is_welcoming=True)
    wire = await opened(app)
    wire.says(TEXT)
    await turns(5)
    wire.says(frame(1_000_000))
    await turns(300)
    wire.says(PING * 200)
    await turns(5)
    assert ([len(text) for text in app.texts], closed(wire)[0]) == ([1, 1_000_000], 0)


async def test_a_client_that_reads_no_pongs_gets_no_more_of_them_and_is_dropped_then() -> None:
    wire = await opened(App(is_welcoming=True))
    wire.says(TEXT)
    await turns(5)
    wire.protocol.pause_writing()
    wire.says(PING * 3)
    assert bytes(wire.sent) == b""
    wire.protocol.resume_writing()
    wire.says(PING)
    assert bytes(wire.sent) == b"\x8a\x00"
    wire.unread_bytes = 100_000
    wire.waits(32)
    assert wire.is_aborted


@each_of("rest_turns", [0, 1, 2])
@each_of(
    "data, pings, texts", [(PING * 50_000, 50_000, 1), ((PING * 500 + TEXT) * 100, 50_000, 101)]
)
async def test_many_frames_in_one_read_leave_turns_to_others(
    data: bytes, pings: int, texts: int, rest_turns: int
) -> None:
    app = App(is_welcoming=True, rest_turns=rest_turns)
    wire = await opened(app)
    wire.says(TEXT)
    await turns(5)
    wire.says(data)  # 300 kB
    pongs = [len(wire.sent) // 2]
    while wire.protocol._backlog:
        assert wire.is_reading_paused  # or more would come than is parsed
        await turns(1)
        pongs.append(len(wire.sent) // 2)
    assert pongs[-1] == pings
    assert max(after - before for before, after in pairwise([0, *pongs])) < 200
    await eventually(lambda: len(app.texts) == texts and not wire.is_reading_paused)


async def test_an_application_that_asks_for_more_gets_what_was_read_first() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"]["hookline_handshake"]["acknowledge"]()
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.Event().wait()

    wire = Server(app).connect()
    wire.says(HANDSHAKE)
    await turns(5)
    wire.says((TEXT + PING * 500) * 10)
    while not wire.protocol.queue.empty():
        await wire.protocol.receive()
    assert wire.protocol._backlog
    assert wire.is_reading_paused


async def test_a_closed_socket_whose_client_reads_nothing_is_dropped() -> None:
    wire = await opened(App())
    wire.unread_bytes = 100_000
    wire.protocol.keepalive_timeout()
    wire.waits(32)
    assert wire.is_aborted


async def test_a_place_is_free_again_when_the_socket_has_ended() -> None:
    server = Server(App())
    wire = server.connect()
    wire.says(HANDSHAKE)
    await turns(5)
    assert len(server.connections._places) == 1
    wire.close()
    await turns(5)
    assert server.connections._places == {}


async def test_a_message_is_held_until_the_application_takes_it() -> None:
    app = App(is_welcoming=True)
    wire = await opened(app)
    wire.says(TEXT)
    await turns(5)
    protocol = wire.protocol
    assert protocol.held_bytes() == 0
    beginning = frame(50_000)
    wire.says(beginning[:30_000])
    await turns(100)
    assert protocol.held_bytes() == 30_000
    wire.says(beginning[30_000:])
    await turns(100)
    assert (len(app.texts), protocol.held_bytes()) == (2, 0)
    wire.says(PING * 100)
    await turns(100)
    assert protocol.held_bytes() == 0
