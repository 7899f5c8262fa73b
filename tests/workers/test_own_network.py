"""A network of this machine that is away, and one that lacks something for a receiver: the first is
ours, the second is the receiver's or the operator's.
"""

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from hookline.deliveries.retries import AttemptError
from hookline.outbound.addresses import AddressPolicy
from workers.local_faults import LocalFault, NotSent
from workers.sending import OutboundRequest, Sender

HOST = "receiver.example"
LOOPBACK_ROUTES = "Iface Destination\n00 80 00 00 00 00 01 80200001 lo\n"


def write_routes(beside: Path, *more: str) -> Path:
    """A list of routes as Linux has it, of which only the others of loopback lead out."""
    file = beside.with_name("routes")
    file.write_text(LOOPBACK_ROUTES + "".join(more))
    return file


def refuse_to_connect(
    patch: pytest.MonkeyPatch, code: int, port: int, has_way: bool = True
) -> None:
    """Makes this machine refuse connections to that port at once. has_way: only those."""
    connect = socket.socket.connect

    def refused(made: socket.socket, address: Any) -> None:
        if address[1] != port:
            connect(made, address)
        elif made.type == socket.SOCK_STREAM or not has_way:
            raise OSError(code, os.strerror(code))

    patch.setattr(socket.socket, "connect", refused)


NAMED, V4, V6 = (
    f"https://{HOST}:8443/",
    "https://198.41.0.4:8443/",
    "https://[2606:4700::1111]:8443/",
)
ETH0 = "eth0 00000000 010200C0 0003\n"


@pytest.mark.parametrize(
    ("url", "code", "has_way", "routes", "fault"),
    [
        (V4, errno.EADDRNOTAVAIL, True, [ETH0], LocalFault.PORTS),
        (V6, errno.EADDRNOTAVAIL, True, [ETH0], LocalFault.PORTS),
        (NAMED, errno.EADDRNOTAVAIL, True, [ETH0], LocalFault.PORTS),
        (V4, errno.ENETUNREACH, False, [], LocalFault.NETWORK),
        (V6, errno.EADDRNOTAVAIL, False, [], LocalFault.NETWORK),
        (NAMED, errno.ENETUNREACH, False, [], LocalFault.NETWORK),
        (V4, errno.ENETDOWN, False, [ETH0], LocalFault.NETWORK),
        # A machine without IPv6, one in a closed network, a router that says so.
        (V6, errno.EADDRNOTAVAIL, False, [ETH0], None),
        (V6, errno.ENETUNREACH, False, [ETH0], None),
        (V4, errno.ENETUNREACH, False, [ETH0], None),
        (V4, errno.EHOSTUNREACH, True, [ETH0], None),
    ],
)
async def test_network_that_is_away_is_ours_only_where_this_machine_says_so(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    url: str,
    code: int,
    has_way: bool,
    routes: list[str],
    fault: LocalFault | None,
) -> None:
    async def resolve(host: str) -> list[str]:
        return ["2606:4700::1111", "198.41.0.4"]

    file = write_routes(tmp_path / "any", *routes)
    monkeypatch.setattr("workers.own_network.ROUTES", (file, tmp_path / "none"))
    refuse_to_connect(monkeypatch, code, 8443, has_way)
    async with Sender(AddressPolicy(), resolve=resolve) as sender:
        request = OutboundRequest(url, [], b"{}", 5.0)
        if fault is None:
            assert (await sender.send(request)).error is AttemptError.CONNECT
            return
        with pytest.raises(NotSent) as lack:
            await sender.send(request)
    assert lack.value.fault is fault


async def test_port_that_is_lacking_for_one_address_of_a_machine_without_ipv6_is_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(made: socket.socket, address: Any) -> None:
        if made.family == socket.AF_INET6:
            raise OSError(errno.ENETUNREACH, "no IPv6")
        if made.type == socket.SOCK_STREAM:
            raise OSError(errno.EADDRNOTAVAIL, "no port")

    async def resolve(host: str) -> list[str]:
        return ["2606:4700::1111", "198.41.0.4"]

    monkeypatch.setattr(socket.socket, "connect", refused)
    async with Sender(AddressPolicy(), resolve=resolve) as sender:
        with pytest.raises(NotSent) as lack:
            await sender.send(OutboundRequest(NAMED, [], b"{}", 5.0))
    assert lack.value.fault is LocalFault.PORTS
