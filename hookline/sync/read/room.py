"""The amount that the files of one set stand for, and its limits. Counted by composer, and of
defaults by file_decoding and plain_file: a small file can name a long text ten thousand times.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.nodes import MAX_NODES, Mapping, Node, Scalar, Unusable

# As many as all files have, and as references stand for.
MAX_CHARACTERS: Final = MAX_FILE_BYTES


class Size(NamedTuple):
    """Values, and the characters of them and of their keys."""

    values: int
    characters: int


def size_of(node: Node) -> Size:
    """The size of all that a node stands for."""
    if isinstance(node, Scalar):
        return Size(1, len(node.text))
    if isinstance(node, Unusable):
        return Size(1, 0)
    values, characters = 1, 0
    if isinstance(node, Mapping):
        inside = [value for _, value in node.entries.values()]
        characters = sum(map(len, node.entries))
    else:
        inside = node.items
    for size in map(size_of, inside):
        values += size.values
        characters += size.characters
    return Size(values, characters)


@dataclass(slots=True)
class Used:
    """Counts of the files of a set so far: values that are written, and by aliases and merges;
    values that defaults are filled in as; characters that aliases, merges and defaults stand for.
    """

    nodes: int = 0
    expanded: int = 0
    filled: int = 0
    characters: int = 0

    @property
    def is_full(self) -> bool:
        return (
            self.nodes + self.expanded > MAX_NODES
            or self.filled > MAX_NODES
            or self.characters > MAX_CHARACTERS
        )

    def copy(self) -> "Used":
        return replace(self)

    def take(self, other: "Used") -> None:
        """Counts as the other does, which was a copy."""
        self.nodes, self.expanded = other.nodes, other.expanded
        self.filled, self.characters = other.filled, other.characters

    def fill(self, size: Size) -> None:
        """Counts defaults that are filled in."""
        self.filled += size.values
        self.characters += size.characters
