"""Lacks of this machine's own network, told from a receiver's failure. Used by workers.sending.

What `connect` itself raises comes from this machine's tables, before any packet has left; what
comes later came over the network, and is never ours.
"""

import errno
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

ROUTES: Final = (Path("/proc/net/route"), Path("/proc/net/ipv6_route"))
"""Linux's routes, in which the interface is the first word or the last."""


class PortsUsedUp(OSError):
    """This machine has no local port left for a connection to the address."""


class NoNetwork(OSError):
    """No route leads out of this machine."""


class DiallingSocket(socket.socket):
    """A TCP socket. refusals: where it notes the lack that kept connecting from beginning."""

    __slots__ = ("refusals",)
    refusals: list[OSError]

    def connect(self, address: Any) -> None:  # Any: an address of any family
        try:
            super().connect(address)
        except OSError as error:
            if lack := _lack(error, self.family, address):
                self.refusals.append(lack)
            raise


def _lack(error: OSError, family: int, address: Any) -> OSError | None:
    """The lack of ours behind an error of connecting; None when there is none.

    A machine that has no address of a family, or no route to a place, is as it was set up: an
    attempt at a receiver that has an address of that family only fails, and is never put off.
    """
    if error.errno == errno.EADDRNOTAVAIL and _has_way(family, address):
        return PortsUsedUp(*error.args)
    if error.errno == errno.ENETDOWN:
        return NoNetwork(*error.args)
    if error.errno in (errno.EADDRNOTAVAIL, errno.ENETUNREACH) and not _has_network():
        return NoNetwork(*error.args)
    return None


def _has_way(family: int, address: Any) -> bool:
    """True when this machine has a route there, and an address of its own to send from."""
    # Connecting a datagram socket looks both up and sends nothing; its ports are others than TCP's.
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(address)
        return True
    return False


def _has_network() -> bool:
    """True when a route leads elsewhere than to this machine, or the system does not tell."""
    try:
        texts = [file.read_text() for file in ROUTES if file.exists()]
    except OSError:
        return True
    routes = [line.split() for text in texts for line in text.splitlines()]
    leads_out = ("lo" not in (route[0], route[-1]) and route[0] != "Iface" for route in routes)
    return not texts or any(leads_out)
