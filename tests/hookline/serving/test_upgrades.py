"""Requests that offer another protocol: the offer is ignored, and a body stays a body. However the
bytes come, nothing of one request is ever read as another.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.hookline.serving.wire import HEAD, Server, Wire
from tests.tables import each_of
from tests.waiting import turns

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
WEBSOCKET = (
    b"Host: hooks.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: hooks.example\r\n\r\n"
PLAIN = b"GET /next HTTP/1.1\r\nHost: hooks.example\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
POST = ("POST", "/graphql", SMUGGLED)
GET = ("GET", "/next", b"")


class App:
    """Notes each request with its body, and answers 200."""

    def __init__(self) -> None:
        self.served: list[tuple[str, str, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            self.served.append(("WEBSOCKET", scope["path"], b""))
            await send({"type": "websocket.accept"})
            await receive()
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.served.append((scope["method"], scope["path"], body))
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    sent: bytes
    served: tuple[tuple[str, str, bytes], ...]


CASES = [
    Case("none", HEAD + LENGTH, (POST,)),
    Case("h2c with a length", HEAD + H2C + LENGTH, (POST,)),
    Case("h2c with chunks", HEAD + H2C + CHUNKED, (POST,)),
    Case("h2c with a length, then another request", HEAD + H2C + LENGTH + PLAIN, (POST, GET)),
    Case("h2c with chunks, then another request", HEAD + H2C + CHUNKED + PLAIN, (POST, GET)),
    Case("h2c again and again", (HEAD + H2C + LENGTH) * 3, (POST,) * 3),
    Case("h2c behind a request", PLAIN + HEAD + H2C + LENGTH + PLAIN, (GET, POST, GET)),
    Case("h2c without a body", PLAIN[:-2] + H2C + b"\r\n" + PLAIN, (GET, GET)),
    Case("h2c with an empty body", PLAIN[:-2] + H2C + b"Content-Length: 0\r\n\r\n", (GET,)),
    Case("h2c, expecting 100", HEAD + b"Expect: 100-continue\r\n" + H2C + LENGTH, (POST,)),
    Case("TLS/1.0", HEAD + b"Upgrade: TLS/1.0\r\nConnection: upgrade\r\n" + LENGTH, (POST,)),
    Case(
        "websocket among others",
        HEAD + b"Upgrade: h2c, websocket\r\nConnection: upgrade\r\n" + LENGTH,
        (POST,),
    ),
    Case(
        "an upgrade that another Connection takes back",
        HEAD + b"Upgrade: websocket\r\nConnection: upgrade\r\nConnection: keep-alive\r\n" + LENGTH,
        (POST,),
    ),
    Case("an upgrade without Connection", HEAD + b"Upgrade: websocket\r\n" + LENGTH, (POST,)),
    Case(
        "a connection that ends", HEAD + b"Connection: close, upgrade\r\n" + H2C + LENGTH, (POST,)
    ),
    Case(
        "h2c in HTTP/1.0",
        b"POST /graphql HTTP/1.0\r\nUpgrade: h2c\r\nConnection: upgrade\r\n" + LENGTH,
        (POST,),
    ),
    Case(
        "a handshake",
        b"GET /graphql HTTP/1.1\r\n" + WEBSOCKET + b"\r\n",
        (("WEBSOCKET", "/graphql", b""),),
    ),
    Case("a handshake with a body", b"GET /graphql HTTP/1.1\r\n" + WEBSOCKET + LENGTH, ()),
    Case("a handshake with chunks", b"GET /graphql HTTP/1.1\r\n" + WEBSOCKET + CHUNKED, ()),
    Case("a handshake by POST", b"POST /graphql HTTP/1.1\r\n" + WEBSOCKET + LENGTH, ()),
    Case("a tunnel", b"CONNECT hooks.example:80 HTTP/1.1\r\n\r\n" + SMUGGLED, ()),
    Case("a tunnel to a path", b"CONNECT a://hooks.example:80/graphql HTTP/1.1\r\n" + LENGTH, ()),
    Case(
        "h2c with an encoding that nobody knows",
        HEAD + H2C + b"Transfer-Encoding: x\r\n\r\n" + SMUGGLED,
        (),
    ),
    Case("h2c with two lengths", HEAD + H2C + b"Content-Length: 1\r\n" + LENGTH, ()),
]


async def say(wire: Wire, sent: bytes, piece_bytes: int) -> None:
    """Sends it piece by piece, while the server reads and has not ended the connection."""
    for start in range(0, len(sent), piece_bytes):
        while wire.is_reading_paused:
            await turns(1)
        if wire.is_ended or wire.is_closing():
            return
        wire.says(sent[start : start + piece_bytes])
        await turns(1)
    await turns(60)


@each_of("case", CASES)
@each_of("piece_bytes", [100_000, 1, 7, 64])
async def test_an_offer_of_another_protocol_changes_no_request(
    case: Case, piece_bytes: int
) -> None:
    app = App()
    wire = Server(app).connect()
    await say(wire, case.sent, piece_bytes)
    assert tuple(app.served) == case.served
    assert wire.sent.replace(b"100 Continue", b"").count(b"HTTP/1.1 ") >= max(1, len(case.served))
    # Whatever was refused took the connection along: nothing more of it is read.
    assert bool(case.served) or wire.is_ended or wire.is_closing()


@pytest.mark.parametrize("end", ["head", "first byte", "last byte"])
async def test_a_body_that_comes_later_is_the_bodys(end: str) -> None:
    app = App()
    wire = Server(app).connect()
    sent = HEAD + H2C + LENGTH + PLAIN
    at = {"head": -len(SMUGGLED), "first byte": 1 - len(SMUGGLED), "last byte": -1}[end] - len(
        PLAIN
    )
    wire.says(sent[:at])
    await turns(10)
    assert (app.served, bytes(wire.sent)) == ([], b"")
    wire.says(sent[at:])
    await turns(20)
    assert tuple(app.served) == (POST, GET)


async def test_many_offers_in_one_piece_are_bounded_as_requests_are() -> None:
    wire = Server(App()).connect()
    wire.says((HEAD + H2C + LENGTH) * 5_000)
    assert wire.is_aborted


async def test_a_handshake_behind_an_unanswered_request_ends_the_connection() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(PLAIN + b"GET /graphql HTTP/1.1\r\n" + WEBSOCKET + b"\r\n")
    await turns(20)
    assert (app.served, wire.status, wire.is_ended) == ([], 400, True)


async def test_the_pace_of_a_body_holds_behind_an_offer() -> None:
    app = App()
    wire = Server(app).connect()
    wire.says(HEAD + H2C + b"Content-Length: 100000\r\n\r\n")
    await turns(5)
    wire.waits(11)
    assert (wire.status, app.served) == (408, [])
