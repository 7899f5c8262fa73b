"""Names of event types of other products as patterns of ours: object.model.action. Called by the
entries. Pure.
"""

import re
from hashlib import sha256
from typing import Final

from hookline.form.event_names import PART_LENGTH, pattern_fault

EVERY: Final = "*.*.*"
_SIGNS: Final = re.compile("[^a-z0-9_-]+")


def pattern_of(name: str) -> str:
    """The pattern for a name; the same for a name that is one. Never fails.

    Examples: `charge.succeeded` is `charge.charge.succeeded`, `user.Signed Up` is
    `user.user.signed-up`, `a.b.c.d` is `a.b.c_d`, `*` is `*.*.*`.
    """
    if pattern_fault(name) is None:
        return name
    parts = [_part(part) for part in name.split(".") if part] or [_part(name)]
    if set(parts) == {"*"}:
        return EVERY
    if len(parts) < 3:
        parts = [parts[0]] * (3 - len(parts)) + parts
    last = "*" if "*" in parts[2:] else _cut("_".join(parts[2:]), name)
    return ".".join([*parts[:2], last])


def _part(text: str) -> str:
    if text == "*":
        return text
    plain = _SIGNS.sub("-", text.lower()).strip("_-")
    # Letters of other scripts leave nothing: a name that is told apart is better than none.
    return _cut(plain or f"x{_short(text)}", text)


def _cut(part: str, name: str) -> str:
    """A part within its length; two that begin alike stay two."""
    return part if len(part) <= PART_LENGTH else f"{part[: PART_LENGTH - 9]}-{_short(name)}"


def _short(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
