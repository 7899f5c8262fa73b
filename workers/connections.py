"""HTTP/1.1 connections to receivers: one request at a time, answers bounded in time and size, kept
alive in between. Used by `workers.sending`. The parser is httptools: a general client (aiohttp
3.14) spends twice the CPU on a request, which is a sixth of what a delivery costs (2026-11).
"""

import asyncio
import re
from collections import deque
from typing import Final, NamedTuple, cast

import httptools

# The status line decides; a body is only evidence, so little time and memory is spent on it.
BODY_SECONDS: Final = 2.0
BODY_READ_LIMIT_BYTES: Final = 64 * 1024
# Head, body and whatever frames them: the parser says nothing of extensions of chunks, and of a
# trailer only when it is whole, while it copies what there is of it for each piece that comes.
# Twenty receivers of endless trailers took 434 MB and 4.8 s of the loop at a time (2026-11-28).
_ANSWER_LIMIT_BYTES: Final = 256 * 1024
# A hostile receiver sends headers, or interim answers (1xx), without end.
_HEAD_LIMIT_BYTES: Final = 128 * 1024
_HEADERS_LIMIT: Final = 1_000
_INTERIM_LIMIT: Final = 20
# below the 5 s after which many servers close: a request on a closing connection is a failed
# attempt
_KEEP_ALIVE_SECONDS: Final = 4.0
# Every second, so that none is older than the 5 s above when it is closed.
_POLL_SECONDS: Final = 1.0
# A receiver that tells when it closes (RFC 2068) counts from its own answer: the request must be
# there before, whatever the way takes.
_KEEP_ALIVE_MARGIN_SECONDS: Final = 1.0
# Nine digits: a receiver may send thousands of them, which int() refuses, or other scripts'.
_KEEP_ALIVE_TIMEOUT: Final = re.compile(rb"(?i)(?:^|[,;])[ \t]*timeout[ \t]*=[ \t]*\"?([0-9]{1,9})")
LATE_SECONDS: Final = 0.5
"""A deadline that is met so much later was missed by this process: it was stopped, or held up."""
# The loop runs timers before it reads: what came while the process was stopped is still unread.
_SECOND_LOOK_SECONDS: Final = 0.5
_ONE_WRITE_BYTES: Final = 64 * 1024
# With those on the wire (500) they stay below the 1,000 descriptors that the server keeps for
# requests, whatever the number of receivers: 2,000 that answered at once took all of 1,024, and
# everybody's deliveries went back (2026-11-28).
IDLE_LIMIT: Final = 250
# An alert or a handshake of TLS 1 (RFC 8446, 5.1): servers send it when they are spoken to plainly.
_TLS_RECORD: Final = re.compile(rb"[\x15\x16](\x03|$)")
_LENGTHS: Final = (b"content-length", b"transfer-encoding")


class NotHttp(Exception):
    """The bytes that came are no answer that HTTP/1.1 knows, or its head is too large."""


class SpeaksTls(NotHttp):
    """A record of TLS came instead of an answer."""


class Closed(ConnectionError):
    """The connection ended before the head of the answer."""


class Unanswered(Closed):
    """The connection ended before any byte of the answer."""


class Route(NamedTuple):
    """The key of the idle connections: those with the same route may stand for each other. host: a
    name or an address, without brackets.
    """

    is_tls: bool
    host: str
    port: int


