"""The reference of a webhook's fields as Markdown, made from the table. `make schema` writes it to
docs/webhooks.md; `make check` compares them.
"""

import json
import sys
from typing import Final

from hookline.form.kinds import Schema
from hookline.form.webhook_fields import FIELDS, Field

_HEAD: Final = """# Fields of a webhook

Made from the table in `hookline/form/webhook_fields.py` by `make schema`. The names are those of
the inputs `webhookCreate` and `webhookUpdate` and of the YAML file ([sync.md](sync.md)). GraphQL
writes `headers` and `labels` as lists of objects, YAML as mappings; a secret in YAML is a reference
such as `${env:NAME}`.

| field | YAML | default | description |
|---|---|---|---|
"""
_TYPES: Final = {
    "string": "text",
    "integer": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}


def markdown() -> str:
    """The whole page."""
    return _HEAD + "".join(map(_line, FIELDS.values()))


def _line(row: Field) -> str:
    lines = _cells(row.name, row.kind.schema(), _default(row), row.reference)
    parts = row.kind.schema().get("properties", {})
    for name, schema in parts.items() if isinstance(parts, dict) else ():
        lines += _cells(f"{row.name}.{name}", schema, "", schema.get("description", ""))
    return lines


def _cells(name: str, schema: Schema, default: str, text: str) -> str:
    escaped = text.replace("|", r"\|").replace("*", r"\*")
    return f"| `{name}` | {_type(schema)} | {default} | {escaped} |\n"


def _default(row: Field) -> str:
    if row.is_required:
        return "required"
    return "" if row.default in (None, []) else f"`{json.dumps(row.default)}`"


def _type(schema: Schema) -> str:
    if isinstance(choices := schema.get("enum"), list):
        return " or ".join(f"`{choice}`" for choice in choices)
    if "anyOf" in schema:
        return "text or list"
    found = schema["type"]
    return _TYPES[found[0] if isinstance(found, list) else str(found)]


if __name__ == "__main__":
    sys.stdout.write(markdown())
