"""Fields of a webhook for the commands that read and write one, from the table of fields. Imported
by those alone: the table takes 0.05 s of CPU (2026-11).
"""

from typing import Final

from hookline.form.text_kind import Text
from hookline.form.webhook_fields import FIELDS

_PARTS: Final = {
    "headers": "{ name value }",
    "secretHeader": "{ name }",
    "basicAuth": "{ username }",
    "retry": "{ schedule }",
    "labels": "{ key value }",
    "autoDisable": "{ failures over }",
}
"""Selections of fields that have fields of their own, without their secrets."""
# Changed by commands of their own; the API reads them elsewhere.
_APART: Final = frozenset({"active", "signingAlgorithm", "signingSecret"})


def editable() -> dict[str, str]:
    """The fields that `edit` changes, each as a query selects it."""
    return {
        name: f"{name} {_PARTS[name]}" if name in _PARTS else name
        for name in FIELDS
        if name not in _APART
    }


def is_text(name: str) -> bool:
    """True of a field whose value is a text, whatever that looks like."""
    row = FIELDS.get(name)
    if row is None:
        return name == "slug"
    schema = row.kind.schema()
    return "enum" in schema or schema.get("type") == "string" or isinstance(row.kind, Text)
