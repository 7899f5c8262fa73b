"""A document that a command sent: JSON, positions and secrets to the same webhooks that its file
has. Called by api/schema/sync, off the loop.

It trusts nothing: everything is checked as if a stranger had written it.
"""

from collections.abc import Mapping

from hookline.form.check import check_slug
from hookline.form.kinds import Bounds
from hookline.sync.read.document import Document, DocumentWebhook
from hookline.sync.read.fast_path import FastPath
from hookline.sync.read.file_decoding import decode_by_tree
from hookline.sync.read.moves import check_moves
from hookline.sync.read.nodes import MAX_DEPTH, MAX_NODES, Node, from_json
from hookline.sync.read.positions import Positions, unpacked
from hookline.sync.read.problems import Position, Problems, SyncProblem
from hookline.sync.read.references import GivenReferences

# Of what was sent without places.
_NOWHERE = ("", 1, 1)


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
    problems, places = Problems(""), unpacked(positions)
    references = GivenReferences(secrets, may_be_unknown)
    fast_path = FastPath(bounds, references)
    taken, rest = _taken_fast(content, places, fast_path)
    fast_path.end()
    root = _tree(content, rest, places, problems)
    if root is None:
        return Document(""), problems
    found = decode_by_tree(root, bounds, references, problems)
    found.webhooks = _in_order(content, {**found.webhooks, **taken.webhooks})
    found.secrets |= taken.secrets
    found.positions = places
    check_moves(found, problems)
    return found, problems


def _taken_fast(content: object, places: Positions, fast_path: FastPath) -> tuple[Document, object]:
    """The webhooks with which nothing is wrong, and the content without them."""
    taken = Document("")
    webhooks = content.get("webhooks") if isinstance(content, dict) else None
    # A command fills the defaults in; from others they come as in a file, for the tree.
    if not isinstance(content, dict) or "defaults" in content or not isinstance(webhooks, dict):
        return taken, content
    left, placed = dict[str, object](), places.below("webhooks")
    for slug, fields in webhooks.items():
        is_usual = isinstance(fields, dict) and not check_slug(slug)
        found = fast_path.webhook(slug, fields) if is_usual else None
        if found is None:
            left[slug] = fields
            continue
        file, line, column = placed.get(slug, _NOWHERE)
        position = Position(line, column, file)
        taken.webhooks[slug] = DocumentWebhook(slug, found.values, position, found.lifecycle)
        taken.secrets |= {
            path: secret for path, secret in found.secrets.items() if isinstance(secret, str)
        }
    return taken, {**content, "webhooks": left}


def _in_order(content: object, webhooks: dict[str, DocumentWebhook]) -> dict[str, DocumentWebhook]:
    """The webhooks in the order in which they were sent."""
    sent = content.get("webhooks") if isinstance(content, dict) else None
    slugs = sent if isinstance(sent, dict) else webhooks
    return {slug: webhooks[slug] for slug in slugs if slug in webhooks}


def _tree(content: object, rest: object, positions: Positions, problems: Problems) -> Node | None:
    """The tree of the rest; None after noting that the whole content is too large or too deep."""
    # Counted before it is copied into nodes, each of which takes more memory than its value.
    if not _has_room(rest):
        problems.add(
            SyncProblem(
                "too-many-nodes", f"the document holds more than {MAX_NODES:,} values", Position()
            )
        )
        return None
    try:
        return from_json(rest, positions)
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
