"""Checks of values that are no URLs: networks, names, files, addresses, tokens. Called by
hookline.settings.fields, which names the setting before each sentence. Each raises ValueError.
"""

import re
import ssl
from ipaddress import ip_address
from typing import Final

from hookline.settings.urls import HOST_NAME, network_of

_BEARER_TOKEN: Final = re.compile(r"[!-~]{16,512}")


def check_networks_and_names(items: tuple[str, ...]) -> tuple[str, ...]:
    for item in items:
        if not network_of(item) and not HOST_NAME.fullmatch(item):
            raise ValueError(
                "must hold networks (10.1.0.0/16) and host names, comma-separated: "
                f"{item[:80]} is neither"
            )
    return items


def check_networks(items: tuple[str, ...]) -> tuple[str, ...]:
    for item in items:
        if not network_of(item):
            raise ValueError(
                "must hold addresses and networks such as 10.1.0.0/16, comma-separated: "
                f"{item[:80]} is neither"
            )
    return items


def check_domains(names: tuple[str, ...]) -> tuple[str, ...]:
    """The domains in lower case."""
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise ValueError(
                f"must hold domains such as example.com, comma-separated: {name[:80]} is none"
            )
    return tuple(name.lower() for name in names)


def check_authorities(path: str) -> None:
    """Reads certificate authorities once: a wrong file would otherwise show at the first delivery
    over TLS.
    """
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        reason = (
            error.strerror
            if not isinstance(error, ssl.SSLError) and error.strerror
            else "it holds no certificate in PEM form"
        )
        raise ValueError(
            f"must name a readable PEM file with certificates, {path[:200]} cannot be used: "
            f"{reason}"
        ) from None


def check_address(host: str) -> str:
    """The address as it is usually written."""
    try:
        return str(ip_address(host))
    except ValueError:
        raise ValueError("must be an address such as 127.0.0.1, 0.0.0.0 or ::1") from None


def check_bearer_token(token: str) -> None:
    # A header carries no more: one with a line's end in it would never match.
    if not _BEARER_TOKEN.fullmatch(token):
        raise ValueError(
            "must have 16 to 512 characters, letters, digits and signs without blanks: "
            "openssl rand -hex 24 makes one"
        )
