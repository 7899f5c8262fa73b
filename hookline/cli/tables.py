"""Tables and fields at the width of a terminal, and times as people say them. Prints nothing."""

import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hookline.cli.terminal import Colored, terminal_width
from hookline.text import printable

Cell = str | Colored
Line = list[Cell]

_LEAST_WIDTH: Final = 8
"""Characters that a column keeps on a narrow terminal, if it has so many."""
_BETWEEN: Final = "  "
_LABELS: Final = {"id": "ID", "url": "URL"}


def lines_of_table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[Line]:
    """Gives a head and rows of aligned columns, as wide as the terminal at most: the widest cells
    are cut then, and end in `…`. Without a terminal nothing is cut.
    """
    cells = [[_one_line(cell) for cell in row] for row in rows]
    columns = list(zip(heads, *cells, strict=True))
    widths = _fitting([max(width_of(_text(cell)) for cell in column) for column in columns])
    for row in (heads, *cells):
        line: Line = []
        for cell, width in zip(row, widths, strict=True):
            text = cut(_text(cell), width)
            shown = Colored(text, cell.color) if isinstance(cell, Colored) else text
            line += [shown, " " * (width - width_of(text)), _BETWEEN]
        yield _stripped(line)


def lines_of_fields(cells: Mapping[str, Cell]) -> Iterator[Line]:
    """Gives `Name  value` for each that has a text; further lines of it stand below the first."""
    width = max(map(len, cells))
    for name, cell in cells.items():
        first, *more = _text(cell).splitlines() or [""]
        if not first and not more:
            continue
        label = _LABELS.get(name, name.replace("-", " ").capitalize()).ljust(width)
        shown = Colored(first, cell.color) if isinstance(cell, Colored) else printable(first)
        yield [label, _BETWEEN, shown]
        for text in more:
            yield [" " * width, _BETWEEN, printable(text)]


def _one_line(cell: Cell) -> Cell:
    text = printable(" ".join(_text(cell).split()))
    return Colored(text, cell.color) if isinstance(cell, Colored) else text


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Colored) else cell


def _fitting(widths: list[int]) -> list[int]:
    """The widths, the largest made smaller until the row fits the terminal."""
    if not sys.stdout.isatty():
        return widths
    room = terminal_width() - len(_BETWEEN) * (len(widths) - 1)
    found = list(widths)
    while sum(found) > room and max(found) > _LEAST_WIDTH:
        found[found.index(max(found))] -= 1
    return found


def cut(text: str, width: int) -> str:
    """The text, with `…` for an end that does not fit into so many columns."""
    if width_of(text) <= width:
        return text
    while width_of(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _stripped(line: Line) -> Line:
    """The line without blanks at its end."""
    while line and not _text(line[-1]).strip():
        line = line[:-1]
    return line


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal: wide characters of East Asia two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "FW")
        for sign in text
    )


def ago(text: str, now: datetime | None = None) -> str:
    """`5 min ago` or `in 2 h` for a time of the API."""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(text)).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if size >= length:
            amount = f"{int(size // length)} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "now"
