"""The bounds of connections, and what those that crossed one are told: each sentence names the
limit and its setting. Pure.
"""

from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from websockets.frames import CloseCode

from hookline.settings.fields import Settings

_RESERVED_DESCRIPTORS: Final = 1_000
"""For what is no connection of a client: 500 requests to receivers and those being dialled, the
database's connections, files.
"""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds of this process. Those with a default have no setting."""

    head_bytes: int
    headers: int
    head_seconds: float
    body_seconds: float
    body_bytes_per_second: int
    early_bytes: int
    connections: int
    connections_per_address: int
    proxies: tuple[IPv4Network | IPv6Network, ...]
    """Whose connections are not counted by address."""
    held_bytes: int
    """Bodies and messages that are not complete, and answers that are not read, of all connections
    together. A thousand bodies of 16 MiB, each kept up by a kibibyte a second, are 16 GB.
    """
    wanted_connections: int
    """HOOKLINE_MAX_CONNECTIONS; `connections` is less where the limit of descriptors is low."""

    early_frames: int = 100
    """A client has one message to send before it is acknowledged. The parser takes 20 µs for a
    frame, and 64 KiB hold 10,000 empty ones: 0.2 s of the loop (websockets 17.4, 2026-11).
    """
    pipelined_requests: int = 100
    """Requests of one connection that wait for the one before. uvicorn stops reading at the first,
    but one read may hold 10,000 (0.54).
    """
    reader_seconds: float = 30.0
    """For an answer of which the client's machine takes not one byte more."""
    linger_seconds: float = 2.0
    """Time in which a client may still send after it was cut off, to be dropped: closing at once
    would reset the connection, and take the answer along.
    """
    guests: int = 64
    """Connections beyond the bound: they may ask for health, and hear why nothing else."""
    guest_seconds: float = 2.0
    """For a guest's head: places for guests are few."""

    @classmethod
    def of(cls, settings: Settings, descriptor_limit: int) -> "ConnectionLimits":
        """The bounds that settings ask for, as far as there are descriptors for them."""
        reserved = min(_RESERVED_DESCRIPTORS, descriptor_limit // 2)
        return cls(
            head_bytes=settings.max_head_bytes,
            headers=settings.max_headers,
            head_seconds=settings.head_seconds,
            body_seconds=settings.body_seconds,
            body_bytes_per_second=settings.body_bytes_per_second,
            early_bytes=settings.max_early_bytes,
            connections=min(settings.max_connections, descriptor_limit - reserved),
            connections_per_address=settings.max_connections_per_address,
            proxies=settings.proxy_networks,
            held_bytes=settings.max_held_bytes,
            wanted_connections=settings.max_connections,
        )

    @property
    def look_seconds(self) -> float:
        """The time between two looks at every connection: the sharpness of the bounds of time."""
        return min(1.0, self.head_seconds / 4, self.body_seconds / 4)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The end of a connection that crossed a bound. reason: for the log. status: of HTTP, or the
    code of a WebSocket's close frame.
    """

    reason: str
    status: int
    text: str

    def as_bytes(self) -> bytes:
        """The whole answer of HTTP. It says that nothing comes after it."""
        status = HTTPStatus(self.status)
        body = self.text.encode() + b"\n"
        again = "Retry-After: 5\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Cache-Control: no-store\r\n{again}Connection: close\r\n\r\n"
        )
        return head.encode() + body


def not_http(text: str) -> Refusal:
    return Refusal("not_http", HTTPStatus.BAD_REQUEST, text)


def long_head(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "long_head",
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"The head of this request has more than {limits.head_bytes:,} bytes, or a WebSocket's has "
        "a line of more than 8,192 (HOOKLINE_MAX_HEAD_BYTES). Send fewer or shorter headers.",
    )


def many_headers(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "many_headers",
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"The head of this request has more than {limits.headers:,} headers "
        "(HOOKLINE_MAX_HEADERS). Send fewer.",
    )


def slow_head(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "slow_head",
        HTTPStatus.REQUEST_TIMEOUT,
        f"The head of this request was not complete within {limits.head_seconds:g} seconds "
        "(HOOKLINE_HEAD_SECONDS).",
    )


def slow_body(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "slow_body",
        HTTPStatus.REQUEST_TIMEOUT,
        f"The body came more than {limits.body_seconds:g} seconds late: its first byte, or what "
        f"{limits.body_bytes_per_second:,} bytes a second make (HOOKLINE_BODY_SECONDS, "
        "HOOKLINE_BODY_BYTES_PER_SECOND).",
    )


def many_pipelined(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "many_pipelined",
        HTTPStatus.BAD_REQUEST,
        f"More than {limits.pipelined_requests} requests wait on this connection. Read answers "
        "before sending more.",
    )


def crowded(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "crowded",
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"This server has {limits.connections:,} connections, the most that it takes "
        "(HOOKLINE_MAX_CONNECTIONS). Try again in a few seconds.",
    )


def crowded_address(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "crowded_address",
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Your address has {limits.connections_per_address:,} connections to this server, the most "
        "that it takes (HOOKLINE_MAX_CONNECTIONS_PER_ADDRESS; HOOKLINE_PROXIES names proxies, "
        "which are not counted so). Use those again that are open.",
    )


def much_held(limits: ConnectionLimits) -> Refusal:
    mebibytes = limits.held_bytes // 1024 // 1024
    return Refusal(
        "much_held",
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"More than {mebibytes} MiB wait for slow clients, most and longest on this connection "
        "(HOOKLINE_MAX_HELD_BYTES).",
    )


def many_early_bytes(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "many_early_bytes",
        CloseCode.MESSAGE_TOO_BIG,
        f"More than {limits.early_bytes:,} bytes before connection_ack (HOOKLINE_MAX_EARLY_BYTES)",
    )


def many_early_frames(limits: ConnectionLimits) -> Refusal:
    return Refusal(
        "many_early_frames",
        CloseCode.POLICY_VIOLATION,
        f"More than {limits.early_frames} frames before connection_ack: wait for it",
    )
