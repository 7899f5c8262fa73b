"""A few settings that a command line needs at once, read without the others: loading them all costs
0.25 s of CPU and more. hookline.settings.fields checks with the same rules.
"""

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hookline.errors import Misconfigured

PREFIX: Final = "HOOKLINE_"
DEFAULT_ENVIRONMENTS: Final = ("development", "staging", "production")
DEFAULT_HOME: Final = Path("var")


def environments() -> tuple[str, ...]:
    """The names in HOOKLINE_ENVIRONMENTS.

    Raises Misconfigured.
    """
    text = variable("ENVIRONMENTS")
    if text is None:
        return DEFAULT_ENVIRONMENTS
    try:
        return check_environments(split_at_commas(text))
    except ValueError as error:
        raise Misconfigured(f"{PREFIX}ENVIRONMENTS {error}.") from None


def home() -> Path:
    """The folder in HOOKLINE_HOME."""
    text = variable("HOME")
    return DEFAULT_HOME if text is None else Path(text)


def check_server(url: str) -> str:
    """Returns the address without a slash at its end.

    Raises ValueError with a sentence that continues the setting's name.
    """
    wrong = "must start with http:// or https:// and name a host"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    # A broken address of IPv6.
    except ValueError:
        raise ValueError(wrong) from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(wrong)
    # A client would send these instead of the token, and every message, plan and CI job that names
    # the server would show them.
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "must have no user, password, query or fragment: the token goes into HOOKLINE_TOKEN"
        )
    return url.rstrip("/")


def split_at_commas(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def check_environments(names: tuple[str, ...]) -> tuple[str, ...]:
    """Raises ValueError with a sentence that continues the setting's name."""
    if (
        not names
        or len(set(names)) != len(names)
        or not all(re.fullmatch("[a-z0-9][a-z0-9_-]{0,63}", name) for name in names)
    ):
        raise ValueError(
            "must be one or more different names of lower-case letters, digits, - and _, "
            "comma-separated"
        )
    return names


def variable(name: str) -> str | None:
    """The text of a variable HOOKLINE_…. Names in any case, as the settings' library has them."""
    wanted = PREFIX + name
    return next((text for known, text in os.environ.items() if known.upper() == wanted), None)
