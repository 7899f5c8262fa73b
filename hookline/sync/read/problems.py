"""Problems of a webhooks file: one per fault, each with its place. Made by loader and document,
shown by report.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hookline.text import shown

# A mistake in the defaults may stand in 10,000 webhooks; nobody reads so many lines.
MAX_PROBLEMS = 1_000
_OF_SECRETS = re.compile("secret|passw|token|key|auth|header", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a file: lines and columns (in code points) from 1, as an editor counts."""

    line: int = 1
    column: int = 1
    file: str = ""


@dataclass(frozen=True, slots=True)
class SyncProblem:
    """code: stable, listed in docs/sync.md. path: from the document's root. width: how many
    characters the excerpt underlines.
    """

    code: str
    message: str
    position: Position
    path: tuple[str, ...] = ()
    hint: str | None = None
    width: int = 1
    severity: str = "error"

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


class FileRefused(Exception):
    """Reading can't go on after this problem."""

    def __init__(self, problem: SyncProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Problems:
    """All problems of a file, in the order they were found: the first thousand errors, or with them
    the first warnings, each told once though defaults and aliases repeat it.
    """

    file: str
    found: list[SyncProblem] = field(default_factory=list)
    error_count: int = 0
    """Of those found."""
    # Holds the node: once it were freed, another one could get its id and stay untold.
    _seen: dict[tuple[object, str, str], object] = field(default_factory=dict)

    def add(self, problem: SyncProblem, about: object = None) -> None:
        """about: the node; the same problem of the same node is told once."""
        key = (id(about) if about else problem.position, problem.code, problem.message)
        if key in self._seen or (len(self.found) >= MAX_PROBLEMS and not self._has_room(problem)):
            return
        self._seen[key] = about
        self.found.append(problem)
        self.error_count += problem.is_error

    def _has_room(self, problem: SyncProblem) -> bool:
        """Makes room for an error where only warnings are too many: a thousand of them would hide
        it, and the file would pass (2026-11-28).
        """
        if not problem.is_error or self.is_full:
            return False
        last = max(place for place, one in enumerate(self.found) if not one.is_error)
        del self.found[last]
        return True

    @property
    def is_full(self) -> bool:
        """True when no further error is kept."""
        return self.error_count >= MAX_PROBLEMS

    def has_errors(self) -> bool:
        return self.error_count > 0

    def in_order(self) -> list[SyncProblem]:
        return in_order(self.found)


def in_order(problems: Iterable[SyncProblem]) -> list[SyncProblem]:
    """The problems by file, line and column."""
    return sorted(
        problems,
        key=lambda problem: (
            problem.position.file,
            problem.position.line,
            problem.position.column,
        ),
    )


def shown_below(keys: Iterable[str], text: str) -> str:
    """A text for a message, hidden where it stands below a key that speaks of secrets: a password
    that begins with `!`, `&` or `*` is a tag, an anchor or an alias for YAML.
    """
    return "'…'" if any(map(_OF_SECRETS.search, keys)) else shown(text)


def shown_key(text: str) -> str:
    """A key as part of a message."""
    return shown(key_name(text))


def key_name(text: str) -> str:
    """A key as messages and paths have it. `password:hunter2`, with the blank forgotten, is a key
    for YAML: what stands behind the colon may be a secret.
    """
    name, colon, value = text.partition(":")
    return f"{name}:…" if colon and value else text


def nearest(text: str, names: Iterable[str]) -> str | None:
    """The hint for a word that is probably a slip of one of the names."""
    folded = text.replace("_", "").replace("-", "").lower()
    same = [name for name in names if name.lower() == folded]
    # Cut, as the comparison takes time by the product of both lengths, and a key may be megabytes.
    close = same or difflib.get_close_matches(text[:100], list(names), 1)
    return f"did you mean '{close[0]}'?" if close else None
