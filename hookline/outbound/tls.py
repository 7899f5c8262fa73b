"""Verification of certificates wherever Hookline opens a TLS connection: to receivers, to the mail
server, to a Hookline server.
"""

import ssl


def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Verifies host names and certificates against the system's authorities and those in a PEM
    file, and speaks TLS 1.2 or later.

    Raises OSError for a file that cannot be used.
    """
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
