"""uvicorn's WebSocket protocol with bounds of what a client may send before it is acknowledged, of
what waits for a client that reads nothing, and of the time that one read takes.
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from hookline.serving.config import BoundedConfig
from hookline.serving.connections import ClientReader
from hookline.serving.limits import Refusal, many_early_bytes, many_early_frames

EXTENSION: Final = "hookline_handshake"
"""Calls that the application has in the scope: `acknowledge()` lifts the bounds, since the client
is known; `refuse(text)` answers 403 to the handshake, where uvicorn's own way to send a text logs
each as an error (0.54); `await drained()` waits until the client has taken most of what was sent.
"""
_PIECE_BYTES: Final = (512, 65_536)
"""Least and most that is parsed at a time. A frame takes the parser 20 µs, and one read may hold
40,000 empty ones: 0.8 s of the loop, for any token (websockets 17.4, 2026-11).
"""
_PIECE_FRAMES: Final = (8, 64)
"""With fewer frames in a piece the next one is longer, with more it is shorter."""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket, from its handshake on, which BoundedHttp has read."""

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
        self._is_acknowledged = False
        self._early_bytes = self._early_frames = 0
        self._piece_bytes, self._piece_frames = _PIECE_BYTES[0], 0
        self._backlog = bytearray()
        """Read, but not parsed yet."""
        self._message_bytes = 0
        """Bytes that were parsed since the application took a message."""
        self._reader: ClientReader

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._reader = ClientReader(self.transport, self._limits.reader_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self.transport)
        super().connection_lost(exc)

    def look(self, seconds: float) -> None:
        """Called every second: drops a connection whose client reads nothing."""
        self._reader.look(seconds)

    def held_bytes(self) -> int:
        """Bytes that wait here: of a message for the rest of it, of answers for their reader."""
        waiting_bytes = len(self._backlog) + self.transport.get_write_buffer_size()
        is_between = not self.frames and self.queue.empty() and not self.conn.reader.buffer
        if is_between:
            self._message_bytes = 0
        return waiting_bytes + self._message_bytes

    def drop(self) -> None:
        """Ends the socket at once."""
        self.transport.abort()

    def handle_ping(self) -> None:
        """Answers a ping; none of a client that reads no answers, for which pongs would pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # Not of a handshake that was refused.
        if not self.handshake_complete:
            self.scope["extensions"][EXTENSION] = {
                "acknowledge": self._acknowledge,
                "refuse": self._refuse,
                "drained": self.writable.wait,
            }

    def _acknowledge(self) -> None:
        self._is_acknowledged = True

    def _refuse(self, text: str) -> None:
        self.conn.send_response(self.conn.reject(HTTPStatus.FORBIDDEN, text + "\n"))
        self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.disconnected:
            return
        # The first is the handshake, which BoundedHttp has measured.
        if not self.handshake_initiated:
            super().data_received(data)
            return
        if not self._is_acknowledged:
            self._early_bytes += len(data)
            if self._early_bytes > self._limits.early_bytes:
                self._fail(many_early_bytes(self._limits))
                return
        is_behind = bool(self._backlog)
        self._backlog += data
        # Else the next piece's turn has been asked for already.
        if not is_behind:
            self._take_piece()

    def _take_piece(self) -> None:
        """Parses a piece of what was read; others have their turn before the next one. Nothing
        more is read meanwhile.
        """
        if self.disconnected:
            return
        piece = bytes(self._backlog[: self._piece_bytes])
        del self._backlog[: self._piece_bytes]
        self._message_bytes += len(piece)
        super().data_received(piece)
        if self._piece_frames > _PIECE_FRAMES[1]:
            self._piece_bytes = max(self._piece_bytes // 2, _PIECE_BYTES[0])
        elif self._piece_frames < _PIECE_FRAMES[0]:
            self._piece_bytes = min(self._piece_bytes * 2, _PIECE_BYTES[1])
        if self._backlog:
            self.transport.pause_reading()
            self.loop.call_soon(self._take_piece)
        elif not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        self._message_bytes = 0
        # It reads on after each message.
        if self._backlog:
            self.transport.pause_reading()
        return message

    def handle_events(self) -> None:
        self._piece_frames = len(self.conn.events)
        if not self._is_acknowledged:
            self._early_frames += self._piece_frames
            if self._early_frames > self._limits.early_frames:
                self._fail(many_early_frames(self._limits))
                return
        super().handle_events()

    def _fail(self, refusal: Refusal) -> None:
        """Ends the socket with a close frame; before the handshake is answered, with nothing."""
        self._connections.note(refusal)
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": refusal.status, "reason": refusal.text}
        )
        self.disconnected = True
        if not self.handshake_complete:
            self.transport.abort()
            return
        self.conn.fail(refusal.status, refusal.text)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        # uvicorn closes at once otherwise: with bytes unread a reset, which takes the frame along.
        self.close_timer = self.loop.call_later(self._limits.linger_seconds, self.transport.abort)
        self.transport.resume_reading()
