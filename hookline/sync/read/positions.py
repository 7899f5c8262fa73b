"""Positions of a document on their way to a server: grouped by file and by what they stand in, a
third of the bytes. Called by the commands and by received. Pure; trusts nothing that is unpacked.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from hookline.sync.read.nodes import Positions

# Far beyond the lines of the largest file, and within the column's 32 bits.
LARGEST_LINE: Final = 100_000_000
LONGEST_FILE_NAME: Final = 1_000
FILES: Final = "files"


def packed(positions: Positions) -> dict[str, dict[str, dict[str, dict[str, tuple[int, int]]]]]:
    """The positions as `unpacked` takes them.

    Example: `{"files": {"a.yaml": {"webhooks.orders": {"url": [5, 10]}}}}`
    """
    files: dict[str, dict[str, dict[str, tuple[int, int]]]] = {}
    for path, (file, line, column) in positions.items():
        owner, _, name = path.rpartition(".")
        files.setdefault(file, {}).setdefault(owner, {})[name] = (line, column)
    # Of one key, which no path is: the other form has paths.
    return {FILES: files}


def unpacked(given: object) -> Positions:
    """The positions that are ones, of either form; what is told to people and written beside a
    webhook must be a name and two numbers.
    """
    if not isinstance(given, dict):
        return {}
    if isinstance(files := given.get(FILES), dict):
        return dict(_of_files(files))
    return {
        path: (value[0], value[1], value[2])
        for path, value in given.items()
        if isinstance(value, list) and len(value) == 3
        if _is_file(value[0]) and _is_place(value[1:])
    }


def _of_files(files: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, int, int]]]:
    for file, owners in files.items():
        if not _is_file(file) or not isinstance(owners, dict):
            continue
        for owner, names in owners.items():
            for name, place in names.items() if isinstance(names, dict) else ():
                if _is_place(place):
                    yield f"{owner}.{name}", (file, place[0], place[1])


def _is_file(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and len(name) <= LONGEST_FILE_NAME and name.isprintable()


def _is_place(place: object) -> TypeGuard[list[int]]:
    # By type: True is an int for isinstance.
    return (
        isinstance(place, list)
        and len(place) == 2
        and all(type(number) is int and 1 <= number <= LARGEST_LINE for number in place)
    )
