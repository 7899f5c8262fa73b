"""The JSON Schema of a webhooks file, for editors: made from the tables that the loader checks
with. Called by `hookline sync schema`.
"""

from typing import Any, Final

from hookline.form.check import SLUG
from hookline.form.kinds import REFERENCE, FieldKind
from hookline.form.webhook_fields import FIELDS
from hookline.sync.read.file_fields import FILE_FIELDS, LIFECYCLE

ID: Final = "webhooks.v1.schema.json"


def make() -> dict[str, Any]:
    """The schema (JSON Schema, draft 2020-12)."""
    fields = {
        name: _described(row.kind, row.reference, row.default) for name, row in FIELDS.items()
    }
    fields["lifecycle"] = _described(LIFECYCLE.kind, LIFECYCLE.description, None)
    own = {
        name: _described(row.kind, row.description, row.default)
        for name, row in FILE_FIELDS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Webhooks of a Hookline set",
        "type": "object",
        "required": [name for name, row in FILE_FIELDS.items() if row.is_required] + ["webhooks"],
        "properties": {
            **own,
            "defaults": {
                "description": "Filled into every webhook below: maps merge, everything else is "
                "replaced.",
                "$ref": "#/$defs/webhook",
            },
            "webhooks": {
                "description": "The webhooks by their slug, which is their identity. Each needs "
                "url, environments and events, here or by defaults.",
                "type": "object",
                # Patterns of JSON Schema match anywhere in a text unless they are anchored.
                "propertyNames": {"pattern": f"^(?:{SLUG})$"},
                "additionalProperties": {"$ref": "#/$defs/webhook"},
            },
        },
        "patternProperties": {"^x-": {"description": "Kept for YAML anchors, ignored."}},
        "additionalProperties": False,
        "$defs": {
            "webhook": {"type": "object", "properties": fields, "additionalProperties": False},
            "reference": {
                "description": "Text with a reference, which the command resolves: ${env:NAME}, "
                "${env:NAME:-default} or ${file:PATH}.",
                "type": "string",
                "pattern": REFERENCE,
            },
        },
    }


def _described(kind: FieldKind, description: str, default: object) -> dict[str, Any]:
    shown = {"default": default} if default not in (None, []) else {}
    return {"description": description, **_referable(kind.schema()), **shown}


def _referable(schema: Any) -> Any:
    """The schema of a value that may hold references wherever it is text of a certain form."""
    if isinstance(schema, list):
        return [_referable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    is_text = schema.get("type") == "string" and schema.get("pattern") != REFERENCE
    if is_text or "enum" in schema:
        described = {key: schema[key] for key in ("description",) if key in schema}
        form = {key: value for key, value in schema.items() if key != "description"}
        return {**described, "anyOf": [form, {"$ref": "#/$defs/reference"}]}
    return {key: _referable(value) for key, value in schema.items()}
