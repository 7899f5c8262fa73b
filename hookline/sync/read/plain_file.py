"""The document of a file whose webhooks are of the plainest form and with which nothing is wrong:
no node for each value, and no parser's event. Called by file. What is else is read by the composer,
from the beginning, which alone tells what is wrong; a test compares the two.
"""

import re
from typing import Any, Final

from hookline.form.check import check_slug
from hookline.form.kinds import Bounds
from hookline.form.webhook_fields import SECRET_FIELDS
from hookline.sync.read.defaults import count_filled, default_entries, merged_content
from hookline.sync.read.document import Document, DocumentWebhook
from hookline.sync.read.fast_path import FastPath
from hookline.sync.read.file_decoding import content_of, decode
from hookline.sync.read.file_text import text_of
from hookline.sync.read.loader import load
from hookline.sync.read.nodes import Mapping, Node, Scalar
from hookline.sync.read.plain_lines import PlainWebhook, read_lines
from hookline.sync.read.problems import FileRefused, Position, Problems
from hookline.sync.read.references import References
from hookline.sync.read.room import Used

# Of what `text_of` lets pass, libyaml refuses these (0.2.5).
_REFUSED: Final = re.compile("[\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def read_plain(
    data: bytes,
    name: str,
    bounds: Bounds,
    references: References,
    used: Used,
    is_checked_later: bool = False,
) -> Document | None:
    """The document; None where the composer is to read the file. used: as `load` counts.

    is_checked_later: by who receives its content; then something may be wrong with it, and its
    webhooks have values of the fields alone that may hold secrets.
    """
    try:
        text = text_of(data, name)
    except FileRefused:
        return None
    # Of ASCII that one alone; to look for it is a hundredth of the pattern's time.
    is_refused = "\x7f" in text if text.isascii() else _REFUSED.search(text) is not None
    lines = None if is_refused else read_lines(text)
    if lines is None:
        return None
    problems, own = Problems(name), used.copy()
    # All but the webhooks, as any file is read.
    root = load(lines.rest.encode(), name, None, problems, own).root
    if root is None or not _has_place(root, lines.line):
        return None
    # The key's empty value is counted, and the mapping in its place.
    own.nodes += lines.nodes - 1
    count_filled(default_entries(root), [one.fields for one in lines.webhooks.values()], own)
    if own.is_full:
        return None
    document = decode(root, bounds, references, problems)
    if problems.in_order():
        return None
    fast_path = FastPath(bounds, references, is_checked_later)
    if not _take_all(document, root, lines.webhooks, fast_path, name):
        return None
    used.take(own)
    return document


def _has_place(root: Node, line: int) -> bool:
    """Puts an empty mapping in the place of the webhooks. False where their key is none of the
    file's own, but part of a text.
    """
    found = root.entries.get("webhooks") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not found:
        return False
    key, value = found
    if key.line != line or key.column != 1 or not isinstance(value, Scalar) or not value.is_null:
        return False
    root.entries["webhooks"] = (key, Mapping({}, value.line, value.column))
    return True


def _take_all(
    document: Document,
    root: Node,
    webhooks: dict[str, PlainWebhook],
    fast_path: FastPath,
    file: str,
) -> bool:
    """Adds the webhooks. False where one is none for the fast path."""
    defaults, places = _defaults(root)
    if _refers(defaults):
        return False
    contents, own_places = dict[str, object](), dict[str, tuple[int, int]]()
    for slug, plain in webhooks.items():
        # Whose numbers are read in another way.
        if "filter" in plain.fields or check_slug(slug):
            return False
        content = merged_content(defaults, plain.fields) if defaults else plain.fields
        if (found := fast_path.webhook(slug, content)) is None:
            return False
        contents[slug] = content
        at = Position(plain.line, plain.column, file)
        document.webhooks[slug] = DocumentWebhook(slug, found.values, at, found.lifecycle)
        own_places[slug] = (plain.line, plain.column)
        texts = [place for name, place in places.items() if name not in plain.fields]
        document.positions.put_all(f"webhooks.{slug}", file, " ".join([*texts, *plain.places]))
        for path, secret in found.secrets.items():
            if isinstance(secret, str):
                document.secrets[path] = secret
        # All of them are secrets: of another text with a reference the fast path wants nothing.
        for line, column in plain.references:
            document.secret_positions.append(Position(line, column, file))
    document.positions.put_all("webhooks", file, own_places)
    document.content["webhooks"] = contents
    return True


def _refers(defaults: dict[str, Any]) -> bool:
    """True where a field that holds no secret has a text with a reference."""
    return any("${" in str(value) for name, value in defaults.items() if name not in SECRET_FIELDS)


def _defaults(root: Node) -> tuple[dict[str, Any], dict[str, str]]:
    """The file's defaults as JSON, and the places of their values as `PlainWebhook` has them."""
    entries = default_entries(root)
    places = {name: f"{name}:{value.line}:{value.column}" for name, (_, value) in entries.items()}
    return content_of(entries), places
