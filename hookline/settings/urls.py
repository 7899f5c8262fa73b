"""Rules for the URLs and hosts that settings hold. Used by the fields. Pure."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import urlsplit

HOST_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)


def check_postgres(
    url: str, wanted: str = "must be sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"
) -> None:
    """Raises ValueError with `wanted`, a sentence that continues the setting's name."""
    try:
        parts = urlsplit(url)
        is_right = (
            parts.scheme in ("postgres", "postgresql")
            and bool(parts.path[1:])
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:  # a port that is not a number, a broken IPv6 address
        is_right = False
    if not is_right:
        raise ValueError(wanted)


def names_a_server(url: str, schemes: tuple[str, ...]) -> bool:
    """True for a URL of one of the schemes with a host; the path of redis is a number or empty."""
    try:
        parts = urlsplit(url)
        has_number = (
            not parts.scheme.startswith("redis")
            or re.fullmatch(r"/?\d{0,5}", parts.path) is not None
        )
        return (
            parts.scheme in schemes
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
            and has_number
        )
    except ValueError:  # a port that is not a number, a broken IPv6 address
        return False


def network_of(text: str) -> IPv4Network | IPv6Network | None:
    """The network; None for anything else, such as a host name."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def check_origin(text: str) -> str:
    """The origin as browsers send it: in lower case, without the scheme's own port.

    Raises ValueError with a sentence that continues the setting's name.
    """
    wrong = ValueError(
        "must hold origins such as https://console.example.com, with a port if it has one, "
        f"comma-separated: {text[:80]} is none"
    )
    try:
        parts = urlsplit(text.lower())
        port = parts.port
    except ValueError:
        raise wrong from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or f"{parts.scheme}://{parts.netloc}" != text.lower().rstrip("/")
        or "@" in parts.netloc
    ):
        raise wrong
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_usual = port in (None, 443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def check_base_path(path: str) -> str:
    """The path without the slash at its end; empty for the root.

    Raises ValueError with a sentence that continues the setting's name.
    """
    # It stands in a page and in a browser's addresses: nothing that is written differently there.
    if path and not re.fullmatch(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?", path):
        raise ValueError(
            "must be a path such as /hooks: segments of letters, digits, '.', '_' and '-', each "
            "after a slash"
        )
    return path.rstrip("/")


def check_base_url(url: str) -> str:
    """The URL without a slash at its end, so that a path can follow.

    Raises ValueError with a sentence that continues the setting's name.
    """
    try:
        parts = urlsplit(url)
        is_right = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
            # It stands in mails, so that no blank may end the link.
            and re.fullmatch(r"[!-~]+", url) is not None
            and not any(sign in url for sign in "@?#<>\"'\\")
        )
    except ValueError:  # a port that is not a number, a broken IPv6 address
        is_right = False
    if not is_right:
        raise ValueError(
            "must be an address such as https://hooks.example.com, without user, query and fragment"
        )
    return url.rstrip("/")
