"""Resolves and vets the addresses that are really dialled. workers/sending.py asks before every new
connection; nothing here opens a connection. A name is resolved, every address vetted, and only
vetted ones are handed out, so that a second answer of the name server changes nothing.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from math import inf
from threading import Thread
from typing import Any, NamedTuple

from hookline import clock
from hookline.outbound.addresses import Address, AddressPolicy, is_loopback, is_refused
from hookline.turns import Turns

Resolve = Callable[[str], Awaitable[Sequence[str]]]
SocketAddress = tuple[str, int] | tuple[str, int, int, int]
Answer = asyncio.Future[list[str] | OSError]

CACHE_SECONDS = 10.0
STALE_SECONDS = 3600.0
"""Seconds that a vetted answer serves while the name server does not answer."""
LOOKUP_SECONDS = 1.0
EVIDENCE_SECONDS = 5.0
"""Time for which an address that may be sent to, of any name, says that the resolver works."""
PROBE_SECONDS = 2.0
PROBE_NAME = "a.root-servers.net"
"""Asked for when a lookup gets no answer and no other name lately had one: it has its addresses
wherever there are name servers at all.
"""
CACHE_LIMIT = 1000
# Each holds a thread as long as a name server hangs.
LOOKUPS_LIMIT = 256
GONE_ZONES, GONE_SECONDS = 3, 60.0
"""Zones whose names had addresses within the last hour, and lately are said not to exist while no
name is resolved: by so many it is the resolver that denies them. An hour later a name that is gone
is a receiver's fault again, so that nothing is put off for ever.
"""
ZONE_LOOKUPS_LIMIT = 8
"""Lookups at a time of names of one zone: a zone whose name server hangs holds up no other zone's
names.
"""
# However many zones hang, half of the threads are for the others.
SLOW_LOOKUPS_LIMIT = LOOKUPS_LIMIT // 2
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


class DnsSilent(DnsFailed):
    """No name server answered for the name, or the one that did could not say."""


class ResolverDown(DnsSilent):
    """No name server answers for any name, or it denies all of them: no fault of this one's."""


class _Lookup(NamedTuple):
    task: asyncio.Task[list[Address]]
    began: float


