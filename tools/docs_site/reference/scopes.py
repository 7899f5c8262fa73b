"""The page of roles and scopes."""

import re
from typing import Final

from hookline.access.scopes import ROLES, SCOPES, SET_SCOPES
from tools.docs_site.reference.graphql import root_fields
from tools.docs_site.reference.markdown import cell, table

_HEAD: Final = """# Roles and scopes

Made from the code. A token has scopes; a role is a named set of them: `hookline token create NAME --role ROLE`.
A query without a scope that it needs gets null for that field and an error `FORBIDDEN`; everything else of it is
answered.
"""
_REQUIRED: Final = re.compile(r"Requires the scopes? ([a-z:, ]+)")


def page() -> str:
    parts = [_HEAD, "## Roles\n"]
    parts.append(
        table(
            ["scope", *(f"`{role}`" for role in ROLES)],
            (
                [f"`{scope}`", *("yes" if scope in held else "" for held in ROLES.values())]
                for scope in SCOPES
            ),
        )
    )
    parts.append("## Scopes\n")
    needed = operations_by_scope()
    parts.append(
        table(
            ["scope", "allows", "asked for by"],
            (
                [f"`{scope}`", cell(text), ", ".join(map(_link, needed.get(scope, [])))]
                for scope, text in SCOPES.items()
            ),
        )
    )
    bound = " and ".join(f"`{scope}`" for scope in SET_SCOPES)
    parts.append(
        f"{bound} may be bound to one set of webhooks files: `sync:apply:team-a` allows what the scope without a set "
        "allows, for that set only (`hookline token create ci --role sync --set team-a`).\n"
    )
    return "\n".join(parts)


def operations_by_scope() -> dict[str, list[str]]:
    """Names of the operations whose descriptions ask for each scope."""
    found: dict[str, list[str]] = {}
    for _, name, field in root_fields():
        asked = _REQUIRED.search(field.description or "")
        for scope in SCOPES if asked else ():
            if asked and scope in asked[1] and name not in found.get(scope, []):
                found.setdefault(scope, []).append(name)
    return found


def _link(name: str) -> str:
    return f"[{name}](graphql-operations.md#{name.lower()})"
