"""One authority where a system has 140: OpenSSL needs 30 ms of CPU to read those (2026-11), for
each sender and HTTP client that a test makes, and no test trusts one of them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import certifi

_END = "-----END CERTIFICATE-----\n"


@contextmanager
def one_authority() -> Iterator[None]:
    """During the block, for this process and those that it starts."""
    first, end, _ = certifi.contents().partition(_END)
    before = os.environ.get("SSL_CERT_FILE")
    with tempfile.NamedTemporaryFile("w", prefix="hl", suffix=".pem") as file:
        file.write(first + end)
        file.flush()
        os.environ["SSL_CERT_FILE"] = file.name
        try:
            yield
        finally:
            del os.environ["SSL_CERT_FILE"]
            if before is not None:
                os.environ["SSL_CERT_FILE"] = before
