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
    reduced,
    rooms,
    short,
    without,
)

_MARKS: Final = ("<!-- rooms: written by `make docs` -->", "<!-- end of rooms -->")


def page(text: str) -> str:
    """The page with today's table between its marks."""
    imports, inside = rooms()
    downward = without(imports, backward(imports))
    levels = floors(downward)
    # Only what stands between the marks is ours to write.
    head, _, rest = text.partition(_MARKS[0])
    tail = rest.partition(_MARKS[1])[2]
    rows = table(imports, reduced(downward), levels, inside)
    return f"{head}{_MARKS[0]}\n\n{rows}\n\n{_MARKS[1]}{tail}"


def table(
    imports: Imports,
    arrows: set[tuple[str, str]],
    levels: dict[str, int],
    inside: dict[str, list[str]],
) -> str:
    """arrows: those of the picture, so that the table changes only when the picture does."""
    lines = ["| floor | room | for | stands on |", "|--:|---|---|---|"]
    for room in sorted(imports, key=lambda name: (levels[name], name)):
        name = (
            " ".join(f"`{file}`" for file in inside[room])
            if room == LEAVES
            else f"`{room.replace('.', '/')}{'.py' if is_file(room) else '/'}`"
        )
        below = sorted(other for upper, other in arrows if upper == room)
        names = ", ".join(map(short, below)) or "nothing of ours"
        lines.append(f"| {levels[room]} | {name} | {purpose(room)} | {names} |")
    return "\n".join(lines)
