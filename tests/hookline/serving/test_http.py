"""Bounds of a request before it is known, second by second."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.hookline.serving.wire import HEAD, Server, Wire
from tests.tables import each_of
from tests.waiting import turns

BODY = b"Content-Length: 100000\r\n\r\n"
HANDSHAKE = b"GET /graphql HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


class App:
    """Answers 200 once it has read the whole body, or at once."""

    def __init__(self, is_hasty: bool = False) -> None:
        self.is_hasty = is_hasty
        self.served = self.gone = 0
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while not self.is_hasty:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            if not message["more_body"]:
                break
        self.served += 1
        self.headers = list(scope["headers"])
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
        )
        await send({"type": "http.response.body"})


async def test_a_head_has_ten_seconds_in_all_however_it_drips() -> None:
    wire = Server(App()).connect()
    for byte in HEAD[:10]:
        wire.says(bytes([byte]))
        wire.waits(1)
    assert wire.status == 0
    wire.says(HEAD[10:11])
    wire.waits(1)
    assert wire.status == 408
    assert b"within 10 seconds (HOOKLINE_HEAD_SECONDS)" in wire.sent
    assert wire.is_ended


async def test_line_ends_before_a_head_are_a_part_of_it() -> None:
    wire = Server(App()).connect()
    for _ in range(11):
        wire.says(b"\r\n")
        wire.waits(1)
    assert wire.status == 408


async def test_a_connection_that_never_says_anything_ends_without_an_answer() -> None:
    wire = Server(App()).connect()
    wire.waits(11)
    assert (bytes(wire.sent), wire.is_closing()) == (b"", True)


async def test_after_an_answer_the_next_head_has_its_own_ten_seconds() -> None:
    app = App()
    wire = Server(app).connect()
    wire.waits(9)
    wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
    await turns(5)
    wire.waits(5)
    wire.says(HEAD)
    wire.waits(10)
    assert (app.served, wire.status) == (1, 200)
    wire.waits(1)
    assert wire.status == 408


async def test_a_connection_ends_when_nothing_came_for_five_seconds_after_an_answer() -> None:
    app = App()
    wire = Server(app).connect()
    for _ in range(3):
        wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
        await turns(5)
        # The first look may come right behind the answer.
        wire.waits(6)
        assert not wire.is_closing()
    wire.waits(1)
    assert (app.served, wire.is_closing(), wire.is_aborted) == (3, True, False)


@each_of(
    "head, setting",
    [
        (HEAD + b"X: " + b"a" * 33_000 + b"\r\n\r\n", b"32,768 bytes"),
        (HEAD + b"X: " + b"a" * 33_000, b"HOOKLINE_MAX_HEAD_BYTES"),
        (b"GET /" + b"a" * 33_000 + b" HTTP/1.1\r\n\r\n", b"HOOKLINE_MAX_HEAD_BYTES"),
        (b"GET /" + b"a" * 33_000, b"HOOKLINE_MAX_HEAD_BYTES"),
        (HEAD + b"X: a\r\n" * 100 + b"\r\n", b"HOOKLINE_MAX_HEADERS"),
        (HEAD + b"X: a\r\n" * 40_000, b"HOOKLINE_MAX_HEAD_BYTES"),
    ],
)
@each_of("piece_bytes", [100_000, 1_000])
async def test_a_large_head_is_refused(head: bytes, setting: bytes, piece_bytes: int) -> None:
    app = App()
    wire = Server(app).connect()
    for start in range(0, len(head), piece_bytes):
        wire.says(head[start : start + piece_bytes])
    await turns(5)
    assert (wire.status, wire.is_ended, app.served) == (431, True, 0)
    assert setting in wire.sent
    assert wire.sent.count(b"HTTP/1.1") == 1


async def test_a_head_within_its_bounds_is_served() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(
        HEAD + b"X: " + b"a" * 30_000 + b"\r\n" + b"Y: b\r\n" * 97 + b"Content-Length: 0\r\n\r\n"
    )
    await turns(5)
    assert (wire.status, app.served, len(app.headers)) == (200, 1, 100)


async def test_a_head_behind_a_long_body_is_measured_alone() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(HEAD + b"Content-Length: 50000\r\n\r\n" + b"b" * 50_000 + HEAD)
    await turns(10)
    assert (wire.status, app.served) == (200, 1)
    wire.says(b"Content-Length: 0\r\n\r\n")
    await turns(10)
    assert (wire.status, app.served) == (200, 2)


async def test_what_comes_after_the_refusal_is_dropped_and_the_connection_ends() -> None:
    wire = Server(App()).connect()
    wire.says(HEAD + b"X: " + b"a" * 33_000)
    for _ in range(100):
        wire.says(b"a" * 60_000)
    assert wire.sent.count(b"HTTP/1.1") == 1
    assert not wire.is_closing()  # a reset would take the answer with it
    wire.waits(3)
    assert wire.is_aborted


async def test_a_body_has_ten_seconds_for_its_first_byte() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(HEAD + BODY)
    await turns(5)
    wire.waits(10)
    assert wire.status == 0
    wire.waits(1)
    await turns(5)
    assert (wire.status, app.served, app.gone) == (408, 0, 1)
    assert b"HOOKLINE_BODY_SECONDS" in wire.sent


@each_of(
    "rhythm, is_honest",
    [
        (lambda second: 1_024, True),
        (lambda second: 5 * 1_024 if second % 5 == 4 else 0, True),
        (lambda second: 10 * 1_024 if second % 10 == 9 else 0, True),
        (lambda second: 50_000 if second == 0 else 0, False),
        (lambda second: 1_024 if second < 30 else 0, False),
        (lambda second: 512, False),
        (lambda second: 1, False),
    ],
)
async def test_a_body_comes_at_a_kibibyte_a_second_at_least(
    rhythm: Callable[[int], int], is_honest: bool
) -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(HEAD + BODY)
    for second in range(60):
        await turns(3)  # the application reads, so that the server reads on
        if wire.status:
            break
        wire.says(b"b" * rhythm(second)) if rhythm(second) else None
        wire.waits(1)
    assert wire.status == (0 if is_honest else 408)


async def test_time_in_which_the_server_does_not_read_is_not_the_clients() -> None:
    asked = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asked.wait()

    wire = Server(app).connect()
    wire.says(HEAD + BODY + b"b" * 70_000)
    await turns(5)
    assert wire.is_reading_paused
    wire.waits(60)
    assert wire.status == 0
    asked.set()


async def test_time_until_the_client_may_send_is_not_its_own() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    wire = Server(app).connect()
    wire.says(HEAD + b"Expect: 100-continue\r\n" + BODY)
    await turns(5)
    wire.waits(60)
    assert wire.status == 0


@pytest.mark.parametrize(
    "tail", [b"5\r\nhello\r\n0\r\nT: ", b"5\r\nhello\r\n5;"], ids=["trailer", "extension"]
)
async def test_what_comes_beside_a_body_is_bounded_as_a_head_is(tail: bytes) -> None:
    wire = Server(App()).connect()
    wire.says(HEAD + CHUNKED + tail)
    await turns(5)
    for _ in range(5):
        wire.says(b"a" * 10_000) if not wire.status else None
    assert (wire.status, wire.is_ended) == (431, True)


async def test_trailers_are_dropped() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(HEAD + CHUNKED + b"5\r\nhello\r\n0\r\nAuthorization: Bearer hl_x\r\n\r\n")
    await turns(5)
    assert (wire.status, app.served) == (200, 1)
    assert [name for name, _ in app.headers] == [b"host", b"transfer-encoding"]


async def test_the_rest_of_a_body_that_has_its_answer_is_waited_for_no_longer() -> None:
    app = App(is_hasty=True)
    wire = Server(app).connect()
    wire.says(HEAD + BODY)
    await turns(5)
    assert (wire.status, app.served) == (200, 1)
    for _ in range(30):
        if not wire.is_closing():
            wire.says(b"b")
        wire.waits(1)
    assert wire.is_aborted
    assert wire.sent.count(b"HTTP/1.1") == 1


async def test_a_connection_whose_body_ended_after_its_answer_waits_ten_seconds_for_a_head() -> (
    None
):
    app = App(is_hasty=True)
    wire = Server(app).connect()
    wire.says(HEAD + b"Content-Length: 2\r\n\r\n")
    await turns(5)
    wire.says(b"bb")  # this stops uvicorn's own timer
    wire.waits(10)
    wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
    await turns(5)
    assert (app.served, wire.is_ended) == (2, False)
    wire = Server(app).connect()
    wire.says(HEAD + b"Content-Length: 2\r\n\r\n")
    await turns(5)
    wire.says(b"bb")
    wire.waits(11)
    assert wire.is_ended


async def test_a_head_behind_the_rest_of_a_body_is_bounded_too() -> None:
    app = App(is_hasty=True)
    wire = Server(app).connect()
    wire.says(HEAD + b"Content-Length: 2\r\n\r\n")
    await turns(5)
    wire.says(b"bb" + HEAD + b"X: ")
    for _ in range(4):
        wire.says(b"a" * 10_000)
    assert (wire.is_ended, wire.sent.count(b"HTTP/1.1")) == (True, 1)


async def test_a_request_behind_one_that_is_being_answered_does_not_spoil_its_answer() -> None:
    done = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await done.wait()

    wire = Server(app).connect()
    wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
    await turns(5)
    wire.says(HEAD)
    wire.waits(11)
    assert wire.is_aborted
    assert wire.sent.count(b"HTTP/1.1") == 1
    done.set()


async def test_pipelined_requests_are_answered_in_turn_and_bounded() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says((HEAD + b"Content-Length: 0\r\n\r\n") * 50)
    await turns(200)
    assert (app.served, wire.is_closing()) == (50, False)
    wire = Server(app).connect()
    wire.says((HEAD + b"Content-Length: 0\r\n\r\n") * 5_000)
    assert wire.is_aborted


async def test_what_is_no_http_is_answered_and_lingers() -> None:
    wire = Server(App()).connect()
    wire.says(b"\x16\x03\x01\r\n\r\n")
    assert (wire.status, wire.is_ended, wire.is_closing()) == (400, True, False)


@pytest.mark.parametrize(
    ("is_moving", "is_dropped"), [(False, True), (True, False)], ids=["nothing", "slowly"]
)
async def test_an_answer_that_nobody_reads_is_given_up(is_moving: bool, is_dropped: bool) -> None:
    wire = Server(App()).connect()
    wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
    await turns(5)
    wire.unread_bytes = 1_000_000
    for _ in range(60):
        wire.unread_bytes -= is_moving
        wire.waits(1)
    assert wire.is_aborted is is_dropped


@pytest.mark.parametrize(
    "head",
    [
        b"GET /graphql HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        HANDSHAKE + b"\r\n",
        HANDSHAKE + b"Content-Length: 5\r\n\r\n",
        HANDSHAKE + b"X: " + b"a" * 8_188 + b"\r\n\r\n",
        HANDSHAKE + b"X: " + b"a" * 8_190 + b"\r\n\r\n",
    ],
    ids=["HTTP/1.0", "no key", "body", "long line", "longer line"],
)
async def test_a_handshake_that_is_none_is_answered_and_ends(head: bytes) -> None:
    server = Server(App())
    wire: Wire = server.connect()
    wire.says(head)
    await turns(5)
    wire.waits(11)
    await turns(5)
    assert wire.status in (400, 405, 426, 431)
    assert wire.is_closing()
    assert server.connections._places == {}


async def test_a_body_is_held_until_it_is_whole() -> None:
    wire = Server(App()).connect()
    wire.says(HEAD + BODY)
    for _ in range(9):
        wire.says(b"b" * 10_000)
        await turns(2)
    assert wire.protocol.held_bytes() == 90_000
    wire.says(b"b" * 10_000)
    await turns(5)
    assert (wire.status, wire.protocol.held_bytes()) == (200, 0)
    wire.unread_bytes = 5_000
    assert wire.protocol.held_bytes() == 5_000
