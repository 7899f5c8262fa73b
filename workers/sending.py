"""One signed request to one webhook, and what came back. Called by the pump for every attempt: the hot path.

It never follows redirects, never decompresses, never dials an address that hookline/egress.py did not pass, and no receiver can hold
it beyond the deadline.
"""

import asyncio
import io
import socket
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from ssl import SSLCertVerificationError, SSLContext
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import _EXC_SENTINEL
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict
from yarl import URL

from hookline import clock
from hookline.egress import AddressRefused, Guard, Resolve
from hookline.rules.addresses import AddressPolicy, UrlRefused, check_url
from hookline.rules.retries import AttemptError

CONNECT_SECONDS = 5
BODY_SECONDS = 2
BODY_READ_LIMIT_BYTES = 64 * 1024
BODY_KEPT_BYTES = 16 * 1024
HEADER_COUNT_LIMIT = 100
HEADERS_KEPT_BYTES = 16 * 1024

_KEEP_ALIVE_SECONDS = 4  # below the 5 s after which many servers close: a request on a closing connection is a failed attempt
_TARGETS_LIMIT = 10_000
_PLAIN_BODY_LIMIT_BYTES = 1024 * 1024  # aiohttp 3.14 warns when larger bytes are sent
_HEADS_LIMIT = 20  # in one packet
_SLOW_CONNECT_SECONDS = 0.1
_NETWORK_FAULTS = (aiohttp.ClientError, aiohttp.EofStream, HttpProcessingError, OSError)


@dataclass(slots=True)
class Request:
    """What to send. headers: all but Host, Content-Length, Accept and Accept-Encoding, values already checked."""

    url: str
    headers: list[tuple[str, str]]
    body: bytes
    timeout_seconds: float


StillWanted = Callable[[], Awaitable[bool]]
_still_wanted: ContextVar[StillWanted | None] = ContextVar("still_wanted", default=None)
"""Of the send that this task is in."""


class Withdrawn(Exception):
    """While the connection came about the request was wanted no more. Nothing of it was sent."""


@dataclass(slots=True)
class Answer:
    """What came back. status_code: None when no answer's head came, then error and error_message say why.

    headers: at most 100 and 16 KiB, Latin-1. body: the first 16 KiB as they came; is_truncated: there was more, or its end was not seen.
    """

    status_code: int | None
    duration_ms: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    is_truncated: bool = False
    error: AttemptError | None = None
    error_message: str | None = None


class Sender:
    """Sends requests under an address policy over kept-alive connections. One for each process; open before the first send."""

    def __init__(self, policy: AddressPolicy, *, resolve: Resolve | None = None, tls: SSLContext | None = None) -> None:
        self._policy = policy
        self._guard = Guard(policy, resolve)
        self._tls = tls
        self._targets: dict[str, URL | UrlRefused] = {}

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def open(self) -> None:
        """Get ready on the running loop. No connection is made yet."""
        connector = _Connector(
            resolver=_VettedResolver(self._guard),
            socket_factory=self._new_socket,
            ssl=self._tls or True,
            use_dns_cache=False,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            limit=0,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._guard.close()

    async def send(self, request: Request, still_wanted: StillWanted | None = None) -> Answer:
        """POST once and tell what came back. Faults of the network and of the receiver are in the answer, never raised.

        still_wanted: is asked before the head is written, when connecting took its time (name servers and handshakes may take seconds).
        Raises Withdrawn when it says no.
        """
        _still_wanted.set(still_wanted)
        started_at = clock.monotonic()
        target = self._target(request.url)
        if isinstance(target, UrlRefused):
            return _failure(target, request, started_at)
        body = request.body if len(request.body) <= _PLAIN_BODY_LIMIT_BYTES else io.BytesIO(request.body)
        response = None
        evidence, is_whole = bytearray(), False
        try:
            async with asyncio.timeout(request.timeout_seconds) as deadline:
                response = await self._session.post(target, data=body, headers=CIMultiDict(request.headers), allow_redirects=False)
                is_whole = await _read_evidence(response, evidence, deadline)
        except aiohttp.InvalidURL:
            raise  # ours: check_url lets no such URL pass
        except _NETWORK_FAULTS as fault:
            if response is None:
                return _failure(fault, request, started_at)
        finally:
            if response is not None and not is_whole:
                response.close()
        return Answer(
            response.status,
            _milliseconds_since(started_at),
            _kept_headers(response),
            bytes(evidence[:BODY_KEPT_BYTES]),
            not is_whole or len(evidence) > BODY_KEPT_BYTES,
        )

    def _target(self, text: str) -> URL | UrlRefused:
        """The checked URL, or why it is refused. Kept: checking and parsing cost more than the rest of a send does here."""
        target = self._targets.get(text)
        if target is None:
            if len(self._targets) >= _TARGETS_LIMIT:
                self._targets.clear()
            try:
                target = URL(check_url(text, self._policy), encoded=True)
            except UrlRefused as refusal:
                target = refusal.with_traceback(None)
            self._targets[text] = target
        return target

    def _new_socket(self, address_info: aiohttp.AddrInfoType) -> socket.socket:
        """Called by aiohttp for every address it dials, literal ones too, which never pass its resolver."""
        family, kind, protocol, _, address = address_info
        self._guard.check(str(address[0]))
        return socket.socket(family, kind, protocol)


class _Protocol(ResponseHandler):
    """Mends three traps of aiohttp 3.14.5.

    Malformed bytes after a head (a body longer than its Content-Length, a bad chunk) in the same packet make it forget the head: so the
    head is fed alone. Malformed bytes later leave the reader of the body waiting. 1xx answers are read without end: a flood of them held
    the loop for 2 s and took 200 MB (2026-11).
    """

    def data_received(self, data: bytes) -> None:
        head_end = data.find(b"\r\n\r\n") + 4
        if 4 <= head_end < len(data):
            super().data_received(data[:head_end])
            data = data[head_end:]
        super().data_received(data)
        if len(self._buffer) > _HEADS_LIMIT:
            self._buffer.clear()
            if self.transport is not None:
                self.transport.close()
            self.set_exception(HttpProcessingError(message="too many interim answers"))

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _EXC_SENTINEL) -> None:
        super().set_exception(exc, exc_cause)
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(exc, exc_cause)


