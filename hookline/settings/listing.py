"""Every setting as a person may see it, without any secret, and variables that are none. Called by
`hookline settings` and `hookline doctor`; a test compares it with the README.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from hookline.settings.environment import PREFIX
from hookline.settings.fields import Settings
from hookline.text import mask_url

_SHORTEST: Final = 4
"""Characters of a secret that is looked for: shorter ones stand in words."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as a person may see it. value: masked; source: where it comes from."""

    name: str
    value: str
    source: str
    description: str


def describe(settings: Settings) -> Iterator[Shown]:
    """Every setting in its order, without any secret."""
    for field, info in Settings.model_fields.items():
        name = PREFIX + field.upper()
        source = (
            "default"
            if field not in settings.model_fields_set
            else "environment"
            if _is_in_environment(name)
            else "command line"
        )
        description = " ".join((info.description or "").split())
        yield Shown(name, _masked(getattr(settings, field)), source, description)


def without_secrets(text: str, settings: Settings) -> str:
    """Returns a text with `********` in place of the settings' secrets, whole or in parts as they
    are used.
    """
    secrets = set[str]()
    for field in Settings.model_fields:
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
            secrets |= {value, *re.split("[,:]", value)} if "://" not in value else {value}
        if isinstance(value, str) and "://" in value and (given := urlsplit(value).password):
            secrets |= {given, unquote(given)}
    # The longest first: what is left of it would tell where the shorter one stood.
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "********")
    return text


def unknown_names() -> list[str]:
    """Sentences about `HOOKLINE_…` variables that are no settings: most likely typing errors."""
    known = [PREFIX + field.upper() for field in Settings.model_fields]
    sentences = []
    # In any case, as the settings' library reads names.
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1)
            sentences.append(
                f"{name} is not a setting"
                + (f": did you mean {near[0]}?" if near else "; `hookline settings` lists them.")
            )
    return sentences


def _is_in_environment(name: str) -> bool:
    return any(known.upper() == name for known in os.environ)


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ",".join(value)
    # Every URL may hold a password, whatever the setting is called.
    return mask_url(value) if isinstance(value, str) and "://" in value else str(value)