class Exchange:
    """An answer as it comes in: httptools calls the methods. status: of the final answer, None
    before its head is whole.
    """

    __slots__ = (
        "_has_length",
        "_interim_count",
        "_received_bytes",
        "_size",
        "body",
        "headers",
        "is_refused",
        "is_whole",
        "may_keep",
        "parser",
        "status",
    )

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.is_whole = self.may_keep = self.is_refused = self._has_length = False
        self._size = self._interim_count = self._received_bytes = 0

    def feed(self, data: bytes) -> bool:
        """Takes what came. True when the answer ends here: it is whole, or no more of it is wanted
        or can be understood.

        Raises NotHttp.
        """
        is_broken = False
        self._received_bytes += len(data)
        try:
            self.parser.feed_data(data)
        # What came before the fault is taken: a whole head keeps its verdict though its body is
        # malformed.
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            is_broken = True
        if self.status is None:
            # The parser tells of a header once it is whole: a single one that never ends is seen by
            # the bytes only.
            self._size += len(data)
            if is_broken or self._size > _HEAD_LIMIT_BYTES:
                raise SpeaksTls if _TLS_RECORD.match(data) else NotHttp
        if self.is_refused:
            raise NotHttp
        if self.status is None:
            return False
        self.may_keep = self.may_keep and not is_broken
        is_too_much = (
            len(self.body) > BODY_READ_LIMIT_BYTES or self._received_bytes > _ANSWER_LIMIT_BYTES
        )
        return self.is_whole or is_broken or is_too_much

    def end(self) -> None:
        """Nothing more comes. An answer without a length ends here.

        Raises Closed, or Unanswered.
        """
        if self.status is None:
            # Before the head nobody knows whether the receiver acted; with it, the status has
            # decided.
            raise Closed if self._received_bytes else Unanswered
        # Without a length the end of the connection is the end of the body (RFC 9112), so it is no
        # truncation.
        self.is_whole = self.is_whole or not self._has_length

    def on_header(self, name: bytes, value: bytes) -> None:
        self._size += len(name) + len(value)
        if self.status is not None:
            # Trailers come after the body and are kept nowhere; their size still counts.
            return
        if self._size > _HEAD_LIMIT_BYTES or len(self.headers) == _HEADERS_LIMIT:
            self.is_refused = True
            return
        self.headers.append((name, value))
        self._has_length = self._has_length or name.lower() in _LENGTHS

    def on_headers_complete(self) -> None:
        status = self.parser.get_status_code()
        # A second answer, which nobody asked for, must not be read as the answer to the next
        # request.
        if self.status is not None:
            self.may_keep = False
        elif status >= 200:
            self.status = status
        else:
            self.headers.clear()
            self._interim_count += 1
            self.is_refused = self.is_refused or self._interim_count > _INTERIM_LIMIT

    def on_body(self, data: bytes) -> None:
        if not self.is_whole:
            self.body += data

    def on_message_complete(self) -> None:
        if self.status is not None and not self.is_whole:
            self.is_whole, self.may_keep = True, self.parser.should_keep_alive()


