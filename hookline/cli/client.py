"""Speaks GraphQL to a server for the commands. One short connection per command; never logs a token
or what was sent.
"""

import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from socket import inet_aton
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from hookline.cli.connection import Endpoint
from hookline.cli.terminal import echo
from hookline.errors import HooklineError
from hookline.outbound.tls import AuthoritiesUnusable, tls_context
from hookline.regular_files import open_regular
from hookline.text import printable

T = TypeVar("T")
TIMEOUT_SECONDS = 60
# The file's token is an admin's: it never goes to another machine.
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_JSON = {"accept": "application/graphql-response+json", "content-type": "application/json"}
# Of those that wait for a server: it may have acted. Hookline itself answers with neither.
_OF_A_PROXY = (502, 504)
_START_HINT = "Start it with `hookline dev`, or set HOOKLINE_SERVER."


class ServerFault(HooklineError):
    """The server could not be asked, or refused. code: CANNOT_REACH, ANSWER_LOST (it may have
    acted), NOT_ALLOWED or FAILED.
    """


def token_of(settings: Endpoint, role: str) -> str:
    """The token that a command uses: HOOKLINE_TOKEN or, for a server on this machine, the one that
    `hookline dev` keeps in the home folder. role: that it needs.

    Raises ServerFault NOT_ALLOWED.
    """
    if given := settings.token.get_secret_value().strip():
        return given
    if urlsplit(settings.server).hostname in _THIS_MACHINE:
        with suppress(OSError, UnicodeDecodeError), open_regular(settings.home / "token") as file:
            return file.read(1024).decode("ascii").strip()
    raise ServerFault(
        "NOT_ALLOWED",
        f"No token: set HOOKLINE_TOKEN (make one with `hookline token create NAME --role {role}`), "
        f"or log in: hookline login {settings.server}",
    )


def execute(
    settings: Endpoint,
    document: str,
    variables: dict[str, Any],
    read: Callable[[dict[str, Any]], T],
    timeout_seconds: float = TIMEOUT_SECONDS,
    *,
    role: str,
) -> T:
    """The result of one operation on the settings' server. read: makes it of the answer's `data`,
    and may stumble over one of another shape. role: of a token that may do it.

    Raises ServerFault with the server's own sentence.
    """
    data, refusals = answer_of(settings, document, variables, timeout_seconds, role=role)
    return read_data(_whole(data, refusals), read, settings.server)


def read_data(data: dict[str, Any], read: Callable[[dict[str, Any]], T], server: str) -> T:
    """The result that is made of an answer's `data`.

    Raises ServerFault FAILED for an answer of another shape.
    """
    try:
        return read(data)
    # All that reading JSON of another shape raises: another program's, another version's.
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise ServerFault(
            "FAILED",
            f"{server} answered in another form than was asked for: is it a Hookline "
            "server of this version?",
        ) from None


@dataclass(frozen=True, slots=True)
class Refusals:
    """Errors of an answer: the sentence and the code of each."""

    found: tuple[tuple[str, str | None], ...]
    server: str

    def __bool__(self) -> bool:
        return bool(self.found)

    def fault(self) -> ServerFault:
        """Returns what a command ends with: all sentences, and what to do about the first."""
        code = self.found[0][1]
        if code == "UNAUTHENTICATED":
            return ServerFault(
                "NOT_ALLOWED",
                f"{self.server} does not know this token: set HOOKLINE_TOKEN to a valid one, or "
                f"run `hookline login {self.server}`. On this machine the token of `hookline dev` "
                "is used where none is set.",
            )
        sentences = printable("; ".join(message for message, _ in self.found))
        if code == "FORBIDDEN":
            return ServerFault(
                "NOT_ALLOWED",
                f"{sentences} An admin's `hookline tokens create` makes one, or `hookline token "
                "create` where the database is.",
            )
        return ServerFault("FAILED", sentences)


def answer_of(
    settings: Endpoint,
    document: str,
    variables: dict[str, Any],
    timeout_seconds: float = TIMEOUT_SECONDS,
    *,
    role: str,
) -> tuple[dict[str, Any] | None, Refusals]:
    """The data of one operation, as much as there is, and what was refused of it.

    Raises ServerFault where there is no answer of GraphQL.
    """
    answer = _ask(settings, document, variables, timeout_seconds, role)
    content, status = answer.content, answer.status_code
    if status in _OF_A_PROXY:
        raise ServerFault(
            "ANSWER_LOST",
            f"{settings.server} answered {status}: a proxy on the way had no answer of the server "
            "in its time. What was asked may still happen.",
        )
    # With it goes what was sent, which may be as large as what came.
    del answer
    try:
        body = json.loads(content)
    # A proxy or another program may answer anything: no JSON, endless levels of it.
    except (ValueError, RecursionError):
        raise ServerFault("FAILED", _no_graphql(status, settings.server)) from None
    return _parts(body, status, settings.server)


