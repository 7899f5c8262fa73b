"""A webhook's entries over the defaults of its file. Called by document. Pure."""

from hookline.form.kinds import FieldKind, Record
from hookline.form.webhook_fields import FIELDS
from hookline.form.webhook_kinds import Headers, Labels, SecretHeader
from hookline.sync.read.file_fields import LIFECYCLE
from hookline.sync.read.nodes import Mapping, Node, Scalar

Entries = dict[str, tuple[Scalar, Node]]
"""By the key, its node and the value's."""

# Kinds whose defaults are filled in entry by entry; any other value replaces its default.
_MAPS = (Headers, Labels, Record, SecretHeader)


def merged(defaults: Entries, own: Entries) -> Entries:
    """The entries of both: maps merge, everything else replaces. own: may have unknown keys, which
    stay.
    """
    whole = {**defaults, **own}
    for name in defaults.keys() & own.keys():
        (_, ours), (_, theirs) = own[name], defaults[name]
        kind: FieldKind = LIFECYCLE.kind if name == "lifecycle" else FIELDS[name].kind
        if isinstance(kind, _MAPS) and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            # Names of headers are the same in any case, so the webhook's x-id replaces the
            # default's X-Id.
            fold = str.lower if isinstance(kind, Headers) else str
            taken = {fold(text) for text in ours.entries}
            inherited = {
                text: entry for text, entry in theirs.entries.items() if fold(text) not in taken
            }
            whole[name] = (
                own[name][0],
                Mapping({**inherited, **ours.entries}, ours.line, ours.column, ours.file),
            )
    return whole
