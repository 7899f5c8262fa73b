"""Settings of the connection that both clients share, and the failures of httpx in this client's
words.
"""

import os
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from hookline_client.answers import Failure
from hookline_client.errors import HooklineError, UnexpectedAnswer


@dataclass(frozen=True, slots=True)
class Connection:
    """A server and the token for it, which no text of this object shows."""

    url: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of each request."""
        return {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "accept": "application/graphql-response+json",
        }

    def options(self, timeout_seconds: float) -> dict[str, Any]:
        """Arguments of httpx.Client and httpx.AsyncClient."""
        return {
            "timeout": httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds)),
            # Else a proxy elsewhere gets the token of a server that only this machine reaches.
            "trust_env": not _is_this_machine(self.url),
        }


def connection_of(server: str | None, token: str | None) -> Connection:
    """Returns the connection's settings; what is not given is that of the environment.

    Raises ValueError.
    """
    server = (server or os.environ.get("HOOKLINE_SERVER", "")).strip().rstrip("/")
    token = (token or os.environ.get("HOOKLINE_TOKEN", "")).strip()
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            "No server: give its URL, such as https://hooks.example.com, or set HOOKLINE_SERVER."
        )
    if not token or not token.isascii() or not token.isprintable():
        raise ValueError(
            "No token: give the text of one with the scope events:publish, or set HOOKLINE_TOKEN."
        )
    return Connection(f"{server}/graphql", token)


def failure_of(error: httpx.HTTPError | httpx.InvalidURL) -> Failure | HooklineError:
    """Returns what a failed request means: most pass, and what was sent may have been taken."""
    name = type(error).__name__
    if _is_certificate_refused(error):
        message = f"The server's certificate is not accepted: {error}."
        return UnexpectedAnswer(message, "CERTIFICATE")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure(f"No server answers ({name}).", "UNREACHABLE", cause=error)
    if isinstance(error, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError):
        message = f"The answer was lost ({name})."
        return Failure(message, "ANSWER_LOST", cause=error)
    if isinstance(error, httpx.ProxyError):
        return Failure(f"The proxy did not let the request through ({name}).", "UNREACHABLE")
    return UnexpectedAnswer(f"The request could not be made ({name}).", "REQUEST")


def _is_certificate_refused(error: BaseException) -> bool:
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return True
        link = link.__cause__ or link.__context__
    return False


def _is_this_machine(url: str) -> bool:
    host = (urlsplit(url).hostname or "").removesuffix(".")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
