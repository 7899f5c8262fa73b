"""The table of packages in docs/architecture.md, between two marks. The rest of the page is written
by hand.
"""

from typing import Final

from tools.architecture.packages import (
    LEAVES,
    Imports,
    backward,
    is_file,
    layers,
    packages,
    purpose,
    reduced,
    short,
    without,
)

_MARKS: Final = ("<!-- packages: written by `make docs` -->", "<!-- end of packages -->")


def page(text: str) -> str:
    """The page with today's table between its marks."""
    imports, inside = packages()
    downward = without(imports, backward(imports))
    levels = layers(downward)
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
    lines = ["| layer | package | for | imports |", "|--:|---|---|---|"]
    for package in sorted(imports, key=lambda name: (levels[name], name)):
        name = (
            " ".join(f"`{file}`" for file in inside[package])
            if package == LEAVES
            else f"`{package.replace('.', '/')}{'.py' if is_file(package) else '/'}`"
        )
        below = sorted(other for upper, other in arrows if upper == package)
        names = ", ".join(map(short, below)) or "nothing of ours"
        lines.append(f"| {levels[package]} | {name} | {purpose(package)} | {names} |")
    return "\n".join(lines)
