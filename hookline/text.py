"""Rules of text: control characters in names, descriptions and reasons; a URL as it may be shown,
which messages use wherever they name a server. Pure.
"""

import re
from typing import Final
from urllib.parse import urlsplit

# C0 and C1, which terminals and mail headers obey. Halves of surrogate pairs: UTF-8, and so
# PostgreSQL, has no bytes for them.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LINES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_SECRET_PARAMETER: Final = re.compile(
    "((?:^|&)[^=&]*(?:pass|token|secret|key)[^=&]*=)[^&]*", re.IGNORECASE
)


def is_one_line(text: str) -> bool:
    """Checks that the text has no control character and no half of a surrogate pair."""
    return not _CONTROL.search(text)


def is_lines(text: str) -> bool:
    """Checks as `is_one_line`, with line feeds and tabs allowed."""
    return not _CONTROL_BUT_LINES.search(text)


def mask_url(url: str) -> str:
    """The URL without its password, also where that stands in the query."""
    head, mark, query = url.partition("?")
    authority = urlsplit(head).netloc
    user, at, host = authority.rpartition("@")
    shown = user.partition(":")[0] + (":********" if ":" in user else "") + at + host
    return head.replace(authority, shown, 1) + mark + _SECRET_PARAMETER.sub(r"\1********", query)
