"""Faults of this process, its machine or its installation: what keeps a request from being sent
without being the receiver's failure. The one list of them; its deliveries go back without an
attempt (workers/delivering.py), and health never hears of them.
"""

import errno
import logging
from enum import StrEnum
from typing import Final

from hookline.clock import monotonic
from hookline.errors import HooklineError
from hookline.metrics import Metrics
from hookline.outbound.egress import ResolverDown
from hookline.outbound.tls import AuthoritiesUnusable
from workers.own_network import NoNetwork, PortsUsedUp

log = logging.getLogger(__name__)

# Twice the longest pause between two tries of a webhook (lanes.PAUSE_LIMIT_SECONDS): within an
# outage each is seen again before it is over.
QUIET_SECONDS: Final = 60.0
"""An outage is over when its fault was not met for so long; the next one is told of again."""


class LocalFault(StrEnum):
    DESCRIPTORS = "DESCRIPTORS"
    MEMORY = "MEMORY"
    SECRETS = "SECRETS"
    RENDERER = "RENDERER"
    RESOLVER = "RESOLVER"
    PORTS = "PORTS"
    NETWORK = "NETWORK"
    AUTHORITIES = "AUTHORITIES"
    DATABASE = "DATABASE"


REMEDIES: Final = {
    LocalFault.DESCRIPTORS: "No file descriptor is left. Raise the limit (ulimit -n, LimitNOFILE), "
    "or find what holds them.",
    LocalFault.MEMORY: "The system gives no memory, buffers or threads. Give the process more.",
    LocalFault.SECRETS: "A secret does not open. Bring its key back (HOOKLINE_SECRET_KEYS, the key "
    "file), or save the secret again.",
    LocalFault.RENDERER: "Payload templates can't be rendered. Look for what keeps a child process "
    "from starting or from running.",
    LocalFault.RESOLVER: "No name is resolved, whatever the host. Look at the system's name "
    "servers (/etc/resolv.conf) and the network.",
    LocalFault.PORTS: "No local port is left for a connection. Allow more "
    "(net.ipv4.ip_local_port_range), or find what opens so many.",
    LocalFault.NETWORK: "No route leads out of this machine. Look at its network interfaces.",
    LocalFault.AUTHORITIES: "The certificates of the authorities can't be read. Look at "
    "HOOKLINE_CA_FILE.",
    LocalFault.DATABASE: "The database does not take the body of a request.",
}
"""Sentences for the operator: the fault, and what to do."""
ERRNOS: Final = {
    errno.EMFILE: LocalFault.DESCRIPTORS,
    errno.ENFILE: LocalFault.DESCRIPTORS,
    errno.ENOMEM: LocalFault.MEMORY,
    errno.ENOBUFS: LocalFault.MEMORY,
    errno.EAGAIN: LocalFault.PORTS,
    errno.ENETDOWN: LocalFault.NETWORK,
}
SECRET_CODES: Final = ("UNKNOWN_KEY", "UNREADABLE_SECRET")
"""Codes of hookline.secrets.vault."""


def local_fault(error: BaseException) -> LocalFault | None:
    """The fault that an error stands for; None when it may be the receiver's."""
    if isinstance(error, OSError) and error.errno in ERRNOS:
        return ERRNOS[error.errno]
    match error:
        case ResolverDown():
            return LocalFault.RESOLVER
        case PortsUsedUp():
            return LocalFault.PORTS
        case NoNetwork():
            return LocalFault.NETWORK
        case AuthoritiesUnusable():
            return LocalFault.AUTHORITIES
        case MemoryError():
            return LocalFault.MEMORY
        case HooklineError() if error.code in SECRET_CODES:
            return LocalFault.SECRETS
    return None


class NotSent(Exception):
    """A local fault kept a request from being sent: nothing of it left."""

    def __init__(self, fault: LocalFault, reason: object) -> None:
        super().__init__(f"{fault}: {reason}")
        self.fault, self.reason = fault, reason


class Alarms:
    """One log line for each outage of a kind, not for each delivery, which the metrics count."""

    def __init__(self, metrics: Metrics) -> None:
        # Each from the start, at 0: the first one of a series that is not there yet is no increase.
        self._set_back = {fault: metrics.set_back.labels(fault.value) for fault in LocalFault}
        self._met_at: dict[LocalFault, float] = {}

    def note(self, fault: LocalFault, reason: object) -> None:
        self._set_back[fault].inc()
        now, met_at = monotonic(), self._met_at.get(fault)
        self._met_at[fault] = now
        if met_at is None or now - met_at > QUIET_SECONDS:
            log.critical(
                "%s Deliveries go back without an attempt and are tried again (logged once): %s",
                REMEDIES[fault],
                reason,
                extra={"fault": fault.value},
            )
