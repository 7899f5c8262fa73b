"""Live cursors: positions of the activity log as opaque text. Called by the feed and by the API's
subscriptions.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from contextlib import suppress

from hookline.errors import HooklineError

_CURSOR = re.compile("live:(0|[1-9][0-9]{0,17})")


def encode_cursor(position: int) -> str:
    """The opaque text of a position."""
    return urlsafe_b64encode(b"live:%d" % position).decode().rstrip("=")


def decode_cursor(text: str) -> int:
    """The position in a cursor.

    Raises HooklineError BAD_USER_INPUT for anything that `encode_cursor` could not have written.
    """
    with suppress(Base64Error, ValueError):
        found = _CURSOR.fullmatch(
            urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
        )
        if found and encode_cursor(int(found[1])) == text:
            return int(found[1])
    raise HooklineError(
        "BAD_USER_INPUT",
        "`after` is not a live cursor. Take one from liveCursor or from an event of a "
        "subscription.",
    )