class Guard:
    """Vets what is dialled under a policy. resolve: gives the addresses of a name as text; by
    default the system's resolver.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve | None = None) -> None:
        self._policy = policy
        self._resolve = resolve or SystemResolver().resolve
        self._known: dict[str, tuple[float, list[Address]]] = {}
        self._lookups: dict[str, _Lookup] = {}
        self._probing: asyncio.Task[None] | None = None
        self._answered_at = -inf
        """Monotonic seconds: when the resolver last gave an address that may be sent to and is not
        this machine's own, or an answer about the probe's name. Others are no evidence: a file of
        hosts, a network of containers or a resolver of this machine gives them whatever is down,
        and who edits a webhook chooses the names.
        """
        self._opened: dict[Address, None] = {}
        self._gone: dict[str, float] = {}
        """Monotonic seconds by zone: when a name of it that lately had addresses was denied. Empty
        from the next address on that may be sent to, of any name.
        """

    async def addresses(
        self, host: str, port: int
    ) -> list[tuple[socket.AddressFamily, SocketAddress]]:
        """The vetted addresses of a host, at most 8, in the resolver's order. Answers are kept for
        10 s, and concurrent callers share a lookup.

        An older answer serves when the lookup takes more than a second or stays without an answer,
        and when the resolver denies all names.
        Raises AddressRefused when any of them is refused, DnsFailed when there is none,
        ResolverDown when that is so for all names. It has no deadline of its own.
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
        except (TimeoutError, DnsSilent):
            return None

    def is_down_for(self, host: str) -> bool:
        """True while a lookup of the host waits and nothing says that the resolver works."""
        lookup = self._lookups.get(host)
        return lookup is not None and not self._has_answered(lookup.began)

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
            lookup.task.cancel()
        if self._probing is not None:
            self._probing.cancel()

    async def _shared_lookup(self, host: str) -> list[Address]:
        lookup = self._lookups.get(host)
        if lookup is None:
            began = clock.monotonic()
            task = asyncio.create_task(self._look_up(host, began))
            lookup = self._lookups[host] = _Lookup(task, began)
            task.add_done_callback(partial(self._looked_up, host))
        # one caller's deadline must not take the answer from the others
        return await asyncio.shield(lookup.task)

    def _looked_up(self, host: str, lookup: asyncio.Task[list[Address]]) -> None:
        del self._lookups[host]
        if not lookup.cancelled():
            # All callers may be gone: asyncio would report an exception that nobody saw.
            lookup.exception()

    async def _look_up(self, host: str, began: float) -> list[Address]:
        found = [ip_address(text) for text in await self._ask(host, began)]
        if host in self._policy.hosts:
            self._opened.update(dict.fromkeys(found))
            _drop_oldest(self._opened)
        # One refused address refuses the name: which of them is dialled would be chance.
        elif any(is_refused(address, self._policy) for address in found):
            raise AddressRefused
        if not all(map(is_loopback, found)):
            self._answered_at = clock.monotonic()
            self._gone.clear()
        self._known[host] = clock.monotonic() + CACHE_SECONDS, found[:ADDRESSES_LIMIT]
        _drop_oldest(self._known)
        return found[:ADDRESSES_LIMIT]

    async def _ask(self, host: str, began: float) -> Sequence[str]:
        """The resolver's answer, which is not empty.

        Raises DnsFailed; ResolverDown when it has no answer for other names either, or denies them.
        """
        # Callers give up after some seconds: by then it must be known whose fault that is.
        probe = asyncio.get_running_loop().call_later(LOOKUP_SECONDS, self._probe)
        try:
            found = await self._resolve(host)
            if not found:
                raise DnsFailed
            return found
        except DnsSilent:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._probe()), PROBE_SECONDS)
            if self._has_answered(began):
                raise
            raise ResolverDown from None
        except DnsFailed:
            if self._denies_all(host):
                raise ResolverDown from None
            raise
        finally:
            probe.cancel()

    def _denies_all(self, host: str) -> bool:
        """Notes a name that the resolver denies. True when it denies what it knew, whatever is
        asked.
        """
        now, known = clock.monotonic(), self._known.get(host)
        if known and known[0] + STALE_SECONDS > now:
            # At the end: the oldest ones are dropped.
            self._gone.pop(_zone_of(host), None)
            self._gone[_zone_of(host)] = now
            _drop_oldest(self._gone)
        return sum(at > now - GONE_SECONDS for at in self._gone.values()) >= GONE_ZONES

    def _has_answered(self, since: float) -> bool:
        return self._answered_at >= since - EVIDENCE_SECONDS

    def _probe(self) -> "asyncio.Task[None]":
        """The probe under way, or a new one."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._ask_for_probe())
        return self._probing

    async def _ask_for_probe(self) -> None:
        if self._has_answered(clock.monotonic()):
            return
        try:
            await self._resolve(PROBE_NAME)
        # DnsFailed: it said that there is no such name. OSError: it could not be asked.
        except OSError as error:
            if isinstance(error, DnsSilent) or not isinstance(error, DnsFailed):
                return
        self._answered_at = clock.monotonic()


class SystemResolver:
    """getaddrinfo in threads of its own: a name server that hangs occupies a thread for each name,
    and never the loop's few.
    """

    def __init__(self) -> None:
        self._turns = Turns(LOOKUPS_LIMIT, ZONE_LOOKUPS_LIMIT, SLOW_LOOKUPS_LIMIT, LOOKUP_SECONDS)

    async def resolve(self, host: str) -> list[str]:
        """The addresses of a name.

        Raises DnsFailed, DnsSilent; OSError when this machine can't even ask.
        """
        async with self._turns.place(_zone_of(host)):
            answer: Answer = asyncio.get_running_loop().create_future()
            # Not the loop's executor: its few threads would all wait for one name server that
            # hangs. A daemon, since getaddrinfo can't be cancelled.
            thread = Thread(target=_ask_system, args=(host, answer), name="dns", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                raise OSError(errno.ENOMEM, str(error)) from error
            found = await answer
        if isinstance(found, OSError):
            raise found
        return found


def _zone_of(host: str) -> str:
    """Guesses the zone that answers for a name: its last two labels, three below the likes of
    co.uk.
    """
    labels = host.rstrip(".").lower().split(".")
    is_below_country = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3 if is_below_country else -2 :])


def _ask_system(host: str, answer: Answer) -> None:
    found: list[str] | OSError
    try:
        found = [
            str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        ]
    except socket.gaierror as error:
        # Some libraries say of a name that it does not exist when they could open no file.
        found = descriptor_fault() or _dns_fault(error.errno)
    # UnicodeError: names such as `a..b` or a label of 64 characters.
    except UnicodeError:
        found = DnsFailed()
    # No descriptor for asking, say: as it is.
    except OSError as error:
        found = error
    # The loop was closed meanwhile.
    with suppress(RuntimeError):
        answer.get_loop().call_soon_threadsafe(_settle, answer, found)


def _dns_fault(code: int | None) -> OSError:
    if code == socket.EAI_MEMORY:
        return OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    return DnsSilent() if code in (socket.EAI_AGAIN, socket.EAI_FAIL) else DnsFailed()


def descriptor_fault() -> OSError | None:
    """The error with which a file is opened now; None when there are descriptors."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error
    return None


def _settle(answer: Answer, found: list[str] | OSError) -> None:
    if not answer.done():
        answer.set_result(found)


def _socket_address(address: Address, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    if address.version == 4:
        return socket.AF_INET, (str(address), port)
    return socket.AF_INET6, (str(address), port, 0, 0)


def _drop_oldest(store: dict[Any, Any]) -> None:
    while len(store) > CACHE_LIMIT:
        del store[next(iter(store))]
