"""The connections of this process: counted when they begin, and looked at every second for those
that let others wait. One look at all costs less than a timer for each request.
"""

import asyncio
import fcntl
import logging
import struct
import termios
from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final, Protocol

from hookline.metrics import Metrics
from hookline.serving.limits import (
    ConnectionLimits,
    Refusal,
    crowded,
    crowded_address,
    much_held,
)

log = logging.getLogger(__name__)

_IPV6_CUSTOMER_BITS: Final = 64
"""Of an IPv6 address: every customer has at least a /64, with all addresses in it."""
_LITTLE_BYTES: Final = 64 * 1024
"""Bytes that a connection may hold uncounted: as many as its buffers have anyway."""
_LOG_SECONDS: Final = 10.0
"""One line for all refusals meanwhile: whoever causes them must not fill the log."""


class Watched(Protocol):
    """A connection that is looked at."""

    def look(self, seconds: float) -> None:
        """Ends the connection if it waited too long. seconds: since the last look."""

    def held_bytes(self) -> int:
        """Bytes that wait for the client: for the rest of what it sends, or to be read."""

    def drop(self) -> None:
        """Ends the connection at once."""


class Connections:
    """Counts connections, of all and by address."""

    def __init__(self, limits: ConnectionLimits, metrics: Metrics) -> None:
        self.limits, self._refusals = limits, metrics.connections_refused
        self._answers = [
            metrics.tally(metrics.http_requests.labels(f"{first}xx")) for first in range(1, 6)
        ]
        self._places: dict[object, str] = {}
        """The address that each connection is counted for; empty for a proxy's."""
        self._by_address: Counter[str] = Counter()
        self._guests: set[object] = set()
        self._refused: Counter[str] = Counter()
        self._byte_seconds: dict[Watched, float] = {}
        """Bytes that connections hold, times the seconds that they have held them."""

    def enter(self, transport: object, client: tuple[str, int] | None) -> Refusal | None:
        """Counts a connection; a refusal makes a guest of it, which may only ask for health.

        Raises ConnectionRefusedError when there is no place for guests either.
        """
        address = self._counted_address(client)
        if len(self._places) >= self.limits.connections:
            refusal = crowded(self.limits)
        elif address and self._by_address[address] >= self.limits.connections_per_address:
            refusal = crowded_address(self.limits)
        else:
            self._places[transport] = address
            if address:
                self._by_address[address] += 1
            return None
        if len(self._guests) >= self.limits.guests:
            self.note(refusal)
            raise ConnectionRefusedError
        self._guests.add(transport)
        return refusal

    def leave(self, transport: object) -> None:
        """Frees the place of a connection that has ended. Again is no harm."""
        self._guests.discard(transport)
        if address := self._places.pop(transport, ""):
            self._by_address[address] -= 1
            # Addresses are many: those without a connection must not be kept.
            if not self._by_address[address]:
                del self._by_address[address]

    def note(self, refusal: Refusal) -> None:
        """Counts a refusal for the log and the metrics."""
        self._refusals.labels(refusal.reason).inc()
        self._refused[refusal.reason] += 1

    def count_answer(self, status: int) -> None:
        """Counts an answer of HTTP for the metrics."""
        self._answers[status // 100 - 1].count += 1

    async def watch(self, open_connections: Callable[[], Iterable[Watched]]) -> None:
        """Looks at the open connections until cancelled."""
        loop, period = asyncio.get_running_loop(), self.limits.look_seconds
        seen_at, unsaid_seconds = loop.time(), 0.0
        while True:
            await asyncio.sleep(period)
            now = loop.time()
            # A process that stood still has read nothing: the time is not the clients'.
            seconds = min(now - seen_at, 2 * period)
            seen_at = now
            connections = list(open_connections())
            for connection in connections:
                _look(connection, seconds)
            self._bound_bytes(connections, seconds)
            unsaid_seconds += seconds
            if unsaid_seconds >= _LOG_SECONDS and self._refused:
                log.warning("connections refused or cut off", extra=dict(self._refused))
                self._refused.clear()
                unsaid_seconds = 0.0

    def _bound_bytes(self, connections: Iterable[Watched], seconds: float) -> None:
        """Drops connections while all together hold too much: first those that hold most for the
        longest time, so that a quick client gets through, however much it asks for.
        """
        held = {one: count for one in connections if (count := _held_bytes(one)) > _LITTLE_BYTES}
        self._byte_seconds = {
            one: self._byte_seconds.get(one, 0.0) + count * seconds for one, count in held.items()
        }
        total_bytes = sum(held.values())
        for one in sorted(held, key=self._byte_seconds.__getitem__, reverse=True):
            if total_bytes <= self.limits.held_bytes:
                break
            total_bytes -= held[one]
            self.note(much_held(self.limits))
            one.drop()

    def _counted_address(self, client: tuple[str, int] | None) -> str:
        if client is None:
            return ""
        # An IPv6 address of a link has its interface behind a percent sign.
        address = ip_address(client[0].partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if any(address in network for network in self.limits.proxies):
            return ""
        if isinstance(address, IPv6Address):
            return address.packed[: _IPV6_CUSTOMER_BITS // 8].hex()
        return str(address)


def _look(connection: Watched, seconds: float) -> None:
    try:
        connection.look(seconds)
    # The last line of defence: without the watch no connection would have a bound of time.
    except Exception:
        log.exception("a connection could not be looked at")


def _held_bytes(connection: Watched) -> int:
    try:
        return connection.held_bytes()
    # As above: one that can't be counted must not keep the others from it.
    except Exception:
        log.exception("the bytes of a connection could not be counted")
        return 0


class ClientReader:
    """The other end of a connection, as a reader of what is sent."""

    def __init__(self, transport: asyncio.Transport, limit_seconds: float) -> None:
        self._transport, self._limit_seconds = transport, limit_seconds
        self._unread_bytes, self._stalled_seconds = 0, 0.0

    def look(self, seconds: float) -> None:
        """Drops the connection when its reader has taken nothing for too long.

        uvicorn waits for it without an end, and so does a transport that was closed (0.54).
        """
        waiting_bytes = self._transport.get_write_buffer_size()
        unread_bytes = waiting_bytes and waiting_bytes + _kernel_bytes(self._transport)
        if not unread_bytes or unread_bytes < self._unread_bytes:
            self._stalled_seconds = 0.0
        else:
            self._stalled_seconds += seconds
        self._unread_bytes = unread_bytes
        if self._stalled_seconds > self._limit_seconds:
            self._transport.abort()


def _kernel_bytes(transport: asyncio.Transport) -> int:
    """Bytes that the kernel has still to bring over. A slow reader takes minutes for these, while
    the transport's own buffer stands still.
    """
    socket = transport.get_extra_info("socket")
    if socket is None:
        return 0
    try:
        descriptor = socket.fileno()
        (count,) = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0" * 4))
    # Closed meanwhile, or a system that has no such count.
    except (OSError, ValueError):
        return 0
    return int(count)
