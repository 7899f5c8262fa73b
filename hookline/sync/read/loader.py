"""YAML to a tree with places, or problems. Called for every file; composer makes the tree. Never
raises for anything that a file may hold.
"""

from dataclasses import dataclass
from typing import Any

from hookline.sync.read.composer import Composer, parser_class
from hookline.sync.read.file_text import MAX_FILE_BYTES, text_of
from hookline.sync.read.nodes import Node, Scalar
from hookline.sync.read.problems import FileRefused, Position, Problems, SyncProblem
from hookline.sync.read.room import Used


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """root: None when the file can't be read on."""

    root: Node | None
    problems: Problems


# Any: PyYAML's parsers have no common type.
def load(
    data: bytes,
    file: str,
    parser: Any = None,
    problems: Problems | None = None,
    used: Used | None = None,
) -> LoadedFile:
    """The tree of one file's bytes and all that is wrong with its form. parser: PyYAML's class,
    libyaml's when there is one; problems, used: those of the set that the file is one of.
    """
    problems, used = problems or Problems(file), used or Used()
    problems.file = file
    try:
        parser = parser or parser_class()
        composer = Composer(
            parser, text_of(data, file), problems, used.nodes, used.expanded, used.characters
        )
        return LoadedFile(_composed(composer, used, file), problems)
    except FileRefused as refused:
        problems.add(refused.problem)
        return LoadedFile(None, problems)


def _composed(composer: Composer, used: Used, file: str) -> Node:
    """Raises FileRefused."""
    try:
        root = composer.compose()
    finally:
        used.nodes, used.expanded = composer.nodes, composer.expanded
        used.characters = composer.characters
    if root is None or (isinstance(root, Scalar) and root.is_null):
        hint = "write 'webhooks: {}' for a set without webhooks"
        raise FileRefused(
            SyncProblem("empty-file", "the file is empty", Position(file=file), hint=hint)
        )
    return root


def lines_of(data: bytes) -> list[str]:
    """The lines of a file for excerpts, without line ends, whatever is in it."""
    text = data[:MAX_FILE_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").split("\n")
