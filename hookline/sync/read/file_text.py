"""Text of a webhooks file's bytes, or the problem that keeps it from being read: size, encoding,
characters that hide something. Called by loader.
"""

import re
from typing import Final

from hookline.sync.read.problems import FileRefused, Position, SyncProblem

# 10,000 webhooks, the most that the sync is made for, are 6.7 MB.
MAX_FILE_BYTES: Final = 8 * 1024 * 1024

# What YAML or a terminal treats specially and an editor does not: it would shift line numbers or
# hide text.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)"
)

_ALLOWED_ASCII: Final = b"\t\n" + bytes(range(0x20, 0x7F))


def text_of(data: bytes, file: str) -> str:
    """The file's text. Raises FileRefused where it is too large, not UTF-8, or holds a character
    that hides something.
    """
    if len(data) > MAX_FILE_BYTES:
        message = f"the file has more than {MAX_FILE_BYTES:,} bytes, which is the most that is read"
        raise FileRefused(
            SyncProblem(
                "file-too-large",
                message,
                Position(file=file),
                hint="split the webhooks into several sets",
            )
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused(
            SyncProblem(
                "encoding", "the file is UTF-16", Position(file=file), hint="save it as UTF-8"
            )
        )
    text = _decoded(data.removeprefix(b"\xef\xbb\xbf"), file)
    if refused := hidden_character(text):
        message = f"character U+{ord(refused[0][0]):04X} is not allowed here"
        hint = "write it as an escape in double quotes, or remove it"
        raise FileRefused(
            SyncProblem(
                "bad-character", message, _position_in(text[: refused.start()], file), hint=hint
            )
        )
    return text


def _decoded(data: bytes, file: str) -> str:
    """Raises FileRefused."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _position_in(data[: error.start].decode("utf-8"), file)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise FileRefused(
            SyncProblem("encoding", message, place, hint="save the file as UTF-8")
        ) from None


def hidden_character(text: str) -> re.Match[str] | None:
    """The first character that no file may hold."""
    # Of ASCII, as most files are, without the pattern, which takes ten times as long (2026-11).
    if text.isascii() and not text.encode("ascii").translate(None, _ALLOWED_ASCII):
        return None
    return _REFUSED.search(text)


def _position_in(before: str, file: str) -> Position:
    """The position of the character after this text."""
    return Position(before.count("\n") + 1, len(before) - before.rfind("\n"), file)