class ReceiverConnection(asyncio.Protocol):
    """One connection. The caller awaits each answer before it asks again."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._exchange: Exchange | None = None
        self._answered: asyncio.Future[Exchange]
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = self._look_at = self._until = 0.0
        self._has_head = self._is_second_look = False
        self.is_open = True
        self.idle_until = 0.0

    def ask(self, head: bytes, body: bytes, until: float) -> "asyncio.Future[Exchange]":
        """Sends a request. until: the loop's time at which its answer must be there; of a body that
        is no more than 2 s after its head.

        The future raises TimeoutError, Closed (Unanswered where no byte came), NotHttp or another
        OSError. Cancelling it ends the connection.
        """
        self._answered = answered = self._loop.create_future()
        # The receiver may have hung up since it was made or taken, during any await in between. On
        # a closed transport uvloop 0.22 raises RuntimeError, which no caller takes for a network's
        # fault; asyncio's own is silent, and the attempt would hang to its deadline.
        if not self.is_open:
            answered.set_exception(Unanswered())
            return answered
        self._exchange, self._until = Exchange(), until
        self._has_head = self._is_second_look = False
        self._expire_at(until)
        # One system call for both: writing requests is a third of a worker's CPU. A large body is
        # not copied for it.
        if len(body) <= _ONE_WRITE_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        return answered

    def end(self) -> None:
        """Closes it at once; bytes that were not sent yet are dropped."""
        self.is_open = False
        self._stop_timer()
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its bases

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        # bytes that nobody asked for: what follows could be taken for an answer
        if exchange is None:
            self.end()
            return
        try:
            has_ended = exchange.feed(data)
        except NotHttp as fault:
            self._fail(fault)
            return
        if has_ended:
            self._finish(exchange)
        elif exchange.status is not None and not self._has_head:
            self._has_head = True
            self._expire_at(min(self._until, self._loop.time() + BODY_SECONDS))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        self._stop_timer()
        exchange = self._exchange
        if exchange is not None:
            try:
                exchange.end()
            except Closed as closed:
                self._fail(closed)
            else:
                self._finish(exchange)

    def _expire_at(self, at: float) -> None:
        """Sets the loop's time at which `_expire` is called, unless the exchange has ended by then.

        A timer that is there and earlier stays, and looks again: one for each request, made and
        cancelled, costs 2 us (2026-11).
        """
        self._look_at = at
        if self._timer is None or self._timer_at > at:
            self._stop_timer()
            self._timer, self._timer_at = self._loop.call_at(at, self._look), at

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._exchange is None:
            return
        if self._loop.time() < self._look_at:
            self._expire_at(self._look_at)
        else:
            self._expire(self._exchange)

    def _expire(self, exchange: Exchange) -> None:
        if self._answered.cancelled():
            self.end()
        # A deadline after the head leaves the verdict alone: the body is cut there, and the attempt
        # is what its status says.
        elif exchange.status is not None:
            self._finish(exchange)
        elif self._loop.time() - self._until > LATE_SECONDS and not self._is_second_look:
            # Else a process that was stopped for a moment blames all receivers that it has asked
            # (10 of 10 that had answered, 2026-11-28).
            self._is_second_look = True
            self._expire_at(self._loop.time() + _SECOND_LOOK_SECONDS)
        else:
            self._fail(TimeoutError())

    def _finish(self, exchange: Exchange) -> None:
        self._exchange = None
        # After a cut or malformed answer nobody knows where the next one begins: such a connection
        # is never used again.
        if not (exchange.is_whole and exchange.may_keep) or self._answered.cancelled():
            self.end()
        if not self._answered.done():
            self._answered.set_result(exchange)

    def _fail(self, fault: Exception) -> None:
        self._exchange = None
        self.end()
        if not self._answered.done():
            self._answered.set_exception(fault)


class IdleConnections:
    """Connections that wait for their next request, the newest first; none longer than 4 s or than
    its receiver says, and at most 250 in all.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle: dict[Route, deque[ReceiverConnection]] = {}
        self._routes: dict[ReceiverConnection, Route] = {}
        """All of them, the oldest first; so they are in each route's line."""
        self._timer = self._loop.call_later(_POLL_SECONDS, self._look)

    def take(self, route: Route) -> ReceiverConnection | None:
        """Returns an open connection of the route, None if there is none."""
        waiting = self._idle.get(route)
        while waiting:
            # The newest one: of all it is the one that its receiver closes last.
            connection = waiting.pop()
            del self._routes[connection]
            if connection.is_open and connection.idle_until > self._loop.time():
                return connection
            connection.end()
        return None

    def give(
        self, route: Route, connection: ReceiverConnection, seconds: float = _KEEP_ALIVE_SECONDS
    ) -> None:
        """Keeps a connection whose exchange has ended for so many seconds, unless it is closed. The
        oldest of all goes where there are too many.
        """
        if seconds <= 0:
            connection.end()
        if connection.is_open:
            connection.idle_until = self._loop.time() + seconds
            self._idle.setdefault(route, deque()).append(connection)
            self._routes[connection] = route
            if len(self._routes) > IDLE_LIMIT:
                self._end_oldest()

    def close(self) -> None:
        self._timer.cancel()
        for connection in self._routes:
            connection.end()
        self._idle.clear()
        self._routes.clear()

    def _look(self) -> None:
        now = self._loop.time()
        for connection, route in list(self._routes.items()):
            if not connection.is_open or connection.idle_until <= now:
                self._idle[route].remove(connection)
                del self._routes[connection]
                connection.end()
        for route in [route for route, waiting in self._idle.items() if not waiting]:
            del self._idle[route]
        self._timer = self._loop.call_later(_POLL_SECONDS, self._look)

    def _end_oldest(self) -> None:
        connection = next(iter(self._routes))
        waiting = self._idle[self._routes.pop(connection)]
        # It is the oldest of its route, too.
        waiting.popleft()
        connection.end()


def idle_seconds(headers: list[tuple[bytes, bytes]]) -> float:
    """The seconds that a connection may wait for its next request after an answer with these
    headers: 4, or a second less than the least `Keep-Alive: timeout=N` among them; 0 for none.
    """
    seconds = _KEEP_ALIVE_SECONDS
    for name, value in headers:
        # Its length first, since nearly no answer has this header: one for each of its headers.
        if len(name) == 10 and name.lower() == b"keep-alive":
            for timeout in _KEEP_ALIVE_TIMEOUT.findall(value):
                seconds = min(seconds, int(timeout) - _KEEP_ALIVE_MARGIN_SECONDS)
    return max(seconds, 0.0)