class _Connector(aiohttp.TCPConnector):
    def __init__(self, **options: Any) -> None:  # Any: handed through
        super().__init__(**options)
        self._factory = partial(_Protocol, loop=self._loop)  # type: ignore[assignment]  # partial is invariant

    async def connect(self, req: aiohttp.ClientRequest, traces: Any, timeout: aiohttp.ClientTimeout) -> aiohttp.connector.Connection:
        began, still_wanted = clock.monotonic(), _still_wanted.get()
        connection = await super().connect(req, traces, timeout)
        if still_wanted is not None and clock.monotonic() - began > _SLOW_CONNECT_SECONDS:
            try:
                is_wanted = await still_wanted()
            except BaseException:
                connection.close()
                raise
            if not is_wanted:
                connection.release()
                raise Withdrawn
        return connection


class _VettedResolver(AbstractResolver):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address[0], port=port, family=family, proto=0, flags=0)
            for family, address in await self._guard.addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing to do: the guard belongs to the sender."""


async def _read_evidence(response: aiohttp.ClientResponse, evidence: bytearray, deadline: asyncio.Timeout) -> bool:
    """Fill in what comes of the body within 64 KiB and 2 s. Returns whether that was all of it."""
    content = response.content
    if content.is_eof():  # the usual case: a small body came with the head
        evidence += content.read_nowait()
        return True
    latest = asyncio.get_running_loop().time() + BODY_SECONDS
    deadline.reschedule(min(latest, deadline.when() or latest))
    while not content.at_eof():
        evidence += await content.readany()
        if len(evidence) > BODY_READ_LIMIT_BYTES:
            return False
    return True


def _kept_headers(response: aiohttp.ClientResponse) -> list[tuple[str, str]]:
    kept, size = [], 0
    for name, value in response.raw_headers[:HEADER_COUNT_LIMIT]:
        size += len(name) + len(value)
        if size > HEADERS_KEPT_BYTES:
            break
        kept.append((name.decode("latin-1"), value.decode("latin-1")))
    return kept


def _failure(fault: Exception, request: Request, started_at: float) -> Answer:
    error, message = _classify(fault, request.timeout_seconds)
    return Answer(None, _milliseconds_since(started_at), error=error, error_message=message)


def _classify(fault: Exception, timeout_seconds: float) -> tuple[AttemptError, str]:
    """The error's name, and a sentence that never shows an address. Most special first."""
    cause = fault.os_error if isinstance(fault, aiohttp.ClientConnectorError) else fault
    match fault:
        case UrlRefused():
            return AttemptError.REFUSED_ADDRESS, str(fault)
        case _ if isinstance(cause, AddressRefused):
            return AttemptError.REFUSED_ADDRESS, str(cause)
        case aiohttp.ConnectionTimeoutError():
            return AttemptError.TIMEOUT, f"No connection came about within {CONNECT_SECONDS} seconds."
        case TimeoutError():
            return AttemptError.TIMEOUT, f"No answer came within {timeout_seconds:g} seconds."
        case aiohttp.ClientConnectorDNSError():
            return AttemptError.DNS, "The host name could not be resolved."
        case aiohttp.ClientConnectorCertificateError():
            return AttemptError.TLS, f"The receiver's certificate is not valid: {_certificate_fault(fault.certificate_error)}."
        case aiohttp.ClientSSLError():
            return AttemptError.TLS, "No TLS connection came about: the receiver does not speak TLS here, or none of the same kind."
        case aiohttp.ClientConnectorError():
            refused = isinstance(cause, ConnectionRefusedError)
            return AttemptError.CONNECT, "The receiver refused the connection." if refused else "No connection to the receiver came about."
        case aiohttp.ClientConnectionError() | OSError():
            return AttemptError.PROTOCOL, "The receiver closed the connection before it had answered."
        case _:
            return AttemptError.PROTOCOL, "The receiver's answer is no valid HTTP, or its headers are too large."


def _certificate_fault(error: Exception) -> str:
    text = error.verify_message if isinstance(error, SSLCertVerificationError) else "it could not be verified"
    return text.partition(",")[0]  # what follows may show an address


def _milliseconds_since(started_at: float) -> int:
    return round((clock.monotonic() - started_at) * 1000)
