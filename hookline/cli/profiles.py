"""Profiles: servers with a token each, kept by `hookline login` in a file that its owner alone may
read. Read by every command that asks a server; never printed.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from hookline.errors import Misconfigured
from hookline.regular_files import open_regular
from hookline.text import printable

_LIMIT_BYTES: Final = 1024 * 1024
DEFAULT_NAME: Final = "default"


@dataclass(frozen=True, slots=True)
class Profile:
    """A server and the token for it."""

    name: str
    server: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles by name, and the name of the one that is used where none is named."""

    current: str | None
    by_name: dict[str, Profile]

    def with_profile(self, profile: Profile) -> "Profiles":
        """Returns them with one more, or another in its place, which is the current one then."""
        return Profiles(profile.name, {**self.by_name, profile.name: profile})

    def without(self, name: str) -> "Profiles":
        """Returns them without one; of those that are left the first is the current one."""
        left = {key: one for key, one in self.by_name.items() if key != name}
        return Profiles(self.current if self.current in left else next(iter(left), None), left)

    def named(self, name: str) -> Profile:
        """Raises Misconfigured with the names that there are."""
        if found := self.by_name.get(name):
            return found
        there = ", ".join(map(printable, sorted(self.by_name))) or "none yet"
        raise Misconfigured(
            f"There is no profile {printable(name)!r} (there are: {there}). Make it with "
            f"`hookline login URL --profile {printable(name)}`."
        )


def profiles_path() -> Path:
    """The file in the platform's folder for settings of programs."""
    return Path(click.get_app_dir("hookline")) / "profiles.json"


def read_profiles() -> Profiles:
    """Returns what the file has; nothing where there is none.

    Raises Misconfigured for a file that is none of ours.
    """
    path = profiles_path()
    try:
        with open_regular(path) as file:
            content = json.loads(file.read(_LIMIT_BYTES))
        by_name = {
            str(name): Profile(str(name), _text(one["server"]), _text(one["token"]))
            for name, one in content["profiles"].items()
        }
        return Profiles(content["current"], by_name)
    except FileNotFoundError:
        return Profiles(None, {})
    except OSError as error:
        raise Misconfigured(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise Misconfigured(
            f"{path} is no file of profiles. Delete it, then run: hookline login URL"
        ) from None


def write_profiles(profiles: Profiles) -> None:
    """Replaces the file as a whole: a command beside this one reads the old or the new one."""
    path = profiles_path()
    kept = {
        "current": profiles.current,
        "profiles": {
            name: {"server": one.server, "token": one.token}
            for name, one in profiles.by_name.items()
        },
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The mode of its making: there is no moment in which others may read it.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(kept, indent=2) + "\n")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise Misconfigured(f"{path} can't be written: {error.strerror}.") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    return value
