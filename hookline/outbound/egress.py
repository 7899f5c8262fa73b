"""Resolves and vets the addresses that are really dialled. workers/sending.py asks before every new
connection; nothing here opens a connection. A name is resolved, every address vetted, and only
vetted ones are handed out, so that a second answer of the name server changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from threading import Thread
from typing import Any

from hookline import clock
from hookline.outbound.addresses import Address, AddressPolicy, is_refused

Resolve = Callable[[str], Awaitable[Sequence[str]]]
SocketAddress = tuple[str, int] | tuple[str, int, int, int]

CACHE_SECONDS = 10.0
STALE_SECONDS = 3600.0
"""Seconds that a vetted answer serves while the name server does not answer."""
LOOKUP_SECONDS = 1.0
CACHE_LIMIT = 1000
# Each holds a thread as long as a name server hangs.
LOOKUPS_LIMIT = 256
ZONE_LOOKUPS_LIMIT = 8
"""Lookups at a time of names of one zone: a zone whose name server hangs holds up no other zone's
names.
"""
# Of a name with hundreds no more are kept or tried.
ADDRESSES_LIMIT = 8


class AddressRefused(OSError):
    """The target is, or resolves to, an address that may not be sent to. The text never names the
    address.
    """

    def __init__(self) -> None:
        super().__init__(
            "Address not allowed: the host stands for a private or reserved one. The operator can "
            "open it with HOOKLINE_EGRESS_ALLOW."
        )


class DnsFailed(OSError):
    """The name has no address, or no name server could be asked."""

    def __init__(self) -> None:
        super().__init__("The host name could not be resolved.")


class Guard:
    """Vets what is dialled under a policy. resolve: gives the addresses of a name as text; by
    default the system's resolver.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve | None = None) -> None:
        self._policy = policy
        self._resolve = resolve or SystemResolver().resolve
        self._known: dict[str, tuple[float, list[Address]]] = {}
        self._lookups: dict[str, asyncio.Task[list[Address]]] = {}
        self._opened: dict[Address, None] = {}

    async def addresses(
        self, host: str, port: int
    ) -> list[tuple[socket.AddressFamily, SocketAddress]]:
        """The vetted addresses of a host, at most 8, in the resolver's order. Answers are kept for
        10 s, and concurrent callers share a lookup.

        An older answer serves when the lookup takes more than a second. Raises AddressRefused when
        any of them is refused, DnsFailed when there is none. It has no deadline of its own.
        """
        known, now = self._known.get(host), clock.monotonic()
        if known and known[0] > now:
            found = known[1]
        elif known and known[0] + STALE_SECONDS > now:
            found = await self._looked_up_soon(host) or known[1]
        else:
            found = await self._shared_lookup(host)
        return [_socket_address(address, port) for address in found]

    async def _looked_up_soon(self, host: str) -> list[Address] | None:
        try:
            return await asyncio.wait_for(self._shared_lookup(host), LOOKUP_SECONDS)
        except TimeoutError:
            return None

    def check(self, address_text: str) -> None:
        """Lets an address pass that is about to be dialled.

        Raises AddressRefused.
        """
        address = ip_address(address_text)
        if is_refused(address, self._policy) and address not in self._opened:
            raise AddressRefused

    async def close(self) -> None:
        """Gives up the lookups under way."""
        for lookup in self._lookups.values():
            lookup.cancel()

    async def _shared_lookup(self, host: str) -> list[Address]:
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._lookups[host] = asyncio.create_task(self._look_up(host))
            lookup.add_done_callback(partial(self._looked_up, host))
        # one caller's deadline must not take the answer from the others
        return await asyncio.shield(lookup)

    def _looked_up(self, host: str, lookup: asyncio.Task[list[Address]]) -> None:
        del self._lookups[host]
        if not lookup.cancelled():
            # All callers may be gone: asyncio would report an exception that nobody saw.
            lookup.exception()

    async def _look_up(self, host: str) -> list[Address]:
        found = [ip_address(text) for text in await self._resolve(host)]
        if not found:
            raise DnsFailed
        if host in self._policy.hosts:
            self._opened.update(dict.fromkeys(found))
            _drop_oldest(self._opened)
        # One refused address refuses the name: which of them is dialled would be chance.
        elif any(is_refused(address, self._policy) for address in found):
            raise AddressRefused
        self._known[host] = clock.monotonic() + CACHE_SECONDS, found[:ADDRESSES_LIMIT]
        _drop_oldest(self._known)
        return found[:ADDRESSES_LIMIT]


class SystemResolver:
    """getaddrinfo in threads of its own: a name server that hangs occupies a thread for each name,
    and never the loop's few.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(LOOKUPS_LIMIT)
        self._zones: dict[str, _Zone] = {}

    async def resolve(self, host: str) -> list[str]:
        """The addresses of a name.

        Raises DnsFailed.
        """
        name = _zone_of(host)
        zone = self._zones.setdefault(name, _Zone())
        zone.users += 1
        try:
            # The zone's room first: a lookup that waits for it holds none of the process's.
            async with zone.room, self._room:
                answer: asyncio.Future[list[str] | None] = (
                    asyncio.get_running_loop().create_future()
                )
                # Not the loop's executor: its few threads would all wait for one name server that
                # hangs. A daemon, since getaddrinfo can't be cancelled.
                Thread(target=_ask_system, args=(host, answer), name="dns", daemon=True).start()
                found = await answer
        finally:
            zone.users -= 1
            if not zone.users:
                self._zones.pop(name, None)
        if found is None:
            raise DnsFailed
        return found


class _Zone:
    def __init__(self) -> None:
        self.room = asyncio.Semaphore(ZONE_LOOKUPS_LIMIT)
        self.users = 0


def _zone_of(host: str) -> str:
    """Guesses the zone that answers for a name: its last two labels, three below the likes of
    co.uk.
    """
    labels = host.rstrip(".").lower().split(".")
    is_below_country = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3 if is_below_country else -2 :])


def _ask_system(host: str, answer: "asyncio.Future[list[str] | None]") -> None:
    try:
        found = [
            str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        ]
    # UnicodeError: names such as `a..b` or a label of 64 characters.
    except (OSError, UnicodeError):
        found = None
    # The loop was closed meanwhile.
    with suppress(RuntimeError):
        answer.get_loop().call_soon_threadsafe(_settle, answer, found)


def _settle(answer: "asyncio.Future[list[str] | None]", found: list[str] | None) -> None:
    if not answer.done():
        answer.set_result(found)


def _socket_address(address: Address, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    if address.version == 4:
        return socket.AF_INET, (str(address), port)
    return socket.AF_INET6, (str(address), port, 0, 0)


def _drop_oldest(store: dict[Any, Any]) -> None:
    while len(store) > CACHE_LIMIT:
        del store[next(iter(store))]
