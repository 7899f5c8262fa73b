"""The error and the sentence by which an attempt's log tells of a fault of the network or of the
receiver. Used by workers.sending; what is ours never comes here (workers/local_faults.py).
"""

import ssl
from typing import Final

from hookline.deliveries.retries import AttemptError
from hookline.outbound.addresses import UrlRefused
from hookline.outbound.egress import AddressRefused, DnsFailed
from workers.connections import Closed, NotHttp

CONNECT_SECONDS: Final = 5


class HandshakeLost(ConnectionError):
    """The receiver closed the connection while TLS was being set up."""


class ConnectTimeout(TimeoutError):
    """No connection came about in time."""


def classify(fault: Exception, timeout_seconds: float) -> tuple[AttemptError, str]:
    """The error's name, and a sentence that never shows an address. Most special first."""
    match fault:
        case UrlRefused() | AddressRefused():
            return AttemptError.REFUSED_ADDRESS, str(fault)
        case ConnectTimeout():
            return (
                AttemptError.TIMEOUT,
                f"No connection came about within {CONNECT_SECONDS} seconds.",
            )
        case TimeoutError():
            return AttemptError.TIMEOUT, f"No answer came within {timeout_seconds:g} seconds."
        case DnsFailed():
            return AttemptError.DNS, "The host name could not be resolved."
        case ssl.SSLCertVerificationError():
            return (
                AttemptError.TLS,
                f"The receiver's certificate is not valid: {_certificate_fault(fault)}.",
            )
        case ssl.SSLError():
            return (
                AttemptError.TLS,
                "No TLS connection came about: the receiver does not speak TLS here, or none of "
                "the same kind.",
            )
        case HandshakeLost():
            return AttemptError.TLS, "The receiver closed the connection during the TLS handshake."
        case Closed():
            return (
                AttemptError.PROTOCOL,
                "The receiver closed the connection before it had answered.",
            )
        case NotHttp():
            return (
                AttemptError.PROTOCOL,
                "The receiver's answer is not valid HTTP, or its headers are too large.",
            )
        case ConnectionRefusedError():
            return AttemptError.CONNECT, "The receiver refused the connection."
        case _:
            return AttemptError.CONNECT, "No connection to the receiver came about."


def _certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    # What follows the comma may show an address.
    return error.verify_message.partition(",")[0]
