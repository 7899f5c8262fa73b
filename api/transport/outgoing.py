"""Messages that a socket has still to send: bounded by bytes, since one message may be as large as
a thousand. api.transport.websocket fills it and empties it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from api.execution.execute import Encoded
from api.transport.unsent import Unsent, length_of


class Outbound:
    """Messages that wait for the socket's writer. A producer waits for room first."""

    def __init__(self, limit_bytes: int, unsent: Unsent) -> None:
        self._unsent = unsent
        self._limit_bytes = limit_bytes
        self._messages: deque[tuple[bytes, Callable[[], None] | None]] = deque()
        """Each with what to do when it is sent."""
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

    def put(self, message: bytes, on_sent: Callable[[], None] | None = None) -> None:
        """on_sent: called when it is sent, or the socket is gone."""
        self._messages.append((message, on_sent))
        self._waiting_bytes += len(message)
        self._filled.set()

    async def put_answers(
        self,
        answers: Sequence[Encoded],
        caller: Hashable,
        message_of: Callable[[bytes], bytes],
        is_wanted: Callable[[], bool],
    ) -> None:
        """Puts the messages of an operation's answers, if it is still wanted once there is room.

        Raises Unavailable: too much waits for its readers.
        """
        # Counted before the wait, for which they stay in memory.
        count = self._unsent.take(caller, sum(map(length_of, answers)))
        give_back, is_put = partial(self._unsent.give_back, caller, count), False
        try:
            # only then are messages made: an operation that waits holds nothing of its own
            await self.room()
            if answers and is_wanted():
                *others, last = (message_of(_joined(answer)) for answer in answers)
                for message in others:
                    self.put(message)
                self.put(last, give_back)
                is_put = True
        finally:
            if not is_put:
                give_back()

    async def take(self) -> bytes:
        """The next message. It counts as waiting until `sent`."""
        # taken off only when sent: what the transport holds back still fills the bound
        while not self._messages:
            self._filled.clear()
            await self._filled.wait()
        self.sending = self._count
        return self._messages[0][0]

    def sent(self) -> None:
        self.sending = None
        self._count += 1
        message, on_sent = self._messages.popleft()
        self._waiting_bytes -= len(message)
        if on_sent:
            on_sent()
        if self._waiting_bytes < self._limit_bytes:
            self._room.set()

    def drop(self) -> None:
        """Forgets all that waits: the socket is gone. Whoever waits for room, or does from now on,
        goes on.
        """
        while self._messages:
            _, on_sent = self._messages.popleft()
            if on_sent:
                on_sent()
        # A mutation that outlives its socket would wait for a reader for ever, and a drain for it.
        self._waiting_bytes = 0
        self._room.set()


def _joined(answer: Encoded) -> bytes:
    return answer if isinstance(answer, bytes) else b"".join(answer.encoded())
