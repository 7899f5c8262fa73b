"""Problems of a file as an editor's user likes them: place, sentence, the line itself, a hint.
Called by the commands. Never shows a secret.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Final

from hookline.sync.read.problems import Position, SyncProblem
from hookline.text import printable

MASK: Final = "********"
_LONGEST: Final = 160
# Wider than the names of secret fields: a misspelt key may hold a secret as well.
_SENSITIVE = re.compile("secret|passw|token|key|auth", re.IGNORECASE)
_QUOTED: Final = r"""(?:"[^"\\]*"|'[^']*')"""
# Each part begins with what the one before it can't hold: a line may have megabytes.
_KEY: Final = r"\s*(?:-\s+)*\w[\w-]*:"
_KEYED: Final = re.compile(rf"{_KEY}(?:\s|$)")
_ENDED: Final = re.compile(rf"""{_KEY}\s+(?:{_QUOTED}|\{{(?:{_QUOTED}|[^{{}}\[\]"'#])*\}})\s*""")
"""A line whose value ends in it: in quotes, or a mapping in braces without collections inside."""
_WITHOUT_EXCERPT: Final = frozenset(["bad-character", "encoding"])
"""Codes of problems about something that can't be seen, where the line may be part of a secret."""


def shown(
    problems: Iterable[SyncProblem],
    lines: Mapping[str, Sequence[str]],
    secret_positions: Iterable[Position],
) -> str:
    """All problems, each with its line. lines: of each file by its name; secret_positions: where
    secrets of them stand.
    """
    hidden = {
        (place.file, place.line): place.column
        # From the right to the left, so that the leftmost of a line is the one that stays.
        for place in sorted(secret_positions, key=lambda place: (-place.line, -place.column))
    }
    told = list(problems)
    numbers = dict[str, set[int]]()
    for problem in told:
        numbers.setdefault(problem.position.file, set()).add(problem.position.line)
    # Once for each line: a thousand problems may stand on one of megabytes.
    cuts = {
        file: {
            number: _cut(lines[file][number - 1], hidden.get((file, number)), is_speaking)
            for number, is_speaking in _speaking(lines[file], numbers[file]).items()
        }
        for file in numbers.keys() & lines.keys()
    }
    return "\n".join(
        _one(one, lines.get(one.position.file, ()), cuts.get(one.position.file, {})) for one in told
    )


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


def _one(problem: SyncProblem, lines: Sequence[str], cuts: Mapping[int, int | None]) -> str:
    lines_shown = [headline(problem), *_excerpt(problem, lines, cuts)]
    if problem.hint:
        lines_shown.append(f"  hint: {printable(problem.hint)}")
    return "\n".join(lines_shown)


def _excerpt(
    problem: SyncProblem, lines: Sequence[str], cuts: Mapping[int, int | None]
) -> list[str]:
    """cuts: of every line that has something on it, see `_cut`."""
    number = problem.position.line
    if number not in cuts or problem.code in _WITHOUT_EXCERPT:
        return []
    line, cut = lines[number - 1], cuts[number]
    # The mark must not tell how long the secret is, or where in it the fault lies.
    column = min(problem.position.column, cut + 1) if cut is not None else problem.position.column
    width = max(1, min(problem.width, len(line) - column + 1))
    if cut is not None:
        line = line[: min(cut, _LONGEST)] + MASK
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


def _cut(line: str, hidden_column: int | None, is_speaking: bool) -> int | None:
    """The part of a line that may be shown: up to a secret that stands on it, or to the first value
    where the line or one around it speaks of secrets.
    """
    cuts = [hidden_column - 1] if hidden_column is not None else []
    if is_speaking:
        key = re.match(r"[\s\-{]*+(?:\"[^\"]*\"|'[^']*'|[^\s:'\"][^:]*):(?:\s+|$)", line)
        cuts += (
            [key.end() if key else len(line) - len(line.lstrip())]
            if not key or key.end() < len(line)
            else []
        )
    return min(cuts) if cuts else None


def _speaking(lines: Sequence[str], numbers: Collection[int]) -> dict[int, bool]:
    """Tells of each of these lines that has something on it whether it, the one before it, or one
    that encloses it by its indentation speaks of secrets. In one pass, however many they are.
    """
    found = dict[int, bool]()
    # Searched when somebody asks: of a large file with one problem that is a few lines.
    speaks = cache(lambda number: _SENSITIVE.search(lines[number - 1]) is not None)
    around, before = list[tuple[int, int]](), 0
    for number, line in enumerate(islice(lines, max(numbers, default=0)), 1):
        if not line or line.isspace():
            continue
        indent = len(line) - len(line.lstrip())
        while around and around[-1][0] >= indent:
            around.pop()
        if number in numbers:
            # A value may go on in the next line, unless it ended in its own and the next has a key.
            is_open = not (_KEYED.match(line) and _ENDED.fullmatch(lines[before - 1]))
            others = [before] * (before > 0 and is_open) + [other for _, other in around]
            found[number] = any(map(speaks, (number, *others)))
        around.append((indent, number))
        before = number
    return found
