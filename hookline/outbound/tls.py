"""Verification of certificates wherever Hookline opens a TLS connection: to receivers, to the mail
server, to a Hookline server.
"""

import ssl


class AuthoritiesUnusable(OSError):
    """The file with the authorities can't be read, or holds none: ours, not the other side's."""


def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Verifies host names and certificates against the system's authorities and those in a PEM
    file, and speaks TLS 1.2 or later.

    Raises AuthoritiesUnusable.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise AuthoritiesUnusable(error.errno, str(error)) from error
    return context
