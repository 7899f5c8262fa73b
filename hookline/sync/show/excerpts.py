"""Problems of a file as an editor's user likes them: place, sentence, the line itself, a hint.
Called by the commands. Never shows a secret.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from hookline.sync.read.problems import Position, SyncProblem
from hookline.text import printable

MASK: Final = "********"
_LONGEST: Final = 160
# Wider than the names of secret fields: a misspelt key may hold a secret as well.
_SENSITIVE = re.compile("secret|passw|token|key|auth", re.IGNORECASE)
_WITHOUT_EXCERPT: Final = frozenset(["bad-character", "encoding"])
"""Codes of problems about something that can't be seen, where the line may be part of a secret."""


def shown(
    problems: Iterable[SyncProblem], lines: Sequence[str], secret_positions: Iterable[Position]
) -> str:
    """All problems, each with its line. lines: of the file; secret_positions: where secrets of it
    stand.
    """
    hidden = {
        place.line: place.column
        # From the right to the left, so that the leftmost of a line is the one that stays.
        for place in sorted(secret_positions, key=lambda place: (-place.line, -place.column))
    }
    return "\n".join(_one(problem, lines, hidden) for problem in problems)


def headline(problem: SyncProblem) -> str:
    """`config/webhooks.yaml:7:5: error[unknown-key] webhooks.a: unknown key 'x'`, or without what
    is not known of it.
    """
    place = (
        f"{problem.position.file}:{problem.position.line}:{problem.position.column}: "
        if problem.position.file
        else ""
    )
    path = f" {'.'.join(problem.path)}:" if problem.path else ""
    return printable(f"{place}{problem.severity}[{problem.code}]{path} {problem.message}")


def _one(problem: SyncProblem, lines: Sequence[str], hidden: dict[int, int]) -> str:
    lines_shown = [headline(problem), *_excerpt(problem, lines, hidden)]
    if problem.hint:
        lines_shown.append(f"  hint: {printable(problem.hint)}")
    return "\n".join(lines_shown)


def _excerpt(problem: SyncProblem, lines: Sequence[str], hidden: dict[int, int]) -> list[str]:
    number = problem.position.line
    if (
        not problem.position.file
        or number > len(lines)
        or not lines[number - 1].strip()
        or problem.code in _WITHOUT_EXCERPT
    ):
        return []
    line, cut = lines[number - 1], _cut(lines, number, hidden)
    # The mark must not tell how long the secret is, or where in it the fault lies.
    column = min(problem.position.column, cut + 1) if cut is not None else problem.position.column
    width = max(1, min(problem.width, len(line) - column + 1))
    if cut is not None:
        line = line[:cut] + MASK
        width = len(MASK) if column > cut else min(width, max(1, cut - column + 1))
    if column > _LONGEST:
        return []
    line = "".join(character if character.isprintable() else " " for character in line[:_LONGEST])
    margin = f"{number:>3} | "
    return [
        margin + line,
        " " * (len(margin) - 2)
        + "| "
        + " " * (column - 1)
        + "^" * min(width, _LONGEST - column + 1),
    ]


def _cut(lines: Sequence[str], number: int, hidden: dict[int, int]) -> int | None:
    """The part of a line that may be shown: up to a secret that stands on it, or to the first value
    where the line or one around it speaks of secrets.
    """
    line = lines[number - 1]
    cuts = [hidden[number] - 1] if number in hidden else []
    if any(map(_SENSITIVE.search, _around(lines, number))):
        key = re.match(r"[\s\-{]*(?:\"[^\"]*\"|'[^']*'|[^\s:'\"][^:]*):(?:\s+|$)", line)
        cuts += (
            [key.end() if key else len(line) - len(line.lstrip())]
            if not key or key.end() < len(line)
            else []
        )
    return min(cuts) if cuts else None


def _around(lines: Sequence[str], number: int) -> Iterable[str]:
    """A line, the one before it, and those that enclose it by their indentation."""
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    yield lines[number - 1]
    is_first = True
    for line in reversed(lines[: number - 1]):
        if not line.strip():
            continue
        own = len(line) - len(line.lstrip())
        if is_first or own < indent:
            yield line
            is_first, indent = False, min(own, indent)
        if not own:
            return
