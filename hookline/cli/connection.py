"""The server and the token of a command: from its options, the environment, a profile, in this
order. Reads these few settings alone: loading all of them takes 0.25 s of CPU (2026-11).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hookline.cli.profiles import Profile, read_profiles
from hookline.cli.terminal import echo
from hookline.errors import Misconfigured
from hookline.settings import environment
from hookline.text import printable

DEFAULT_SERVER = "http://127.0.0.1:8000"


class Secret(Protocol):
    """A text that is not printed by chance."""

    def get_secret_value(self) -> str: ...


class Endpoint(Protocol):
    """A server to ask, as settings and connections have it."""

    @property
    def server(self) -> str: ...
    @property
    def token(self) -> Secret: ...
    @property
    def home(self) -> Path: ...
    @property
    def ca_file(self) -> str: ...


@dataclass(frozen=True, slots=True)
class BearerToken:
    text: str = field(repr=False)

    def get_secret_value(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """token: empty when none is known. home: where `hookline dev` keeps one for this machine."""

    server: str
    token: BearerToken
    home: Path
    ca_file: str


def connect(server: str | None = None, profile: str | None = None) -> ServerAccess:
    """Returns the server and the token that a command speaks with. server, profile: its options.
    The environment wins over a profile, and a profile's token goes to its own server only.

    Raises Misconfigured.
    """
    name = profile or environment.variable("PROFILE")
    given = server or environment.variable("SERVER")
    token = (environment.variable("TOKEN") or "").strip()
    found = None if given and token and not name else _profile(name)
    if found and profile and given and given.rstrip("/") != found.server:
        echo(
            f"note: {printable(given)} is asked, not the server of the profile "
            f"{printable(profile)}: --server and HOOKLINE_SERVER win.",
            err=True,
        )
    url = checked_server(
        given or (found.server if found else DEFAULT_SERVER),
        "--server" if server else "HOOKLINE_SERVER",
    )
    if not token and found and found.server == url:
        token = found.token
    return ServerAccess(
        url, BearerToken(token), environment.home(), environment.variable("CA_FILE") or ""
    )


def _profile(name: str | None) -> Profile | None:
    """The profile of that name, or the current one if there is any."""
    profiles = read_profiles()
    if name:
        return profiles.named(name)
    return profiles.by_name.get(profiles.current or "")


def checked_server(url: str, source: str) -> str:
    """Returns a server's address. source: what it was said by.

    Raises Misconfigured.
    """
    try:
        return environment.check_server(url)
    except ValueError as error:
        raise Misconfigured(f"{source} {error}.") from None
