"""Messages that a socket has still to send: bounded by bytes, since one message may be as large as
a thousand. api.transport.websocket fills it and empties it.
"""

import asyncio
from collections import deque


class Outbound:
    """Messages that wait for the socket's writer. A producer waits for room first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._messages: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._room, self._filled = asyncio.Event(), asyncio.Event()
        self._room.set()
        # The number of the message that the writer is at.
        self.sending: int | None = None
        self._count = 0

    async def room(self) -> None:
        # Checked again after the wait: of several that wait the first one may fill it.
        while self._waiting_bytes >= self._limit_bytes:
            self._room.clear()
            await self._room.wait()

    def put(self, message: bytes) -> None:
        self._messages.append(message)
        self._waiting_bytes += len(message)
        self._filled.set()

    async def take(self) -> bytes:
        """The next message. It counts as waiting until `sent`."""
        # taken off only when sent: what the transport holds back still fills the bound
        while not self._messages:
            self._filled.clear()
            await self._filled.wait()
        self.sending = self._count
        return self._messages[0]

    def sent(self) -> None:
        self.sending = None
        self._count += 1
        self._waiting_bytes -= len(self._messages.popleft())
        if self._waiting_bytes < self._limit_bytes:
            self._room.set()
