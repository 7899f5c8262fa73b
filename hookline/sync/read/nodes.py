"""The tree between YAML or JSON and the document: every value with its place, without a type yet.

Made by loader (YAML) and by `from_json` (what a command sent to the server); read by file_decoding.
Never guesses a type.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson

from hookline.sync.read.positions import FilePosition, Positions
from hookline.sync.read.problems import Position

# Whatever reads the tree recurses. 40,000 levels were a segmentation fault of libyaml's composer,
# 4,000 in a thread with a stack of 1 MiB (PyYAML 6.0.3).
MAX_DEPTH: Final = 64
# Bounds what aliases and merges stand for, and so the memory that a small file can take.
MAX_NODES: Final = 1_000_000

# The spellings of null in YAML; any of them in quotes is text.
_PLAIN_NULLS: Final = frozenset(["", "~", "null", "Null", "NULL"])
# Bounded in every part: 1e999 would be infinite, which no JSON can hold.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
# Of null, true, false and numbers.
_OTHER_STARTS: Final = frozenset("~nNtf-0123456789")
# Only numbers that are spelled the same when they come back: 007 and -0 stay text.
_WHOLE = re.compile("0|-?[1-9][0-9]{0,14}")


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value as it is spelled. weight, height: how many values and levels it stands for, so
    that aliases can be counted.
    """

    text: str
    line: int
    column: int
    is_quoted: bool = False
    file: str = ""
    weight: int = 1
    height: int = 1

    @property
    def is_null(self) -> bool:
        return not self.is_quoted and self.text in _PLAIN_NULLS


@dataclass(slots=True, eq=False)
class TaggedKey(Scalar):
    """A key whose tag has been noted: it is no unknown key as well."""


@dataclass(slots=True, eq=False)
class Sequence:
    items: list["Node"]
    line: int
    column: int
    file: str = ""
    weight: int = 1
    height: int = 1


@dataclass(slots=True, eq=False)
class Mapping:
    """entries: by the key's text, the key's node and the value's."""

    entries: dict[str, tuple[Scalar, "Node"]]
    line: int
    column: int
    file: str = ""
    weight: int = 1
    height: int = 1


@dataclass(slots=True, eq=False)
class Unusable:
    """A value whose problem has been noted: no further problem is noted for it."""

    line: int
    column: int
    file: str = ""
    weight: int = 1
    height: int = 1


Node: TypeAlias = Scalar | Sequence | Mapping | Unusable


def position_of(node: Node, file: str) -> Position:
    return Position(node.line, node.column, node.file or file)


def kind_of(node: Node) -> str:
    if isinstance(node, Scalar):
        return "a single value"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def holds_unusable(node: Node) -> bool:
    """True when a problem of the node, or of one inside it, has been noted."""
    if isinstance(node, Mapping):
        return any(holds_unusable(value) for _, value in node.entries.values())
    if isinstance(node, Sequence):
        return any(map(holds_unusable, node.items))
    return isinstance(node, Unusable)


def is_number(text: str) -> bool:
    """True for the spelling of a number that a filter keeps as one."""
    return _NUMBER.fullmatch(text) is not None


def to_json(node: Node, are_fractions_numbers: bool = False) -> object:
    """The JSON that `from_json` makes the same tree of: unquoted true, false, null and short whole
    numbers are that, the rest is text.

    are_fractions_numbers: every unquoted JSON number is one, where the value and not its spelling
    counts (a filter).
    """
    # First what most values are: of 10,000 webhooks 260,000 (2026-11).
    if type(node) is Scalar:
        text = node.text
        if node.is_quoted or (text and text[0] not in _OTHER_STARTS):
            return text
        return _unquoted(text, are_fractions_numbers)
    if isinstance(node, Mapping):
        return {
            key: to_json(value, are_fractions_numbers) for key, (_, value) in node.entries.items()
        }
    if isinstance(node, Sequence):
        return [to_json(item, are_fractions_numbers) for item in node.items]
    return None


def plain_json(text: str) -> object:
    """The JSON of an unquoted value, of any field but a filter."""
    return text if text and text[0] not in _OTHER_STARTS else _unquoted(text, False)


def _unquoted(text: str, are_fractions_numbers: bool) -> object:
    if text in _PLAIN_NULLS:
        return None
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    is_number = are_fractions_numbers and _NUMBER.fullmatch(text)
    return orjson.loads(text) if is_number else text


def from_json(
    value: object,
    positions: Positions,
    around: FilePosition = ("", 1, 1),
) -> Node:
    """The tree of a decoded JSON value. A value without a position of its own stands where the
    value around it stands.

    Raises RecursionError beyond 64 levels.
    """
    return _from_json(value, positions, "", positions.get("") or around, 0)


def _from_json(
    value: object, positions: Positions, path: str, here: FilePosition, depth: int
) -> Node:
    """path: with a dot at its end, where it is not empty; here: the value's own position."""
    if depth > MAX_DEPTH:
        raise RecursionError("the document is nested deeper than 64 levels")
    file, line, column = here
    if isinstance(value, str):
        return Scalar(value, line, column, True, file)
    if isinstance(value, dict):
        entries = {}
        for key, item in value.items():
            at = positions.get(path + key) or here
            name = Scalar(key, at[1], at[2], False, at[0])
            entries[key] = (name, _from_json(item, positions, f"{path}{key}.", at, depth + 1))
        return Mapping(entries, line, column, file)
    if isinstance(value, list):
        items = []
        for index, item in enumerate(value):
            at = positions.get(f"{path}{index}") or here
            items.append(_from_json(item, positions, f"{path}{index}.", at, depth + 1))
        return Sequence(items, line, column, file)
    return Scalar("null" if value is None else str(value).lower(), line, column, file=file)


def put_text(around: object, path: tuple[str, ...], text: str) -> None:
    """Puts a text in its place in JSON. There is none where a key was refused."""
    for step in path[:-1]:
        around = around[int(step)] if isinstance(around, list) else _entry(around, step)
    if isinstance(around, list):
        around[int(path[-1])] = text
    elif isinstance(around, dict) and path[-1] in around:
        around[path[-1]] = text


def _entry(around: object, key: str) -> object:
    return around.get(key) if isinstance(around, dict) else None
