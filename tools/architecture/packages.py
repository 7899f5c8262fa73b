"""The packages and their layers, from the imports, and the imports that close a circle. A file that
lies beside the packages of `hookline` or `api` counts as a package of its own.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import grimp

ROOT: Final = Path(__file__).parents[2]
ROOTS: Final = ("hookline", "api", "workers")
LEAVES: Final = "leaves"

Imports = dict[str, set[str]]


def imports_of_modules() -> Imports:
    """Module → what it imports of ours, also for types only."""
    # Imports for types count: they too make one package know another (import-linter counts them as
    # well).
    graph = grimp.build_graph(*ROOTS, exclude_type_checking_imports=False)
    return {name: graph.find_modules_directly_imported_by(name) for name in sorted(graph.modules)}


def leaves(modules: Imports) -> set[str]:
    """Files right in `hookline/` that import nothing but one another."""
    found = {name for name in modules if re.fullmatch(r"hookline(\.\w+)?", name) and is_file(name)}
    # Again until nothing changes: a module that imports one that fell out falls out, too.
    while not all(modules[name] <= found for name in found):
        found = {name for name in found if modules[name] <= found}
    return found


def tops(modules: Imports) -> set[str]:
    """Files right in `api/` that no folder imports: together they are the package at its top."""
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


def package_of(module: str, low: set[str], high: set[str]) -> str:
    """The folder below `hookline` or `api` that a module is in, or else the module itself."""
    if module in low:
        return LEAVES
    if module in high:
        return "api"
    parts = module.split(".")
    if parts[0] == "workers":
        return "workers"
    return "hookline.cli" if module == "hookline.__main__" else ".".join(parts[:2])


def packages() -> tuple[Imports, dict[str, list[str]]]:
    """Package → packages that it imports, and package → what is in it (for its second line)."""
    modules = imports_of_modules()
    low, high = leaves(modules), tops(modules)
    found: Imports = {}
    inside: dict[str, set[str]] = {}
    for module, imported in modules.items():
        package = package_of(module, low, high)
        others = {package_of(name, low, high) for name in imported} - {package}
        found.setdefault(package, set()).update(others)
        inside.setdefault(package, set()).update(_shown_inside(module, package))
    return found, {package: sorted(names) for package, names in inside.items()}


def _shown_inside(module: str, package: str) -> Iterator[str]:
    """The leaves and the top by their files, other packages by the folders in them."""
    parts = module.split(".")
    if package in (LEAVES, "api"):
        yield from parts[1:]
    elif len(parts) > len(package.split(".")) and path_of(module).name == "__init__.py":
        yield parts[len(package.split("."))]


def backward(imports: Imports) -> set[tuple[str, str]]:
    """Imports that close a circle: those that a walk from the lowest names finds to be on the way
    already.
    """
    found: set[tuple[str, str]] = set()
    done: set[str] = set()

    def walk(package: str, way: tuple[str, ...]) -> None:
        for other in sorted(imports[package]):
            # On the way already: this arrow closes a circle, and is drawn upwards instead of
            # followed.
            if other in way:
                found.add((package, other))
            elif other not in done:
                walk(other, (*way, other))
        done.add(package)

    # Sorted, here and below: equal imports give an equal picture, which make check compares.
    for package in sorted(imports):
        # Packages that nothing lower imports begin a walk of their own.
        if package not in done:
            walk(package, (package,))
    return found


def without(imports: Imports, edges: Iterable[tuple[str, str]]) -> Imports:
    gone = set(edges)
    return {
        package: {other for other in others if (package, other) not in gone}
        for package, others in imports.items()
    }


def layers(imports: Imports) -> dict[str, int]:
    """Package → its layer: one above the highest that it imports."""
    found: dict[str, int] = {}

    def layer(package: str) -> int:
        if package not in found:
            found[package] = 1 + max((layer(other) for other in imports[package]), default=-1)
        return found[package]

    for package in sorted(imports):
        layer(package)
    return found


def reduced(imports: Imports) -> set[tuple[str, str]]:
    """Without the arrows that a longer way implies."""
    below: dict[str, set[str]] = {}

    def reach(package: str) -> set[str]:
        if package not in below:
            below[package] = set(imports[package]).union(*map(reach, imports[package]))
        return below[package]

    return {
        (package, other)
        for package, others in imports.items()
        for other in others
        if not any(other in reach(between) for between in others if between != other)
    }


def purpose(package: str) -> str:
    """The first sentence of its docstring."""
    if package == LEAVES:
        return "Modules that import nothing of ours but one another, used everywhere."
    # Read, not imported: drawing must not start what it draws.
    text = ast.get_docstring(ast.parse(path_of(package).read_text("utf-8"))) or ""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def short(package: str) -> str:
    return package.removeprefix("hookline.").replace(".", "/")
