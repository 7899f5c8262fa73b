"""Payload templates: what they are given, which escaping their content type asks for, and the
sample that a new one must render. Pure. The language is minijinja's (Jinja 2). A placeholder in
JSON prints a whole JSON value, so that no data can break out of its place.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

JSON: Final = "application/json"
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_MEDIA_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}(?:; ?{_TOKEN}=(?:{_TOKEN}|"[ !#-\[\]-~]*"))*')
CONTENT_TYPE_LENGTH: Final = 200

Facts = Mapping[str, Any]  # JSON values by the names that templates use


def is_content_type(text: str) -> bool:
    """A media type with its parameters (RFC 9110, 8.3.1)."""
    return len(text) <= CONTENT_TYPE_LENGTH and _MEDIA_TYPE.fullmatch(text) is not None


def escape_of(content_type: str) -> str:
    """json, html (for XML too) or none: how a placeholder's value is written."""
    essence = content_type.partition(";")[0].strip().lower()
    if essence == JSON or essence.endswith("+json") or essence == "text/json":
        return "json"
    return (
        "html"
        if essence in ("text/html", "application/xml", "text/xml") or essence.endswith("+xml")
        else "none"
    )


def event_facts(key: str, event_type: str, environment: str, timestamp: str, data: Any) -> Facts:
    """key: the event's id, evt_…; timestamp: when it occurred, RFC 3339; data: JSON, or an
    orjson.Fragment of it.
    """
    noun, model, action = event_type.split(".")
    names = {"id": key, "type": event_type, "object": noun, "model": model, "action": action}
    return {**names, "environment": environment, "timestamp": timestamp, "data": data}


def webhook_facts(key: str, slug: str, name: str, labels: Sequence[tuple[str, str]]) -> Facts:
    """key: the webhook's id, wh_…. Neither its URL nor anything secret."""
    return {"id": key, "slug": slug, "name": name, "labels": dict(labels)}


SAMPLE_EVENT: Final = event_facts(
    "evt_01h455vb4pex5vsknk084sn02q", "order.order.create", "production", "2026-01-01T00:00:00Z", {}
)
SAMPLE_WEBHOOK: Final = webhook_facts("wh_01h455vb4pex5vsknk084sn02q", "sample", "Sample", [])
