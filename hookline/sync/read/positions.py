"""Positions of a document's values, in memory and on their way to a server: grouped by what they
stand in and by file, a third of the bytes. Made by document and received. Pure; trusts nothing that
is unpacked.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias, TypeGuard

# Far beyond the lines of the largest file, and within the column's 32 bits.
LARGEST_LINE: Final = 100_000_000
LONGEST_FILE_NAME: Final = 1_000
FILES: Final = "files"
# Longer texts are of no command; looking for a name takes time with the length.
_LONGEST_TEXT: Final = 16_384
_IN_TEXT: Final = re.compile(r"(?<![^ ])([^ :]+):([0-9]{1,9}):([0-9]{1,9})(?: |\Z)")

FilePosition = tuple[str, int, int]
"""File, line and column."""

# Any: whatever was sent for a place, until it is asked for.
Names: TypeAlias = dict[str, Any] | str
"""Line and column by name; or as one text, `url:5:10 events:6:12`, which is a thirtieth of the
objects: of 10,000 webhooks 150,000 pairs less to make, to send, to read and to free (2026-11).
"""


class Positions:
    """Places of values by their dotted path, such as `webhooks.orders.url`."""

    __slots__ = ("_owners",)

    def __init__(self, places: Iterable[tuple[str, FilePosition]] = ()) -> None:
        # By the path without its last name: each file with its names there. Of 10,000 webhooks
        # hardly more than one group each, instead of 130,000 paths.
        self._owners: dict[str, list[tuple[str, Names]]] = {}
        for path, place in places:
            self.put(path, place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Positions) and dict(self.items()) == dict(other.items())

    __hash__ = None  # type: ignore[assignment]  # may be changed

    def put(self, path: str, place: FilePosition) -> None:
        owner, _, name = path.rpartition(".")
        file, line, column = place
        groups = self._owners.setdefault(owner, [])
        # The last one, as a file is read at a stretch.
        names = groups[-1][1] if groups and groups[-1][0] == file else None
        if not isinstance(names, dict):
            names = {}
            groups.append((file, names))
        names[name] = (line, column)

    def put_all(self, owner: str, file: str, names: Names) -> None:
        """Puts the line and the column of each name below the owner."""
        self._owners.setdefault(owner, []).append((file, names))

    def drop(self, owner: str) -> None:
        """Forgets all that stands below the owner."""
        self._owners.pop(owner, None)

    def update(self, other: "Positions") -> None:
        """Takes over the places of another file."""
        for owner, groups in other._owners.items():
            self._owners.setdefault(owner, []).extend(groups)

    def get(self, path: str) -> FilePosition | None:
        """The place; None where there is none, or what was sent for it is none."""
        owner, _, name = path.rpartition(".")
        for file, names in self._owners.get(owner, ()):
            place = _in_text(names, name) if isinstance(names, str) else names.get(name)
            if place is not None and _is_place(place):
                return file, place[0], place[1]
        return None

    def below(self, owner: str) -> dict[str, FilePosition]:
        """The places right below the owner by their names, as `get` has each. For thousands of
        names of many files, each of which `get` would ask for every name.
        """
        found = dict[str, FilePosition]()
        for file, names in self._owners.get(owner, ()):
            for name in _named(names):
                place = _in_text(names, name) if isinstance(names, str) else names[name]
                if name not in found and place is not None and _is_place(place):
                    found[name] = file, place[0], place[1]
        return found

    def items(self) -> Iterator[tuple[str, FilePosition]]:
        for owner, groups in self._owners.items():
            for file, names in groups:
                for name, place in _named(names).items():
                    if _is_place(place):
                        path = f"{owner}.{name}" if owner else name
                        yield path, (file, place[0], place[1])

    def packed(self) -> dict[str, dict[str, dict[str, Names]]]:
        """The positions as `unpacked` takes them.

        Example: `{"files": {"a.yaml": {"webhooks.orders": "url:5:10 events:6:12"}}}`
        """
        files: dict[str, dict[str, Names]] = {}
        for owner, groups in self._owners.items():
            for file, names in groups:
                owners = files.setdefault(file, {})
                before = owners.get(owner)
                owners[owner] = names if before is None else {**_named(before), **_named(names)}
        # Of one key, which no path is: the other form has paths.
        return {FILES: files}


def unpacked(given: object) -> Positions:
    """The positions that are ones, of either form; what is told to people and written beside a
    webhook must be a name and two numbers.
    """
    positions = Positions()
    if not isinstance(given, dict):
        return positions
    if isinstance(files := given.get(FILES), dict):
        for file, owners in files.items():
            if _is_file(file) and isinstance(owners, dict):
                for owner, names in owners.items():
                    is_text = isinstance(names, str) and len(names) <= _LONGEST_TEXT
                    if is_text or isinstance(names, dict):
                        # Its places are looked at when they are asked for: hardly any is.
                        positions.put_all(owner, file, names)
        return positions
    for path, value in given.items():
        is_place = isinstance(value, list) and len(value) == 3 and _is_place(value[1:])
        if is_place and _is_file(value[0]):
            positions.put(path, (value[0], value[1], value[2]))
    return positions


def text_of(places: Iterable[tuple[str, int, int]]) -> str:
    """Names with their lines and columns as one text. The names have neither blanks nor colons."""
    return " ".join([f"{name}:{line}:{column}" for name, line, column in places])


def _in_text(text: str, name: str) -> tuple[int, int] | None:
    """Line and column of a name in a text as `text_of` makes it."""
    begin = 0 if text.startswith(f"{name}:") else text.find(f" {name}:") + 1
    found = _IN_TEXT.match(text, begin)
    return (int(found[2]), int(found[3])) if found and found[1] == name else None


def _named(names: Names) -> dict[str, Any]:
    """The places by name, of either form."""
    if isinstance(names, dict):
        return names
    return {found[1]: (int(found[2]), int(found[3])) for found in _IN_TEXT.finditer(names)}


def _is_file(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and len(name) <= LONGEST_FILE_NAME and name.isprintable()


def _is_place(place: object) -> TypeGuard[list[int] | tuple[int, int]]:
    # By type: True is an int for isinstance.
    return (
        isinstance(place, list | tuple)
        and len(place) == 2
        and all(type(number) is int and 1 <= number <= LARGEST_LINE for number in place)
    )
