"""A document that a command sent: JSON, positions and secrets to the same webhooks that its file
has. Called by api/schema/sync, off the loop.

It trusts nothing: everything is checked as if a stranger had written it.
"""

from collections.abc import Mapping

from hookline.form.kinds import Bounds
from hookline.sync.read import document
from hookline.sync.read.document import Document
from hookline.sync.read.moves import check_moves
from hookline.sync.read.nodes import MAX_DEPTH, MAX_NODES, Node, Positions, from_json
from hookline.sync.read.positions import unpacked
from hookline.sync.read.problems import Position, Problems, SyncProblem
from hookline.sync.read.references import GivenReferences


def decode(
    content: object,
    positions: object,
    secrets: Mapping[tuple[str, ...], str],
    bounds: Bounds,
    may_be_unknown: bool = False,
) -> tuple[Document, Problems]:
    """content: as `Document.content`. positions: by dotted path, `[file, line, column]`, or grouped
    as `packed` does; what is no position is passed over.

    secrets: by path in the content. The document is to be used only when the problems hold no
    error.
    """
    problems = Problems("")
    root = _tree(content, unpacked(positions), problems)
    if root is None:
        return Document(""), problems
    found = document.decode(root, bounds, GivenReferences(secrets, may_be_unknown), problems)
    check_moves(found, problems)
    return found, problems


def _tree(content: object, positions: Positions, problems: Problems) -> Node | None:
    # Counted before it is copied into nodes, each of which takes more memory than its value.
    if not _has_room(content):
        problems.add(
            SyncProblem(
                "too-many-nodes", f"the document holds more than {MAX_NODES:,} values", Position()
            )
        )
        return None
    try:
        return from_json(content, positions)
    except RecursionError:
        problems.add(
            SyncProblem(
                "too-deep", f"the document is nested deeper than {MAX_DEPTH} levels", Position()
            )
        )
        return None


def _has_room(content: object) -> bool:
    """True when the tree stays below the limit that files have too; a value in a mapping counts
    with its key.
    """
    # A list of its own instead of recursion: the depth is checked only when the tree is made.
    seen, waiting = 0, [content]
    while waiting and seen <= MAX_NODES:
        value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            seen += len(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return seen <= MAX_NODES
