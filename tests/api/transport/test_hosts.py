"""The check of the Host header."""

from typing import Any

from api.transport.hosts import AllowedHosts
from api.transport.responses import Message, Receive, Scope, Send, send_body
from tests.tables import each_of


async def _inner(scope: Scope, receive: Receive, send: Send) -> None:
    await send_body(send, 200, b"text/plain", b"inside")


async def answered(hosts: list[str], *given: bytes, kind: str = "http") -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read before the host is known")

    scope: dict[str, Any] = {
        "type": kind,
        "headers": [(b"accept", b"*/*"), *((b"host", host) for host in given)],
    }
    await AllowedHosts(_inner, hosts)(scope, receive, send)
    return sent


@each_of(
    "host",
    [
        b"hooks.example",
        b"HOOKS.example:8000",
        b"127.0.0.1:1",
        b"[::1]:8000",
        b"[::1]",
        b"hooks.example.",
    ],
)
async def test_own_hosts_are_answered_on_any_port(host: bytes) -> None:
    sent = await answered(["Hooks.example", "127.0.0.1", "[::1]"], host)
    assert sent[0]["status"] == 200


@each_of(
    "host",
    [
        b"evil.example",
        b"hooks.example.evil.example",
        b"hooks.example@evil.example",
        b"[::1",
        b"",
        b"[::1].evil",
    ],
)
async def test_foreign_hosts_are_421(host: bytes) -> None:
    sent = await answered(["hooks.example", "[::1]"], host)
    assert sent[0]["status"] == 421


async def test_no_host_or_two_of_them_are_400() -> None:
    assert (await answered(["hooks.example"]))[0]["status"] == 400
    assert (await answered(["hooks.example"], b"hooks.example", b"evil.example"))[0][
        "status"
    ] == 400


async def test_sockets_of_foreign_hosts_are_closed_before_the_handshake() -> None:
    assert await answered(["hooks.example"], b"evil.example", kind="websocket") == [
        {"type": "websocket.close", "code": 1008}
    ]


async def test_without_a_list_every_host_is_answered() -> None:
    assert (await answered([], b"anything"))[0]["status"] == 200
