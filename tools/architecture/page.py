"""The table of rooms in docs/architecture.md, between two marks. The rest of the page is written by
hand.
"""

from typing import Final

from tools.architecture.rooms import (
    LEAVES,
    Imports,
    backward,
    floors,
    is_file,
    purpose,
    rooms,
    short,
    without,
)

_MARKS: Final = ("<!-- rooms: written by `make docs` -->", "<!-- end of rooms -->")


def page(text: str) -> str:
    """The page with today's table between its marks."""
    imports, inside = rooms()
    levels = floors(without(imports, backward(imports)))
    head, _, rest = text.partition(_MARKS[0])
    tail = rest.partition(_MARKS[1])[2]
    return f"{head}{_MARKS[0]}\n\n{table(imports, levels, inside)}\n\n{_MARKS[1]}{tail}"


def table(imports: Imports, levels: dict[str, int], inside: dict[str, list[str]]) -> str:
    lines = ["| floor | room | for | imports |", "|--:|---|---|---|"]
    for room in sorted(imports, key=lambda name: (levels[name], name)):
        name = (
            " ".join(f"`{file}`" for file in inside[room])
            if room == LEAVES
            else f"`{room.replace('.', '/')}{'.py' if is_file(room) else '/'}`"
        )
        names = ", ".join(short(other) for other in sorted(imports[room])) or "nothing of ours"
        lines.append(f"| {levels[room]} | {name} | {purpose(room)} | {names} |")
    return "\n".join(lines)
