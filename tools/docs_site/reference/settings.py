"""The page of settings."""

from typing import Any, Final

from hookline.settings.environment import PREFIX
from hookline.settings.fields import Settings
from hookline.settings.listing import describe
from tools.docs_site.reference.markdown import cell, code, table

_HEAD: Final = """# Settings

Made from the code. Environment variables, read once at the start; a wrong value stops it with a sentence that
names it. `hookline settings` shows those that are in force, secrets masked, and warns of names that are none.
"""


def page() -> str:
    shown = describe(Settings.model_construct())
    rows = (
        [code(row.name), code(row.value), cell(row.description) + _range(row.name)] for row in shown
    )
    return _HEAD + "\n" + table(["setting", "default", ""], rows)


def _range(name: str) -> str:
    """The bounds of a number as a sentence; empty without any."""
    bounds: dict[str, Any] = {}
    for rule in Settings.model_fields[name.removeprefix(PREFIX).lower()].metadata:
        bounds |= {key: getattr(rule, key) for key in ("ge", "gt", "le") if hasattr(rule, key)}
    least = f"at least {bounds['ge']}" if "ge" in bounds else ""
    least = f"more than {bounds['gt']}" if "gt" in bounds else least
    most = f"at most {bounds['le']}" if "le" in bounds else ""
    said = ", ".join(part for part in (least, most) if part)
    return f" {said[0].upper()}{said[1:]}." if said else ""
