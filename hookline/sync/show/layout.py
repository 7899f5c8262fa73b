"""Lines of a terminal: wrapped at its width, each with the colour that it has there. Called by
report and plan_lines; the commands print them.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hookline.text import printable

NARROWEST: Final = 40
"""Below it a line would hold a word or none."""


class Line(NamedTuple):
    """A line, and the name of its colour; None for the terminal's own."""

    text: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Width and detail of what is shown. width: None where lines go on as long as they are, as in
    the log of a pipeline. is_whole: long values and lists are shown whole. wish: the plan's.
    """

    width: int | None = None
    is_whole: bool = False
    wish: str = "the file"


PLAIN: Final = Layout()


def wrapped(text: str, layout: Layout, indent: int = 0, color: str | None = None) -> Sequence[Line]:
    """The text without what a terminal obeys, in lines that go on further in."""
    text = printable(text)
    first = " " * indent
    if layout.width is None or len(first) + len(text) <= layout.width:
        return (Line(first + text, color),)
    lines = textwrap.wrap(
        text,
        max(layout.width, NARROWEST),
        initial_indent=first,
        subsequent_indent=first + "  ",
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
    return [Line(line, color) for line in lines]


def joined(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines)
