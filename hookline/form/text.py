"""Control characters: the one rule of names, descriptions and reasons. Called by the form, tokens,
event types and forced changes. Pure.
"""

import re
from typing import Final

# C0 and C1, which terminals and mail headers obey. Halves of surrogate pairs: UTF-8, and so
# PostgreSQL, has no bytes for them.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LINES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def is_one_line(text: str) -> bool:
    """Checks that the text has no control character and no half of a surrogate pair."""
    return not _CONTROL.search(text)


def is_lines(text: str) -> bool:
    """The same, with line feeds and tabs allowed."""
    return not _CONTROL_BUT_LINES.search(text)
