"""One signed request to one webhook, and its answer. Called for every attempt: the hot path.

It never follows redirects, never decompresses, never dials an address that
hookline/outbound/egress.py did not pass, and no receiver can hold it beyond the deadline.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property, partial
from ipaddress import ip_address
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit
from uuid import UUID

import aiohappyeyeballs

from hookline import clock
from hookline.errors import forget_frames
from hookline.outbound.addresses import AddressPolicy, UrlRefused, check_url
from hookline.outbound.egress import (
    AddressRefused,
    Guard,
    Resolve,
    ResolverDown,
    SocketAddress,
    descriptor_fault,
)
from hookline.outbound.tls import tls_context
from workers.answers import ReceiverAnswer, answer_of, failure_of
from workers.connections import (
    LATE_SECONDS,
    Exchange,
    IdleConnections,
    NotHttp,
    ReceiverConnection,
    Route,
    Unanswered,
    idle_seconds,
)
from workers.dial_turns import DialTurns
from workers.local_faults import NotSent, local_fault
from workers.network_faults import (
    CONNECT_SECONDS,
    ClosedToPlainText,
    ConnectTimeout,
    HandshakeLost,
)
from workers.own_network import DiallingSocket

_TARGETS_LIMIT = 10_000
# The guards passed just before: within this time a webhook's switch is still obeyed within a
# second.
_SLOW_CONNECT_SECONDS = 0.1
# RFC 8305's recommended delay before the next address is tried too.
_NEXT_ADDRESS_SECONDS = 0.25
# Nothing broader: a mistake of ours that is caught as a network's fault makes a delivered request a
# failure, and retries it (2026-11-24).
_NETWORK_FAULTS = (OSError, NotHttp)
# They say what they are about, whatever else is missing.
_NEVER_LOCAL = (AddressRefused, ConnectionRefusedError, TimeoutError)

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, SocketAddress]


@dataclass(slots=True)
class OutboundRequest:
    """A request to send. headers: all but Host, Content-Length, Accept and Accept-Encoding, values
    already checked.
    """

    url: str
    headers: list[tuple[str, str]]
    body: bytes
    timeout_seconds: float
    delivery_id: UUID | None = None
    """Of the delivery that it is an attempt of, for a listener's command."""


StillWanted = Callable[[], Awaitable[bool]]


class Withdrawn(Exception):
    """The request was no longer wanted once the connection was there. Nothing of it was sent."""


class _Destination(NamedTuple):
    """head: the request's first lines."""

    route: Route
    head: str


class _Sending(NamedTuple):
    """A request on its way. head: encoded. started_at: monotonic."""

    route: Route
    head: bytes
    request: OutboundRequest
    started_at: float
    still_wanted: StillWanted | None


