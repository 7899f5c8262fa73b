"""A connection without a network: what the protocols of hookline.serving are given and what they do
with it. Seconds pass when a test says so.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from uvicorn.server import ServerState

from hookline.metrics import Metrics
from hookline.serving.config import BoundedConfig
from hookline.serving.connections import Connections
from hookline.serving.http import BoundedHttp
from hookline.serving.limits import ConnectionLimits
from hookline.serving.websocket import BoundedWebSocket
from hookline.settings.fields import read_settings

LIMITS = ConnectionLimits.of(read_settings(proxies=()), 20_000)
HEAD = b"POST /graphql HTTP/1.1\r\nHost: hooks.example\r\n"


class Wire(asyncio.Transport):
    """The server's end. sent: what the client can read. address: the client's."""

    def __init__(self, server: "Server", address: str) -> None:
        super().__init__({"peername": (address, 50_000), "sockname": ("10.0.0.1", 8_000)})
        self.sent = bytearray()
        self.write_count = 0
        self.unread_bytes = 0
        self.is_ended = self.is_aborted = self.is_reading_paused = False
        self._is_closing = self.is_lost = False
        self.protocol: Any = server.http()
        self.protocol.connection_made(self)

    def says(self, data: bytes) -> None:
        """The client sends; nothing of it arrives where the server does not read."""
        assert not self.is_reading_paused
        if not self._is_closing:
            self.protocol.data_received(data)

    def waits(self, seconds: int) -> None:
        """So many looks, one each second."""
        for _ in range(seconds):
            if not self.is_lost:
                self.protocol.look(1.0)

    @property
    def status(self) -> int:
        """Of the newest answer; 0: there is none."""
        found = self.sent.rfind(b"HTTP/1.1 ")
        return int(self.sent[found + 9 : found + 12]) if found >= 0 else 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_ended
        self.write_count += 1
        self.sent += data

    def write_eof(self) -> None:
        self.is_ended = True

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True
        # As a real one does: not while something is left to be sent.
        if not self.unread_bytes:
            self._lose()

    def abort(self) -> None:
        self.is_aborted = self._is_closing = True
        self._lose()

    def _lose(self) -> None:
        if not self.is_lost:
            self.is_lost = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes

    def pause_reading(self) -> None:
        self.is_reading_paused = True

    def resume_reading(self) -> None:
        self.is_reading_paused = False

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


class Server:
    """app: an ASGI application. limits: changes of the defaults."""

    def __init__(self, app: Callable[..., Any], **limits: Any) -> None:
        self.config = BoundedConfig(
            app, http=BoundedHttp, ws=BoundedWebSocket, lifespan="off", log_config=None
        )
        self.config.load()
        self.metrics = Metrics()
        self.connections = self.config.connections = Connections(
            replace(LIMITS, **limits), self.metrics
        )
        self.state = ServerState()

    def http(self) -> BoundedHttp:
        return BoundedHttp(self.config, self.state, {})

    def connect(self, address: str = "192.0.2.1") -> Wire:
        return Wire(self, address)
