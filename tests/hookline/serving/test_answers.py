"""Answers as they are written and counted, by an application that sends them whole or in pieces."""

from typing import Any

from api.transport.pace import ReadingPace
from api.transport.responses import send_body, send_pieces
from tests.hookline.serving.wire import HEAD, Server
from tests.tables import each_of
from tests.waiting import turns

CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


@each_of(
    "head",
    [
        b"POST / HTTP/1.1\r\n",
        b"HEAD / HTTP/1.1\r\n",
        b"POST / HTTP/1.0\r\n",
        b"POST / HTTP/1.1\r\nConnection: close\r\n",
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n",
    ],
)
async def test_a_whole_answer_is_that_of_its_messages(head: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send_body(send, 403, b"text/plain", b"no", [(b"x-request-id", b"1")])

    async def by_messages(scope: Any, receive: Any, send: Any) -> None:
        async def send_message(message: Any) -> None:
            await send(message)

        await app(scope, receive, send_message)

    answers = []
    for server in (Server(app), Server(by_messages)):
        server.state.default_headers = [(b"date", b"Sun, 29 Nov 2026 20:00:00 GMT")]
        wire = server.connect()
        wire.says(head + b"Content-Length: 0\r\n\r\n")
        await turns(5)
        count = server.metrics.registry.get_sample_value
        assert count("hookline_http_requests_total", {"status": "4xx"}) == 1
        answers.append((bytes(wire.sent), wire.is_closing()))
    assert answers[0] == answers[1]
    assert answers[0][0].startswith(b"HTTP/1.1 403 Forbidden\r\n")


async def test_a_whole_answer_is_written_at_once() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send_body(send, 200, b"text/plain", b"yes")

    wire = Server(app).connect()
    wire.says((HEAD + b"Content-Length: 0\r\n\r\n") * 3)
    await turns(10)
    assert (wire.sent.count(b"yes"), wire.write_count) == (3, 3)


async def test_an_answer_waits_for_a_reader_that_is_slow() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send_body(send, 200, b"text/plain", b"yes")

    wire = Server(app).connect()
    wire.protocol.pause_writing()
    wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
    await turns(5)
    assert wire.status == 0
    wire.protocol.resume_writing()
    await turns(5)
    assert wire.status == 200


async def test_pieces_of_an_answer_are_held_until_they_are_taken() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pace = ReadingPace(1_000_000, late_seconds=60)
        await send_pieces(send, 200, b"text/plain", [b"a" * 10_000] * 5, (), pace)

    wire = Server(app).connect()
    wire.protocol.pause_writing()
    wire.says(HEAD + b"Content-Length: 0\r\n\r\n")
    await turns(5)
    assert (wire.status, wire.protocol.held_bytes()) == (0, 50_000)
    wire.protocol.resume_writing()
    await turns(10)
    assert (wire.status, wire.protocol.held_bytes()) == (200, 0)


async def test_answers_count_by_their_class_those_of_a_failed_application_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/fails":
            raise RuntimeError("on purpose")
        start = {"type": "http.response.start", "headers": [(b"content-length", b"0")]}
        await send({**start, "status": int(scope["path"][1:])})
        await send({"type": "http.response.body"})

    server = Server(app)
    for path in (b"/200", b"/204", b"/404", b"/fails"):
        server.connect().says(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    server.connect().says(b"no HTTP\r\n\r\n")
    await turns(5)

    def count(name: str, **labels: str) -> float | None:
        return server.metrics.registry.get_sample_value(name, labels)

    statuses = {name: count("hookline_http_requests_total", status=name) for name in CLASSES}
    assert statuses == {"1xx": 0, "2xx": 2, "3xx": 0, "4xx": 1, "5xx": 1}
    assert count("hookline_connections_refused_total", reason="not_http") == 1
