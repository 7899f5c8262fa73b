"""Settings of pull mode: `hookline serve --sync`. A part of Settings (hookline.settings.fields)."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hookline.settings.environment import PREFIX, split_at_commas
from hookline.settings.urls import HOST_NAME

# Not those of hookline.form, which would put the settings above it.
_INTERVAL: Final = re.compile("([0-9]{1,4})([smh])")
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600}
_LONGEST_SECONDS: Final = 3_600


def _seconds(text: str) -> int:
    """0 for what is no time."""
    found = _INTERVAL.fullmatch(text)
    return int(found[1]) * _UNIT_SECONDS[found[2]] if found else 0


def _check_interval(text: str) -> str:
    if not 1 <= _seconds(text) <= _LONGEST_SECONDS:
        raise ValueError("must be a time from 1s to 1h, such as 30s or 5m")
    return text


def _check_prefix(prefix: str) -> str:
    if prefix and not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", prefix):
        raise ValueError("must be the beginning of variables' names, such as SHOP_")
    if prefix.upper().startswith(PREFIX) or (PREFIX.startswith(prefix.upper()) and prefix):
        raise ValueError(f"must tell variables from {PREFIX}…, which no file may name")
    return prefix


def _split(value: object) -> object:
    return split_at_commas(value) if isinstance(value, str) else value


def _check_addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for text in addresses:
        local, _, domain = text.rpartition("@")
        if not re.fullmatch(r"[^\s@,;<>\x00-\x20]{1,64}", local) or not HOST_NAME.fullmatch(domain):
            raise ValueError(
                "must hold mail addresses such as ops@example.com, comma-separated: "
                f"{text[:80]!r} is none"
            )
    return tuple({address.lower(): address for address in addresses}.values())


class SyncSettings(BaseSettings):
    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    sync_path: str = ""
    """File or folder of webhooks that `hookline serve` follows (`--sync`). Empty: none."""
    sync_interval: Annotated[str, AfterValidator(_check_interval)] = "30s"
    """Time between two looks at HOOKLINE_SYNC_PATH (`--sync-interval`), from 1s to 1h."""
    sync_env_prefix: Annotated[str, AfterValidator(_check_prefix)] = ""
    """Beginning of the names of the variables that `${env:NAME}` in followed files may name, such
    as SHOP_. Empty: none.
    """
    sync_file_root: str = ""
    """Folder below which `${file:PATH}` in followed files may lead, such as /run/secrets. Empty:
    nowhere.
    """
    # NoDecode: pydantic-settings would read a list as JSON before it is split.
    sync_alert_emails: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_addresses)
    ] = ()
    """Addresses that get a mail when the followed files can't be applied any more, and when they
    can again, comma-separated.
    """

    @property
    def sync_interval_seconds(self) -> float:
        return float(_seconds(self.sync_interval))
