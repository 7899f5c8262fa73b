"""Scopes, the rights to one kind of operation each, and roles, which are named sets of them. A
scope of SET_SCOPES may be bound to one set: `sync:apply:team-a`.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

SCOPES: Final[Mapping[str, str]] = {
    "webhooks:read": "Read webhooks.",
    "deliveries:read": "Read events, deliveries and attempts, and follow them live.",
    "events:publish": "Publish events.",
    "webhooks:write": "Create, change, switch and delete webhooks.",
    "deliveries:retry": "Send deliveries again.",
    "webhooks:listen": "Receive events on a developer's machine with hookline listen.",
    "sync:plan": "Compare a YAML file with what is there.",
    "sync:apply": "Apply a YAML file.",
    "secrets:read": "See signing secrets.",
    "tokens:admin": "Make, list and revoke tokens.",
    "webhooks:audit": "Read who changed which webhook.",
    "audit:read": "Read who changed what, webhooks and all else.",
    "webhooks:force": "Change by hand what a YAML file owns.",
}
"""Every scope and what it allows, in the order in which they are shown."""
SET_SCOPES: Final = ("sync:plan", "sync:apply")

_READ = ("webhooks:read", "deliveries:read")
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "viewer": _READ,
    "publisher": ("events:publish",),
    "editor": (
        *(*_READ, "events:publish", "webhooks:write", "deliveries:retry", "webhooks:listen"),
        "webhooks:audit",
    ),
    "sync": (*_READ, *SET_SCOPES),
    "admin": tuple(SCOPES),
}

# The name of a set, as hookline.form.check.SLUG has it: this package knows no forms.
_BOUND: Final = re.compile(f"({'|'.join(SET_SCOPES)}):([a-z0-9-]{{1,63}})")


def roles_with(scope: str) -> list[str]:
    """Names of the roles that have a scope, bound to a set or not, those with the fewest first."""
    bound = _BOUND.fullmatch(scope)
    plain = bound[1] if bound else scope
    having = [role for role, scopes in ROLES.items() if plain in scopes]
    return sorted(having, key=lambda role: len(ROLES[role]))


def role_of(scopes: Collection[str]) -> str | None:
    """The role that has exactly these scopes; None for scopes that were chosen one by one."""
    held = frozenset(scopes)
    return next((role for role, named in ROLES.items() if held == frozenset(named)), None)


def is_scope(text: str) -> bool:
    """True for a scope, bound to a set or not."""
    return text in SCOPES or _BOUND.fullmatch(text) is not None


def covers(held: Collection[str], scope: str) -> bool:
    """True when a token with the held scopes may do what the scope allows: a scope of every set
    covers the same one of a single set, and never the other way round.
    """
    bound = _BOUND.fullmatch(scope)
    return scope in held or (bound is not None and bound[1] in held)


def bound_to(scopes: Collection[str], set_name: str) -> tuple[str, ...]:
    """The scopes with those of SET_SCOPES bound to a set."""
    return tuple(f"{scope}:{set_name}" if scope in SET_SCOPES else scope for scope in scopes)


def with_implied(scopes: Collection[str]) -> tuple[str, ...]:
    """The scopes with those that they include: who may read the whole audit log may read that of
    webhooks.
    """
    return (*scopes, "webhooks:audit") if "audit:read" in scopes else tuple(scopes)


def in_order(scopes: Collection[str]) -> tuple[str, ...]:
    """The scopes in the order of the table, each once; those that are bound to sets follow."""
    plain = [scope for scope in SCOPES if scope in scopes]
    return (*plain, *sorted({scope for scope in scopes if _BOUND.fullmatch(scope)}))