def _ask(
    settings: Endpoint,
    document: str,
    variables: dict[str, Any],
    timeout_seconds: float,
    role: str,
) -> httpx.Response:
    token = token_of(settings, role)
    warn_of_plain_text(settings.server)
    headers = {"authorization": f"Bearer {token}", **_JSON}
    try:
        return httpx.post(
            f"{settings.server}/graphql",
            content=encoded({"query": document, "variables": variables}),
            headers=headers,
            timeout=timeout_seconds,
            verify=verification(settings),
            # Else a proxy elsewhere gets the token of a server that only this machine reaches.
            trust_env=not is_this_machine(settings.server),
        )
    # The request may have been taken: who asks again needs an idempotency key. Before
    # TransportError, of which these are kinds.
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
        raise ServerFault(
            "ANSWER_LOST",
            f"{settings.server} closed the connection before it had answered "
            f"({type(error).__name__}).",
        ) from None
    # A body that says it is compressed and is not.
    except httpx.DecodingError:
        raise ServerFault("FAILED", _no_graphql("", settings.server)) from None
    except httpx.ReadTimeout:
        raise ServerFault(
            "ANSWER_LOST",
            f"{settings.server} did not answer within {timeout_seconds:g} s. What was asked may "
            "still happen.",
        ) from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServerFault(
            "CANNOT_REACH",
            f"No server answers at {settings.server} ({type(error).__name__}). {_START_HINT}",
        ) from None


def encoded(body: dict[str, Any]) -> bytes:
    """The body of a request as JSON."""
    # 13 ms that a command without a server would pay; a file of 10,000 webhooks is encoded in a
    # tenth of the time (2026-11).
    import orjson

    try:
        return orjson.dumps(body)
    # Whole numbers beyond 64 bits.
    except orjson.JSONEncodeError:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def verification(settings: Endpoint) -> ssl.SSLContext | bool:
    """Returns `verify` of httpx. Plain HTTP has no certificates, and reading the authorities takes
    30 ms of a command.
    """
    if urlsplit(settings.server).scheme == "http":
        return False
    try:
        return tls_context(settings.ca_file) if settings.ca_file else True
    except AuthoritiesUnusable as error:
        raise ServerFault(
            "FAILED", f"HOOKLINE_CA_FILE: {printable(settings.ca_file)} can't be read: {error}."
        ) from None


def is_this_machine(server: str) -> bool:
    """True of a server's URL that leads to this machine, by its name or its address."""
    host = (urlsplit(server).hostname or "").removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        # Also as `127.1` or `2130706433`, which are dialled as 127.0.0.1.
        address = ip_address(host if ":" in host else inet_aton(host))
    except (ValueError, OSError):
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    # Connecting to 0.0.0.0 or :: connects to this machine.
    return address.is_loopback or address.is_unspecified


@cache
def warn_of_plain_text(server: str) -> None:
    """Warns once per process, on standard error: standard output may be JSON."""
    url = urlsplit(server)
    if url.scheme == "http" and not is_this_machine(server):
        echo(
            f"warning: http://{url.netloc.rpartition('@')[2]} is not encrypted: everybody on the "
            "way can read the token. Set HOOKLINE_SERVER to an https:// URL.",
            err=True,
        )


def data_of(body: Any, status: int, server: str) -> dict[str, Any]:
    """The `data` of an answer's body.

    Raises ServerFault with the sentences of its errors.
    """
    return _whole(*_parts(body, status, server))


def _whole(data: dict[str, Any] | None, refusals: Refusals) -> dict[str, Any]:
    if refusals:
        raise refusals.fault()
    assert data is not None
    return data


def _parts(body: Any, status: int, server: str) -> tuple[dict[str, Any] | None, Refusals]:
    """The data of an answer's body, None where it has none, and its errors: one of both."""
    try:
        data = body.get("data")
        errors = tuple(
            (str(error["message"]), (error.get("extensions") or {}).get("code"))
            for error in body.get("errors") or ()
        )
    # No object, or one of another program.
    except (ValueError, AttributeError, TypeError, KeyError):
        raise ServerFault("FAILED", _no_graphql(status, server)) from None
    if not errors and not isinstance(data, dict):
        raise ServerFault("FAILED", f"{server} answered {status} without data.")
    return data if isinstance(data, dict) else None, Refusals(errors, server)


def _no_graphql(status: int | str, server: str) -> str:
    return " ".join(f"{server} answered {status} without GraphQL: is it a Hookline server?".split())
