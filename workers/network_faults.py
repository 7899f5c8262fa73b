"""The error and the sentence by which an attempt's log tells of a fault of the network or of the
receiver. Used by workers.sending; what is ours never comes here (workers/local_faults.py).
"""

import ssl
from typing import Final

from hookline.deliveries.retries import AttemptError
from hookline.outbound.addresses import UrlRefused
from hookline.outbound.egress import AddressRefused, DnsFailed
from hookline.outbound.key_exchange import FiniteFieldChosen
from workers.connections import Closed, NotHttp, SpeaksTls

CONNECT_SECONDS: Final = 5
_PLAIN_ANSWERS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
"""OpenSSL's names for a text that came where a record of TLS was due (3.0 and 3.5)."""


class HandshakeLost(ConnectionError):
    """The receiver closed the connection while TLS was being set up."""


class ClosedToPlainText(Closed):
    """A plain request was lost unanswered on a new connection: perhaps the port speaks TLS."""


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
        case ssl.SSLError() | HandshakeLost():
            return AttemptError.TLS, _tls_sentence(fault)
        case Closed() | NotHttp():
            return AttemptError.PROTOCOL, _protocol_sentence(fault)
        case ConnectionRefusedError():
            return AttemptError.CONNECT, "The receiver refused the connection."
        case _:
            return AttemptError.CONNECT, "No connection to the receiver came about."


def _certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    # What follows the comma may show an address.
    return error.verify_message.partition(",")[0]


def _tls_sentence(fault: ssl.SSLError | HandshakeLost) -> str:
    match fault:
        case ssl.SSLCertVerificationError():
            return f"The receiver's certificate is not valid: {_certificate_fault(fault)}."
        case ssl.SSLError(reason=reason) if reason in _PLAIN_ANSWERS:
            return (
                "The receiver does not speak TLS on this port: it answered in plain text. Give the "
                "port on which it does, or a URL with http://."
            )
        case FiniteFieldChosen():
            return (
                "The receiver insists on finite-field Diffie-Hellman in TLS, which Hookline does "
                "not compute. Let it take X25519 or P-256."
            )
        case ssl.SSLError():
            return (
                "No TLS connection came about: the receiver does not speak TLS here, or none of "
                "the same kind."
            )
        case _:
            return "The receiver closed the connection during the TLS handshake."


def _protocol_sentence(fault: Closed | NotHttp) -> str:
    match fault:
        case ClosedToPlainText():
            return (
                "The receiver closed the connection before it had answered. A server that speaks "
                "TLS on this port does so too: if it does, give a URL with https://."
            )
        case Closed():
            return "The receiver closed the connection before it had answered."
        case SpeaksTls():
            return (
                "The receiver speaks TLS on this port, and was spoken to in plain text. Give a URL "
                "with https://."
            )
        case _:
            return "The receiver's answer is not valid HTTP, or its headers are too large."
