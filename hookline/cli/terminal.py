"""Output of the commands: all that one prints leaves here, as it may hold texts of others: names of
files, values of a webhooks file, a server's answer, a saved plan.
"""

import os
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple

import click

from hookline.text import printable, printable_lines, without_commands

_LINES_AT_ONCE: Final = 5_000


class Colored(NamedTuple):
    """A text in a colour of click's."""

    text: str
    color: str


def echo(*parts: str | Colored, err: bool = False, nl: bool = True) -> None:
    """Prints text without anything that a terminal obeys or a CI's log takes for a command. JSON
    keeps its meaning. err: on standard error; nl: with a line end.
    """
    click.echo("".join(map(_shown, parts)), err=err, nl=nl, color=_color())


def echo_commands(text: str) -> None:
    """Prints lines that are commands to GitHub on purpose. The caller keeps others' texts from
    becoming one.
    """
    click.echo(printable_lines(text))


def echo_file(text: str) -> None:
    """Prints a file byte for byte. The caller has escaped what a terminal would obey."""
    click.echo(text, nl=False)


def echo_lines(lines: Iterable[tuple[str, str | None]]) -> None:
    """Prints lines, each in a colour where one is named and standard output is a terminal."""
    left = iter(lines)
    # Thousands at once: 60,000 lines one by one took 3 s of 24, all together 20 MiB (2026-11).
    while some := list(islice(left, _LINES_AT_ONCE)):
        parts, plain = list[str | Colored](), list[str]()
        for text, color in some:
            if not color:
                plain.append(text + "\n")
                continue
            # Those between two colours as one text, which is looked through at once.
            parts += ["".join(plain), Colored(without_commands(text), color), "\n"]
            plain.clear()
        echo(*parts, "".join(plain), nl=False)


def echo_status(text: str) -> None:
    """Prints a line on standard error in place of the one that this printed before; an empty text
    takes that away. For a terminal only.
    """
    width = terminal_width() - 1
    # To the line's start, and all of it away.
    click.echo(f"\r\x1b[K{printable(text)[:width]}", err=True, nl=False)


def line_width() -> int | None:
    """Columns of the terminal; None where standard output is none."""
    return terminal_width() if sys.stdout.isatty() else None


def terminal_width() -> int:
    # 3 ms that --help would pay (2026-11).
    from shutil import get_terminal_size

    return get_terminal_size().columns


def _color() -> bool | None:
    """False where NO_COLOR asks for none (no-color.org); None lets the stream decide."""
    return False if os.environ.get("NO_COLOR") else None


def _shown(part: str | Colored) -> str:
    if isinstance(part, Colored):
        return click.style(printable(part.text), fg=part.color)
    return without_commands(printable_lines(part))
