"""Verification of certificates wherever Hookline opens a TLS connection: to receivers, to the mail
server, to a Hookline server.
"""

import ssl

from hookline.outbound.key_exchange import CheckedContext


class AuthoritiesUnusable(OSError):
    """The file with the authorities can't be read, or holds none: ours, not the other side's."""


def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Verifies host names and certificates against the system's authorities and those in a PEM
    file, and speaks TLS 1.2 or later, without finite-field Diffie-Hellman: in 1.3 a connection of
    asyncio whose server insists on it ends with FiniteFieldChosen.

    Raises AuthoritiesUnusable.
    """
    context = CheckedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    # A server chooses the prime of finite-field Diffie-Hellman, up to 10,000 bits: such a handshake
    # held the loop for 1.6 s (OpenSSL 3.0, 2026-11-28). By names, as they keep what the system's
    # policy has taken out.
    kept = [cipher["name"] for cipher in context.get_ciphers() if cipher["kea"] != "kx-dhe"]
    context.set_ciphers(":".join(kept))
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise AuthoritiesUnusable(error.errno, str(error)) from error
    return context
