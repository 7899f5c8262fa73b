"""Tables and texts of generated pages."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """A text of the code as a cell: on one line, with no sign but backticks."""
    parts = " ".join(text.split()).replace("|", r"\|").split("`")
    # Every second part stands between backticks, where nothing else is a sign.
    for index in range(0, len(parts), 2):
        parts[index] = parts[index].replace("*", r"\*").replace("<", "&lt;").replace("_", r"\_")
    return "`".join(parts)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
