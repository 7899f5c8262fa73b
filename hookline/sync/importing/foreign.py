"""Values of another product's file with their places, and notes of what became of each. Called by
the formats. Pure; never puts a value into a note, as any may be a secret.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from hookline.form.kinds import label
from hookline.sync.read.nodes import Mapping, Node, Scalar, Sequence, position_of
from hookline.sync.read.problems import MAX_PROBLEMS, Position, key_name

LEFT_OUT: Final = "left out"
CHANGED: Final = "changed"
REFUSED: Final = "error"
# The spellings of YAML 1.1, which readers in Go keep for fields that are true or false.
_FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a value. kind: LEFT_OUT, CHANGED, or REFUSED for a whole webhook; text: the
    reason, a sentence's end.
    """

    kind: str
    position: Position
    path: str
    text: str


@dataclass(slots=True)
class Notes:
    """found: the first thousand of each kind, as nobody reads more. counts: all, by kind."""

    found: list[Note] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, note: Note) -> None:
        self.counts[note.kind] += 1
        if self.counts[note.kind] <= MAX_PROBLEMS:
            self.found.append(note)

    def in_order(self) -> list[Note]:
        """By their places: the order of the file."""
        return sorted(
            self.found,
            key=lambda note: (
                note.position.file,
                note.position.line,
                note.position.column,
                note.path,
                note.text,
            ),
        )


@dataclass(frozen=True, slots=True)
class ForeignValue:
    """A value of the file. key: what it stands under, of a mapping's value."""

    node: Node
    file: str
    notes: Notes
    path: tuple[str, ...] = ()
    key: Scalar | None = None

    @property
    def name(self) -> str:
        """The last step of the path."""
        return self.path[-1] if self.path else ""

    def leave_out(self, reason: str) -> None:
        self._note(LEFT_OUT, reason)

    def change(self, reason: str) -> None:
        self._note(CHANGED, reason)

    def refuse(self, reason: str) -> None:
        """Notes that a whole webhook can't be written."""
        self._note(REFUSED, reason)

    def _note(self, kind: str, text: str) -> None:
        place = position_of(self.key or self.node, self.file)
        path = label(tuple(map(key_name, self.path)))
        self.notes.add(Note(kind, place, path, text))

    def entries(self) -> dict[str, "ForeignValue"]:
        """The values of a mapping by their keys, but for nulls; none of anything else."""
        if not isinstance(self.node, Mapping):
            self.leave_out("must be a mapping")
            return {}
        return {
            name: replace(self, node=node, key=key, path=(*self.path, name))
            for name, (key, node) in self.node.entries.items()
            if not (isinstance(node, Scalar) and node.is_null)
        }

    def fields(
        self, known: Collection[str], ignored: Collection[str] = ()
    ) -> dict[str, "ForeignValue"]:
        """The values that a format knows; any other is left out with a note. ignored: of records
        and not of settings, such as the time of the last change.
        """
        found = self.entries()
        for name, part in found.items():
            if name not in known and name not in ignored:
                part.leave_out("has no counterpart")
        return {name: part for name, part in found.items() if name in known}

    def items(self) -> list["ForeignValue"]:
        """The values of a list, but for nulls; none of anything else."""
        if not isinstance(self.node, Sequence):
            self.leave_out("must be a list")
            return []
        return [
            replace(self, node=node, key=None, path=(*self.path, str(place)))
            for place, node in enumerate(self.node.items)
            if not (isinstance(node, Scalar) and node.is_null)
        ]

    def is_list(self) -> bool:
        return isinstance(self.node, Sequence)

    def is_mapping(self) -> bool:
        return isinstance(self.node, Mapping)

    def has(self, *names: str) -> bool:
        """True for a mapping with one of these keys."""
        return isinstance(self.node, Mapping) and any(name in self.node.entries for name in names)

    def text(self) -> str | None:
        """The text of a single value, as it is spelled; None, with a note, of anything else."""
        if isinstance(self.node, Scalar):
            return self.node.text
        self.leave_out("must be text")
        return None

    def whole(self) -> int | None:
        """A whole number that is not negative; None, with a note, of anything else."""
        text = self.node.text if isinstance(self.node, Scalar) else ""
        if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
            return int(text)
        self.leave_out("must be a whole number")
        return None

    def flag(self, default: bool) -> bool:
        text = self.node.text.lower() if isinstance(self.node, Scalar) else ""
        if text not in _FLAGS:
            self.leave_out("must be true or false")
        return _FLAGS.get(text, default)
