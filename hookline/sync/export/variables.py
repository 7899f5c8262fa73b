"""Environment variables that stand for the secrets of a webhook in a file. Called by export and
import. Pure; a name never depends on the secret.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_NO_NAME: Final = re.compile("[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that an entry refers to. path: what it stands for."""

    name: str
    path: str


@dataclass(slots=True)
class VariableNames:
    """The variables of one webhook, in the order in which they were asked for."""

    slug: str
    variables: list[Variable] = field(default_factory=list)

    def reference(self, part: str, path: str) -> str:
        """A reference to a variable that no other secret has. part: of its name."""
        name, taken = variable_name(self.slug, part), {one.name for one in self.variables}
        # Headers X-A-Key and X_A_Key are two.
        number = 1
        while (unique := name if number == 1 else f"{name}{number}") in taken:
            number += 1
        return self.known(unique, path)

    def header(self, name: str) -> str:
        """A reference for the value of a header."""
        part = _NO_NAME.sub("_", name.upper()).strip("_")
        return self.reference(f"HEADER_{part}", f"headers.{name}")

    def known(self, name: str, path: str) -> str:
        """A reference to a variable that has its name already."""
        self.variables.append(Variable(name, path))
        return f"${{env:{name}}}"


def variable_name(slug: str, part: str) -> str:
    """`ORDER_SYNC__PASSWORD`: of no other slug and part. part: without two underscores in a row."""
    base = slug.upper().replace("-", "_")
    # No variable begins with a digit, and HOOKLINE_… is never looked up. In small letters, as no
    # other name has any.
    prefix = "webhook_" if base[0].isdigit() or base.startswith("HOOKLINE") else ""
    return f"{prefix}{base}__{part}"
