"""uvicorn's HTTP protocol with bounds of what comes before a request is known: its head, its body's
pace, and its place among the connections. It writes an answer of its own where no request has one.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from hookline.serving.config import BoundedConfig
from hookline.serving.connections import ClientReader
from hookline.serving.limits import (
    Refusal,
    long_head,
    many_headers,
    many_pipelined,
    not_http,
    slow_body,
    slow_head,
)
from hookline.serving.websocket import BoundedWebSocket

_HEALTH = (b"/healthz", b"/readyz")
_WEBSOCKET_LINE_BYTES = 8_192
"""websockets 17.4 takes no longer lines in a head; uvicorn 0.54 leaves such a connection without
an answer, and without an end.
"""


# The phases of a connection. No Enum: a look at its members costs 0.2 µs in Python 3.11.
_HEAD: Final = 0
"""A head is waited for, or a handshake's end."""
_KNOWN: Final = 1
"""A request is known: its body comes, it is being answered, or it was and the next one may come."""
_ENDED: Final = 2
"""Nothing is read any more: what comes is dropped, or a WebSocket's."""


class _CountedRequest(RequestResponseCycle):
    """uvicorn's request, which counts its answer: also the 500 that uvicorn writes when the
    application failed, and which no application sees.
    """

    count: Callable[[int], None]

    # Not async: a coroutine around uvicorn's own costs as much as the count (2026-11).
    def send(self, message: ASGISendEvent) -> Coroutine[Any, Any, None]:
        if message["type"] == "http.response.start" and not self.disconnected:
            self.count(message["status"])
        return super().send(message)

    def answer(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """Writes a whole answer at once, which two messages would write in two pieces after a look
        for wrong characters in each header. False: it has to go by messages.
        """
        if (
            self.response_started
            or self.disconnected
            or self.flow.write_paused
            # The connection ends behind it.
            or not self.keep_alive
            or self.scope["method"] == "HEAD"
        ):
            return False
        self.count(status)
        self.waiting_for_100_continue = False
        self.response_started = self.response_complete = True
        lines = [b"%b: %b\r\n" % header for header in (*self.default_headers, *headers)]
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], b"".join(lines), body))
        self.message_event.set()
        self.on_response()
        return True


