"""Scopes, the rights to one kind of operation each, and roles, which are named sets of them."""

from collections.abc import Mapping
from typing import Final

SCOPES: Final[Mapping[str, str]] = {
    "webhooks:read": "Read webhooks.",
    "deliveries:read": "Read events, deliveries and attempts, and follow them live.",
    "events:publish": "Publish events.",
    "webhooks:write": "Create, change, switch and delete webhooks.",
    "deliveries:retry": "Send deliveries again.",
    "sync:plan": "Compare a YAML file with what is there.",
    "sync:apply": "Apply a YAML file.",
    "secrets:read": "See signing secrets.",
    "tokens:admin": "Make, list and revoke tokens.",
    "audit:read": "Read who changed what.",
    "webhooks:force": "Change by hand what a YAML file owns.",
    "actor:name": "Act under another name, for programs that pass on what people do.",
}
"""Every scope and what it allows, in the order in which they are shown."""

_READ = ("webhooks:read", "deliveries:read")
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "viewer": _READ,
    "publisher": ("events:publish",),
    "editor": (*_READ, "events:publish", "webhooks:write", "deliveries:retry"),
    "sync": (*_READ, "sync:plan", "sync:apply"),
    "admin": tuple(SCOPES),
}
