"""Forwards requests of a listener to a program on this machine, and gives its answers as the server
records any receiver's. Used by `hookline listen`; prints nothing.
"""

import asyncio
import json
import socket
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Self

import httpx

# As many as an attempt keeps, spent on as long as the server's own client spends.
BODY_KEPT_BYTES: Final = 16 * 1024
_BODY_READ_BYTES: Final = 64 * 1024
_BODY_SECONDS: Final = 2.0
_HEADERS_KEPT, _HEADERS_KEPT_BYTES = 100, 16 * 1024
_CONNECT_SECONDS: Final = 5.0
# The answer has to be back before the server's own timeout ends the attempt.
_WAY_BACK_SECONDS: Final = 0.5


@dataclass(slots=True)
class ForwardedRequest:
    """A request as the server handed it over. event_type: as its body says. headers: as they are
    signed and sent.
    """

    id: str
    delivery_id: str
    event_type: str
    headers: list[tuple[str, str]]
    body: str
    timeout_seconds: float
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, node: dict[str, Any]) -> Self:
        headers = [(one["name"], one["value"]) for one in node["headers"]]
        timeout_seconds = node["timeoutMs"] / 1_000
        body = node["body"]
        return cls(node["id"], node["deliveryId"], _type_in(body), headers, body, timeout_seconds)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def event_id(self) -> str:
        return self.header("webhook-id")


@dataclass(slots=True)
class LocalAnswer:
    """The answer of the program. status_code: None when there was none; then error says why."""

    status_code: int | None
    duration_ms: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    is_truncated: bool = False
    error: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


class Forwarder:
    """Sends to one URL. One for a command; a context manager."""

    def __init__(self, url: str, *, is_verified: bool = True) -> None:
        self.url = url
        self._client = httpx.AsyncClient(
            # Else a proxy elsewhere gets what is for this machine.
            trust_env=False,
            verify=is_verified if url.startswith("https:") else False,
            follow_redirects=False,
            headers={"accept": "*/*", "accept-encoding": "identity"},
            limits=httpx.Limits(max_connections=None, keepalive_expiry=5),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def forward(self, request: ForwardedRequest) -> LocalAnswer:
        """Sends the request once. Whatever goes wrong is in the answer, never raised."""
        began = monotonic()
        within = max(request.timeout_seconds - _WAY_BACK_SECONDS, request.timeout_seconds / 2)
        try:
            async with asyncio.timeout(within):
                response = await self._client.send(self._made(request, within), stream=True)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError) as fault:
            return LocalAnswer(None, _since(began), error=error_of(fault))
        try:
            body, is_whole = await _read(response)
        finally:
            await response.aclose()
        return LocalAnswer(
            response.status_code,
            _since(began),
            _kept(response),
            body[:BODY_KEPT_BYTES],
            not is_whole or len(body) > BODY_KEPT_BYTES,
        )

    def _made(self, request: ForwardedRequest, within: float) -> httpx.Request:
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers
        ]
        return self._client.build_request(
            "POST",
            self.url,
            headers=headers,
            content=request.body.encode(),
            timeout=httpx.Timeout(within, connect=min(within, _CONNECT_SECONDS)),
        )


def _type_in(body: str) -> str:
    try:
        found = json.loads(body)["type"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "?"
    return found if isinstance(found, str) else "?"


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    """The beginning of the body; True when that is all of it. Its faults change no answer."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in response.aiter_raw():
                body += part
                if len(body) > _BODY_READ_BYTES:
                    return bytes(body[:_BODY_READ_BYTES]), False
    except (TimeoutError, httpx.HTTPError):
        return bytes(body), False
    return bytes(body), True


def _kept(response: httpx.Response) -> list[tuple[str, str]]:
    kept, size = list[tuple[str, str]](), 0
    for name, value in response.headers.raw[:_HEADERS_KEPT]:
        size += len(name) + len(value)
        if size > _HEADERS_KEPT_BYTES:
            break
        kept.append((name.decode("latin-1"), value.decode("latin-1")))
    return kept


def error_of(fault: BaseException) -> str:
    """The server's name for what went wrong."""
    match fault:
        case TimeoutError() | httpx.TimeoutException():
            return "TIMEOUT"
        case httpx.ConnectError():
            causes = list(_causes(fault))
            if any(isinstance(cause, ssl.SSLError) for cause in causes):
                return "TLS"
            return "DNS" if any(isinstance(one, socket.gaierror) for one in causes) else "CONNECT"
        case _:
            return "PROTOCOL"


def _causes(fault: BaseException) -> list[BaseException]:
    found, cause = list[BaseException](), fault.__cause__ or fault.__context__
    while cause is not None and len(found) < 10:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def _since(began: float) -> int:
    return round((monotonic() - began) * 1_000)