class BoundedHttp(HttpToolsProtocol):
    """One connection. uvicorn's cycle says how far a request is: each of the parser's callbacks
    that is taken over as well costs a publish 1 % (2026-11).
    """

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections = config.connections
        self._limits = config.connections.limits
        self._phase = _HEAD
        self._waited_seconds = 0.0
        self._fed_bytes = 0
        """Bytes since the head began, or since the last of a body: what the parser keeps of them is
        less.
        """
        self._body_bytes = 0
        """Bytes of a body since the last look."""
        self._request_bytes = 0
        """Bytes of a body since its beginning."""
        self._is_known_head = False
        """The parser is at a head whose request is known."""
        self._refusal: Refusal | None = None
        self._as_guest: Refusal | None = None
        self._reader: ClientReader

    # --- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._reader = ClientReader(transport, self._limits.reader_seconds)
        try:
            self._as_guest = self._connections.enter(transport, self.client)
        except ConnectionRefusedError:
            self._phase = _ENDED
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self.transport)
        super().connection_lost(exc)

    def look(self, seconds: float) -> None:
        """Called every second: ends a connection that waits too long for its client."""
        if self._phase == _HEAD:
            self._look_at_head(seconds)
        elif self._phase == _ENDED:
            self._waited_seconds += seconds
            if self._waited_seconds > self._limits.linger_seconds:
                self.transport.abort()
        elif self.cycle.more_body:
            self._look_at_body(seconds)
        elif self.cycle.response_complete:
            self._look_at_pause(seconds)
        self._reader.look(seconds)

    def held_bytes(self) -> int:
        """Bytes that wait here: of a body for the rest of it, of answers for their reader."""
        # The application has taken them already, and waits for the rest.
        is_waiting = self._phase == _KNOWN and self.cycle.more_body
        body_bytes = self._request_bytes if is_waiting else 0
        # Noted by the application: pieces of an answer that it sends as they are taken.
        pieces_bytes: int = getattr(self.cycle, "pieces_bytes", 0)
        return body_bytes + pieces_bytes + self.transport.get_write_buffer_size()

    def drop(self) -> None:
        """Ends the connection at once."""
        self.transport.abort()

    def _look_at_head(self, seconds: float) -> None:
        # Behind a request that is still being answered: uvicorn reads no further until then.
        if self.flow.read_paused:
            return
        self._waited_seconds += seconds
        limit_seconds = self._limits.guest_seconds if self._as_guest else self._limits.head_seconds
        if self._waited_seconds > limit_seconds:
            # Browsers open connections ahead of requests: for these an answer would be that of the
            # next request.
            if self._fed_bytes:
                self._cut(slow_head(self._limits))
            else:
                self.transport.close()

    def _look_at_body(self, seconds: float) -> None:
        came_bytes, self._body_bytes = self._body_bytes, 0
        # The wait is the application's, which has not asked for more yet.
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._waited_seconds = 0.0
            return
        # Each byte pays for its share of a second, and none for later: whoever stops is as late
        # as whoever never began.
        paid_seconds = came_bytes / self._limits.body_bytes_per_second
        self._waited_seconds = max(0.0, self._waited_seconds + seconds - paid_seconds)
        if self._waited_seconds > self._limits.body_seconds:
            self._cut(slow_body(self._limits))

    def _look_at_pause(self, seconds: float) -> None:
        """Between an answer and the next head."""
        self._waited_seconds += seconds
        if self._waited_seconds > self.timeout_keep_alive:
            self.timeout_keep_alive_handler()

    # --- what comes

    def data_received(self, data: bytes) -> None:
        if self._phase == _ENDED:
            return
        if self._phase == _KNOWN:
            if self.cycle.more_body:
                self._receive_body(data)
                return
            self._phase, self._waited_seconds, self._fed_bytes = _HEAD, 0.0, 0
        self._fed_bytes += len(data)
        self._parse(data)
        if self._fed_bytes > self._limits.head_bytes and self._phase == _HEAD:
            self._cut(long_head(self._limits))

    def _receive_body(self, data: bytes) -> None:
        cycle, before_bytes = self.cycle, len(self.cycle.body)
        self._fed_bytes += len(data)
        self._parse(data)
        # No part of a body: trailers and extensions of chunks are bounded as a head is, and so is
        # what comes after an answer, where the next head may have begun.
        if len(cycle.body) > before_bytes:
            self._body_bytes += len(cycle.body) - before_bytes
            self._request_bytes += len(cycle.body) - before_bytes
            self._fed_bytes = 0
        if self._fed_bytes > self._limits.head_bytes:
            self._cut(long_head(self._limits))

    def _parse(self, data: bytes | memoryview) -> None:
        """Feeds the parser, in place of uvicorn's data_received: behind a head that asks for a
        protocol that is none of ours (`Upgrade: h2c`), that takes the body for the next request.
        """
        self._unset_keepalive_if_required()
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    return
                except HttpParserUpgrade as upgrade:
                    if self._should_upgrade():
                        self.handle_websocket_upgrade()
                        return
                    if self.scope["method"] == "CONNECT":
                        self._cut(not_http("This server is no proxy."))
                        return
                    self._parse_head_again()
                    data = memoryview(data)[upgrade.args[0] :]
        except HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _parse_head_again(self) -> None:
        """Gives a new parser the request's head without its Upgrade: at the end of one that has it
        llhttp stops, and can't be told that a body follows (httptools 0.9).
        """
        scope = self.cycle.scope
        headers = [b"%b: %b\r\n" % one for one in scope["headers"] if one[0] != b"upgrade"]
        line = b"%b %b HTTP/%b\r\n" % (
            scope["method"].encode(),
            self.url,
            scope["http_version"].encode(),
        )
        self.parser = HttpRequestParser(self)
        # As uvicorn does: requests may come behind one with `Connection: close`.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        # Its application has not run yet: it can't have seen that the body was over.
        self.cycle.more_body = self._is_known_head = True
        self.parser.feed_data(line + b"".join(headers) + b"\r\n")

    def on_headers_complete(self) -> None:
        if self._is_known_head:
            self._is_known_head = False
            self.headers = []
            return
        if refusal := self._refusal_of_head():
            # Stops the parser, which hands it to send_400_response.
            self._refusal = refusal
            raise ValueError(refusal.reason)
        before = self.cycle
        super().on_headers_complete()
        # Not for a WebSocket's handshake, which has no cycle.
        if self.cycle is not before:
            self._phase, self._waited_seconds = _KNOWN, 0.0
            self._fed_bytes = self._body_bytes = self._request_bytes = 0
            # Trailers would come among the headers of a request that is being answered.
            self.headers = []
            # uvicorn makes it of its own class, and asks for `send` when the request runs (0.54).
            self.cycle.__class__ = _CountedRequest
            self.cycle.count = self._connections.count_answer  # type: ignore[attr-defined]  # as above
            if self._as_guest:
                self.cycle.keep_alive = False

    def _refusal_of_head(self) -> Refusal | None:
        if len(self.headers) > self._limits.headers:
            return many_headers(self._limits)
        if len(self.pipeline) >= self._limits.pipelined_requests:
            return many_pipelined(self._limits)
        # Measured only where so much was read that it may be too long.
        if self._fed_bytes > self._limits.head_bytes:
            lengths = (len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) + sum(lengths) > self._limits.head_bytes:
                return long_head(self._limits)
        return None if self._as_guest is None or self.url in _HEALTH else self._as_guest

    def handle_websocket_upgrade(self) -> None:
        lengths = (len(name) + len(value) + 4 for name, value in self.headers)
        if max(len(self.url) + 16, *lengths) > _WEBSOCKET_LINE_BYTES:
            self._cut(long_head(self._limits))
            return
        # Its bytes would be read as frames.
        if any(_announces_body(*header) for header in self.headers):
            self._cut(not_http("A handshake of a WebSocket has no body."))
            return
        # Its answer would come before, or amid, that of the request in front.
        if self.cycle and not self.cycle.response_complete:
            self._cut(not_http("A handshake of a WebSocket waits for the answer in front of it."))
            return
        super().handle_websocket_upgrade()
        self._phase = _ENDED
        protocol = cast(BoundedWebSocket, self.transport.get_protocol())
        # It found no request in the head, and would wait for one for ever.
        if not protocol.handshake_initiated:
            self.transport.write(not_http("This is no handshake of a WebSocket.").as_bytes())
            self.transport.close()

    # --- the end

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each pause: `look` ends one that lasts too long."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        # The rest of a body has its own time.
        if not self.cycle.more_body:
            # The next look may come at once: no pause ends before its time.
            self._waited_seconds = -self._limits.look_seconds

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP, or has a head that is refused. uvicorn's own closes at once,
        which resets the connection of a client that still sends.
        """
        self._cut(self._refusal or not_http(msg))

    def _cut(self, refusal: Refusal) -> None:
        """Ends the connection: with an answer where the client waits for one and has none yet."""
        if self._phase == _ENDED or self.transport.is_closing():
            return
        is_asking, cycle = not self.pipeline, self.cycle
        if cycle and not cycle.response_complete:
            is_asking = is_asking and self._phase == _KNOWN and not cycle.response_started
            # The application waits for the body: it ends without an answer of its own.
            cycle.disconnected = True
            cycle.message_event.set()
        elif self._phase == _KNOWN:
            is_asking = False
        was_answered = self._phase == _KNOWN and cycle.response_complete
        if not was_answered:
            self._connections.note(refusal)
        self._phase, self._waited_seconds = _ENDED, 0.0
        self.pipeline.clear()
        self._unset_keepalive_if_required()
        if is_asking:
            self.transport.write(refusal.as_bytes())
        elif not was_answered:
            self.transport.abort()
            return
        self.transport.write_eof()
        self.flow.resume_reading()


def _announces_body(name: bytes, value: bytes) -> bool:
    return name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0") != b"")
