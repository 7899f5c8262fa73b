"""A webhook's entries over the defaults of its file. Called by file_decoding. Pure."""

from collections.abc import Collection
from typing import Any, TypeVar

from hookline.form.kinds import FieldKind, Record
from hookline.form.webhook_fields import FIELDS
from hookline.form.webhook_kinds import Headers, Labels, SecretHeader
from hookline.sync.read.file_fields import LIFECYCLE
from hookline.sync.read.nodes import MAX_NODES, Mapping, Node, Scalar
from hookline.sync.read.room import MAX_CHARACTERS, Size, Used, size_of

T = TypeVar("T")
Entries = dict[str, tuple[Scalar, Node]]
"""By the key, its node and the value's."""

# Kinds whose defaults are filled in entry by entry; any other value replaces its default.
_MAPS = (Headers, Labels, Record, SecretHeader)


def default_entries(root: Node) -> Entries:
    """The entries of a file's defaults; none where they are no mapping."""
    found = root.entries.get("defaults") if isinstance(root, Mapping) else None
    node = found[1] if found else None
    return node.entries if isinstance(node, Mapping) else {}


def merged(defaults: Entries, own: Entries) -> Entries:
    """The entries of both: maps merge, everything else replaces. own: may have unknown keys, which
    stay.
    """
    whole = {**defaults, **own}
    for name in defaults.keys() & own.keys():
        (_, ours), (_, theirs) = own[name], defaults[name]
        if _is_map(name) and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            entries = _filled_in(name, theirs.entries, ours.entries)
            whole[name] = (own[name][0], Mapping(entries, ours.line, ours.column, ours.file))
    return whole


# Any: JSON.
def merged_content(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """As `merged`, of fields as they are sent."""
    whole = {**defaults, **own}
    for name in defaults.keys() & own.keys():
        ours, theirs = own[name], defaults[name]
        if _is_map(name) and isinstance(ours, dict) and isinstance(theirs, dict):
            whole[name] = _filled_in(name, theirs, ours)
    return whole


def count_filled(
    defaults: Entries, webhooks: Collection[Collection[str]], used: Used
) -> str | None:
    """Counts the defaults as often as they are filled in. Returns what there is too much of then,
    in words, or None. webhooks: the fields that each gives itself.
    """
    for name, (_, node) in defaults.items():
        # What is none of a webhook's fields is filled into none.
        if name not in FIELDS and name != "lifecycle":
            continue
        size = size_of(node)
        # A map is looked through, also where the webhook has its own.
        times = len(webhooks) if _is_map(name) else sum(name not in own for own in webhooks)
        used.fill(Size(times * size.values, times * size.characters))
    if used.filled > MAX_NODES:
        return f"{MAX_NODES:,} values"
    return f"{MAX_CHARACTERS:,} characters" if used.characters > MAX_CHARACTERS else None


def _kind(name: str) -> FieldKind:
    return LIFECYCLE.kind if name == "lifecycle" else FIELDS[name].kind


def _is_map(name: str) -> bool:
    return isinstance(_kind(name), _MAPS)


def _filled_in(name: str, defaults: dict[str, T], own: dict[str, T]) -> dict[str, T]:
    # Names of headers are the same in any case, so the webhook's x-id replaces the default's X-Id.
    fold = str.lower if isinstance(_kind(name), Headers) else str
    taken = {fold(text) for text in own}
    return {text: item for text, item in defaults.items() if fold(text) not in taken} | own
