"""The command of curl that sends a request again, for `hookline logs show --curl`. Pure."""

import re
import shlex
from collections.abc import Iterable
from typing import Final

# Linux takes no argument of more than 128 KiB (MAX_ARG_STRLEN); a command that a shell has built in
# takes any.
_LONGEST_ARGUMENT_BYTES: Final = 100_000


def curl_command(url: str, headers: Iterable[tuple[str, str]], body: str) -> str:
    """Returns one line for a shell. A body that is long, or has signs that a terminal obeys, comes
    through a pipe.
    """
    words = ["curl", "-i", *_options_for(url), quoted(url)]
    for name, value in headers:
        # curl takes `NAME:` for a header to be left out.
        words += ["-H", quoted(f"{name}: {value}" if value.strip() else f"{name};")]
    if body.isprintable() and len(body.encode()) <= _LONGEST_ARGUMENT_BYTES:
        return " ".join([*words, "--data-raw", quoted(body)])
    printf = f"printf %s {quoted(body)}" if body.isprintable() else f"printf {_as_format(body)}"
    return " ".join([printf, "|", *words, "--data-binary", "@-"])


def _options_for(url: str) -> list[str]:
    """Options that keep curl from reading a URL as a pattern, and from shortening its path."""
    is_pattern = re.search(r"[\[\]{}]", url)
    return (["-g"] if is_pattern else []) + (["--path-as-is"] if "/." in url else [])


def _as_format(text: str) -> str:
    """A format of printf that stands for the text in every shell, not only where `$'…'` does."""
    escaped = "".join(
        {"%": "%%", "\\": "\\\\", "\n": "\\n"}.get(sign)
        or (sign if sign.isprintable() else _octal(sign))
        for sign in text
    )
    return shlex.quote(escaped)


def _octal(sign: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in sign.encode("utf-8", "surrogatepass"))


def quoted(text: str) -> str:
    """A word of a shell's command that stands for the text, without a character that a terminal
    obeys.
    """
    if text.isprintable():
        return shlex.quote(text)
    # As bash, zsh and ksh have it.
    escaped = "".join(
        sign if sign.isprintable() and sign not in "\\'" else _escaped(sign) for sign in text
    )
    return f"$'{escaped}'"


def _escaped(sign: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in sign.encode("utf-8", "surrogatepass"))