class Sender:
    """Sends requests under an address policy over kept-alive connections. One for each process;
    open before the first send.
    """

    def __init__(
        self, policy: AddressPolicy, *, resolve: Resolve | None = None, ca_file: str = ""
    ) -> None:
        self._policy = policy
        self._guard = Guard(policy, resolve)
        self._ca_file = ca_file
        self._targets: dict[str, _Destination | UrlRefused] = {}

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Gets ready on the running loop. No connection is made yet."""
        self._loop = asyncio.get_running_loop()
        self._idle = IdleConnections()
        self._dial_turns = DialTurns()

    async def close(self) -> None:
        """Closes all connections."""
        self._idle.close()
        await self._guard.close()

    async def send(
        self, request: OutboundRequest, still_wanted: StillWanted | None = None
    ) -> ReceiverAnswer:
        """Sends one POST and returns the answer. Faults of the network and of the receiver are in
        it, never raised.

        Raises NotSent when a fault of our own kept it from being connected.

        still_wanted: is asked before the head is written, when connecting took its time (name
        servers and handshakes may take seconds). Raises Withdrawn when it says no.
        """
        started_at = clock.monotonic()
        target = self._target(request.url)
        if isinstance(target, UrlRefused):
            return failure_of(target, request.timeout_seconds, started_at)
        until = self._loop.time() + request.timeout_seconds
        head = _head(target, request)
        connection = self._idle.take(target.route)
        try:
            if connection is None:
                sending = _Sending(target.route, head, request, started_at, still_wanted)
                connection, exchange = await self._exchange_anew(sending, until)
            else:
                try:
                    exchange = await connection.ask(head, request.body, until)
                except asyncio.CancelledError:
                    connection.end()
                    raise
                except Unanswered as lost:
                    sending = _Sending(target.route, head, request, started_at, still_wanted)
                    connection, exchange = await self._repeat(sending, until, lost)
        except _NETWORK_FAULTS as fault:
            # aiohappyeyeballs lists it in a frame that waits for what holds the request (2.6).
            forget_frames(fault)
            return failure_of(fault, request.timeout_seconds, started_at)
        self._idle.give(target.route, connection, idle_seconds(exchange.headers))
        return answer_of(exchange, started_at)

    async def _repeat(
        self, sending: _Sending, until: float, lost: Unanswered
    ) -> tuple[ReceiverConnection, Exchange]:
        """Asks again: the receiver closed the connection for being idle while the request was on
        its way. That it acted is not excluded, so it may get the same `webhook-id` twice, as after
        any lost answer.
        """
        try:
            return await self._exchange_anew(sending, until)
        # Both say that nothing was sent, which is not so of the first time.
        except (NotSent, Withdrawn):
            raise lost from None

    async def _exchange_anew(
        self, sending: _Sending, until: float
    ) -> tuple[ReceiverConnection, Exchange]:
        """Asks on a new connection; what it loses is not repeated."""
        connection, until = await self._connected(sending, until)
        is_slow = clock.monotonic() - sending.started_at > _SLOW_CONNECT_SECONDS
        if sending.still_wanted and is_slow:
            await self._ask_again(sending.route, connection, sending.still_wanted)
        try:
            return connection, await connection.ask(sending.head, sending.request.body, until)
        except asyncio.CancelledError:
            connection.end()
            raise
        except Unanswered:
            # OpenSSL's servers (Node's, Python's) say nothing to who speaks plainly; they close.
            if not sending.route.is_tls:
                raise ClosedToPlainText from None
            raise

    async def _ask_again(
        self, route: Route, connection: ReceiverConnection, still_wanted: StillWanted
    ) -> None:
        try:
            is_wanted = await still_wanted()
        except BaseException:
            connection.end()
            raise
        # Nothing was written to it yet, so it may serve another request.
        if not is_wanted:
            self._idle.give(route, connection)
            raise Withdrawn

    async def _connected(self, sending: _Sending, until: float) -> tuple[ReceiverConnection, float]:
        """A new connection, and the loop's time at which the answer must be there."""
        latest = min(self._loop.time() + CONNECT_SECONDS, until)
        try:
            return await self._connect_unless_local_fault(sending.route, until), until
        except TimeoutError:
            if self._loop.time() - latest <= LATE_SECONDS:
                raise
        # This process missed the deadline, and waited for no answer meanwhile: begun anew, once.
        until = self._loop.time() + sending.request.timeout_seconds
        return await self._connect_unless_local_fault(sending.route, until), until

    async def _connect_unless_local_fault(self, route: Route, until: float) -> ReceiverConnection:
        """A new connection. Only until here a fault may be ours: later the receiver may have acted.

        Raises NotSent; OSError for what may be the receiver's.
        """
        try:
            return await self._connect(route, until)
        except (OSError, MemoryError) as error:
            fault = local_fault(error)
            # Without descriptors more fails than the socket: names, the authorities' files.
            if fault is None and not isinstance(error, _NEVER_LOCAL):
                lack = descriptor_fault()
                fault = local_fault(lack) if lack else None
            if fault is not None:
                forget_frames(error)
                raise NotSent(fault, error) from error
            raise

    async def _connect(self, route: Route, until: float) -> ReceiverConnection:
        """A new connection, within 5 s.

        Raises ConnectTimeout, or TimeoutError where the request's own deadline is the shorter one;
        any other OSError.
        """
        latest = self._loop.time() + CONNECT_SECONDS
        try:
            async with asyncio.timeout_at(min(latest, until)):
                return await self._dial(route)
        except TimeoutError:
            if self._guard.is_down_for(route.host):
                raise ResolverDown from None
            # Both end with TimeoutError; which deadline was the shorter one decides what the
            # attempt says.
            if latest < until:
                raise ConnectTimeout from None
            raise

    async def _dial(self, route: Route) -> ReceiverConnection:
        # A literal address never passes the resolver; _new_socket vets it.
        addresses = _literal(route) or await self._guard.addresses(route.host, route.port)
        infos: list[AddressInfo] = [
            (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)
            for family, address in addresses
        ]
        refusals = list[OSError]()
        await self._dial_turns.wait()
        # Dialled by hand: create_connection with a name would resolve it again, and the second
        # answer may be a private address.
        try:
            dialled = await aiohappyeyeballs.start_connection(
                infos,
                happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS,
                interleave=1,
                loop=self._loop,
                socket_factory=partial(self._new_socket, refusals),
            )
        # With several addresses its error may be of no kind at all.
        except OSError:
            if refusals:
                raise refusals[0] from None
            raise
        try:
            _, connection = await self._loop.create_connection(
                ReceiverConnection,
                sock=dialled,
                ssl=self._tls if route.is_tls else None,
                server_hostname=route.host if route.is_tls else None,
            )
        except BaseException as fault:
            # The socket is not the transport's yet, so nobody else closes it, also when the attempt
            # is cancelled here.
            dialled.close()
            # TCP came about before; what breaks off now is the handshake, and the log says so.
            if route.is_tls and isinstance(fault, ConnectionError):
                raise HandshakeLost from fault
            raise
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when the first https:// is dialled: the system's authorities take some MB."""
        context = tls_context(self._ca_file)
        # Without descriptors it holds no authority at all, and would be kept so (OpenSSL 3).
        if lack := descriptor_fault():
            raise lack
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _target(self, text: str) -> _Destination | UrlRefused:
        """The checked URL, or why it is refused. Kept: checking and parsing cost more than the rest
        of a send does here.
        """
        target = self._targets.get(text)
        if target is None:
            if len(self._targets) >= _TARGETS_LIMIT:
                # Bounded, since every URL that a webhook ever had would stay.
                self._targets.clear()
            try:
                target = _target_of(check_url(text, self._policy))
            except UrlRefused as refusal:
                # It is kept; its traceback would keep the frames of the first send with it.
                target = refusal.with_traceback(None)
            self._targets[text] = target
        return target

    def _new_socket(self, refusals: list[OSError], info: AddressInfo) -> socket.socket:
        """Called for every address that is dialled, literal ones too, which never pass the
        resolver.
        """
        family, kind, protocol, _, address = info
        # The last look, at what is really dialled: whatever slips past the resolver ends here.
        self._guard.check(str(address[0]))
        made = DiallingSocket(family, kind, protocol)
        made.refusals = refusals
        made.setblocking(False)
        return made


def _literal(route: Route) -> list[tuple[socket.AddressFamily, SocketAddress]]:
    """The address that the URL itself names, if it does."""
    try:
        version = ip_address(route.host).version
    except ValueError:
        return []
    return [
        (socket.AF_INET, (route.host, route.port))
        if version == 4
        else (socket.AF_INET6, (route.host, route.port, 0, 0))
    ]


def _target_of(url: str) -> _Destination:
    """url: as check_url gives it."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    route = Route(is_tls, parts.hostname or "", parts.port or (443 if is_tls else 80))
    path = url.split("/", 3)[3]
    return _Destination(
        route,
        # `identity`: a compressed body of 300 kB can become 969 MB, so none is asked for and none
        # is unpacked.
        f"POST /{path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\nAccept-Encoding: "
        "identity\r\n",
    )


def _head(target: _Destination, request: OutboundRequest) -> bytes:
    lines = [name + ": " + value for name, value in request.headers]
    return (
        target.head + "\r\n".join([*lines, f"Content-Length: {len(request.body)}\r\n\r\n"])
    ).encode("latin-1")
