"""The rooms of the house out of the imports: which there are, on which floor, and which arrows
between them close a circle.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import grimp

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("hookline", "api", "workers")
LEAVES: Final = "leaves"

Imports = dict[str, set[str]]


def imports_of_modules() -> Imports:
    """Module → what it imports of ours, also for types only."""
    # Imports for types count: they too make one room know another (import-linter counts them as
    # well).
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False)
    return {name: graph.find_modules_directly_imported_by(name) for name in sorted(graph.modules)}


def leaves(modules: Imports) -> set[str]:
    """Files right in `hookline/` that import nothing but one another."""
    found = {name for name in modules if re.fullmatch(r"hookline(\.\w+)?", name) and is_file(name)}
    # Again until nothing changes: whoever imports one that fell out falls out, too.
    while not all(modules[name] <= found for name in found):
        found = {name for name in found if modules[name] <= found}
    return found


def tops(modules: Imports) -> set[str]:
    """Files right in `api/` that no folder imports: together they are the room at its top."""
    found = {name for name in modules if re.fullmatch(r"api\.\w+", name) and is_file(name)}
    others = {other for name in modules for other in modules[name] if name not in found}
    while wanted := found & others:
        found -= wanted
        others |= {other for name in wanted for other in modules[name]}
    return found


def is_file(module: str) -> bool:
    return path_of(module).name != "__init__.py" or module == "hookline"


def path_of(module: str) -> Path:
    folder = ROOT.joinpath(*module.split("."))
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def room_of(module: str, low: set[str], high: set[str]) -> str:
    """The folder that a module is in; another file right in a package is a room of its own."""
    if module in low:
        return LEAVES
    if module in high:
        return "api"
    parts = module.split(".")
    if parts[0] == "workers":
        return "workers"
    return "hookline.cli" if module == "hookline.__main__" else ".".join(parts[:2])


def rooms() -> tuple[Imports, dict[str, list[str]]]:
    """Room → rooms that it imports, and room → what is in it (for its second line)."""
    modules = imports_of_modules()
    low, high = leaves(modules), tops(modules)
    found: Imports = {}
    inside: dict[str, set[str]] = {}
    for module, imported in modules.items():
        room = room_of(module, low, high)
        others = {room_of(name, low, high) for name in imported} - {room}
        found.setdefault(room, set()).update(others)
        inside.setdefault(room, set()).update(_shown_inside(module, room))
    return found, {room: sorted(names) for room, names in inside.items()}


def _shown_inside(module: str, room: str) -> Iterator[str]:
    """The leaves and the top by their files, other rooms by the folders in them."""
    parts = module.split(".")
    if room in (LEAVES, "api"):
        yield from parts[1:]
    elif len(parts) > len(room.split(".")) and path_of(module).name == "__init__.py":
        yield parts[len(room.split("."))]


def backward(imports: Imports) -> set[tuple[str, str]]:
    """Imports that close a circle: those that a walk from the lowest names finds to be on the way
    already.
    """
    found: set[tuple[str, str]] = set()
    done: set[str] = set()

    def walk(room: str, way: tuple[str, ...]) -> None:
        for other in sorted(imports[room]):
            # On the way already: this arrow closes a circle, and is drawn upwards instead of
            # followed.
            if other in way:
                found.add((room, other))
            elif other not in done:
                walk(other, (*way, other))
        done.add(room)

    # Sorted, here and below: equal imports give an equal picture, which make check compares.
    for room in sorted(imports):
        # Rooms that nothing lower imports begin a walk of their own.
        if room not in done:
            walk(room, (room,))
    return found


def without(imports: Imports, edges: Iterable[tuple[str, str]]) -> Imports:
    gone = set(edges)
    return {
        room: {other for other in others if (room, other) not in gone}
        for room, others in imports.items()
    }


def floors(imports: Imports) -> dict[str, int]:
    """Room → its floor: one above the highest that it imports."""
    found: dict[str, int] = {}

    def floor(room: str) -> int:
        if room not in found:
            found[room] = 1 + max((floor(other) for other in imports[room]), default=-1)
        return found[room]

    for room in sorted(imports):
        floor(room)
    return found


def reduced(imports: Imports) -> set[tuple[str, str]]:
    """Without the arrows that a longer way implies."""
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = set(imports[room]).union(*(reach(other) for other in imports[room]))
        return below[room]

    return {
        (room, other)
        for room, others in imports.items()
        for other in others
        if not any(other in reach(between) for between in others if between != other)
    }


def purpose(room: str) -> str:
    """The first sentence of its docstring."""
    if room == LEAVES:
        return "What everything else stands on."
    # Read, not imported: drawing must not start what it draws.
    text = ast.get_docstring(ast.parse(path_of(room).read_text("utf-8"))) or ""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def short(room: str) -> str:
    return room.removeprefix("hookline.").replace(".", "/")
