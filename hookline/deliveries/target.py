"""A webhook in memory, at one version: what matching, lanes and requests need of it. Made by the
registry from the columns that the queue loads.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from math import inf
from typing import Any
from urllib.parse import urlsplit

import orjson

from hookline import ids
from hookline.deliveries.queue.base import Stamp
from hookline.errors import HooklineError
from hookline.form.filters import compile_filter
from hookline.form.rates import Rate
from hookline.form.webhook_kinds import is_sensitive_header
from hookline.models.column_types import split_lines
from hookline.outbound.listener_urls import is_listener_url
from hookline.outbound.signing import SigningKey, decode_secret
from hookline.outbound.templates import Facts, webhook_facts
from hookline.secrets.vault import Vault
from hookline.secrets.webhook_columns import (
    BASIC_AUTH,
    HEADERS,
    SECRET_HEADER,
    SIGNING,
    secret_location,
)


@dataclass(frozen=True)
class RequestParts:
    """The parts of a request to a webhook besides its body. headers: by name; masked: the same for
    the log, secrets as None.

    secrets: what a receiver that sends our request back would give away (outbound/echoes.py).
    """

    headers: tuple[tuple[str, str], ...]
    masked: tuple[tuple[str, str | None], ...]
    secrets: tuple[str, ...]
    signing_keys: tuple[tuple[SigningKey, float], ...]
    """Newest first, with the time (seconds since 1970) from when each does not sign any more."""

    def keys_at(self, timestamp: float) -> list[SigningKey]:
        return [key for key, until in self.signing_keys if timestamp < until]


class Target:
    """A webhook at one version. row: the queue's TARGET_COLUMNS of it, as it loads them."""

    def __init__(self, row: dict[str, Any], vault: Vault) -> None:
        self._row, self._vault = row, vault
        self.id = row["id"]
        self.workspace_id = row["workspace_id"]
        self.url: str = row["url"]
        self.is_listener = is_listener_url(self.url)
        self.environments = split_lines(row["environments"])
        self.events = split_lines(row["events"])
        # the deleted are not loaded
        self.is_on = bool(row["is_active"]) and row["auto_disabled_at"] is None
        self.filter = (
            compile_filter(orjson.loads(row["event_filter"])) if row["event_filter"] else None
        )
        self.template: str | None = row["payload_template"]
        self.rate = Rate(row["rate_per_minute"]) if row["rate_per_minute"] else None
        self.version: int = row["version"]
        self.timeout_seconds: float = row["timeout_ms"] / 1_000
        self.concurrency: int = row["concurrency"]
        self.schedule = _schedule(row["retry_schedule"])

    def changed(self, columns: Mapping[str, Any]) -> "Target":
        """The webhook with other values in some of its columns, as the queue would load them."""
        return Target({**self._row, **columns}, self._vault)

    @property
    def stamp(self) -> Stamp:
        return self.version, self.is_on

    @cached_property
    def request_parts(self) -> RequestParts:
        """Opened once per version of the webhook.

        Raises HooklineError when the key ring lacks a key.
        """
        headers = [
            (header["name"], self._value_of(header)) for header in orjson.loads(self._row[HEADERS])
        ]
        secret_headers, echoes = self._credentials()
        echoes += [value for name, value in headers if is_sensitive_header(name)]
        masked = [(name, None if is_sensitive_header(name) else value) for name, value in headers]
        masked += [(name, None) for name, _ in secret_headers]
        keys = [
            (decode_secret(self._unseal(secret["sealed"], SIGNING)), _end_of(secret))
            for secret in orjson.loads(self._row[SIGNING])
        ]
        return RequestParts((*headers, *secret_headers), tuple(masked), tuple(echoes), tuple(keys))

    @property
    def secrets_error(self) -> str | None:
        """The reason why a secret of the webhook does not open, so that nothing is sent to it; None
        when all of them open.
        """
        try:
            _ = self.request_parts
        except HooklineError as error:
            return error.message
        return None

    def _credentials(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Headers that are secret as a whole, and the texts in them that must not be shown."""
        headers, echoes = [], []
        if name := self._row["secret_header_name"]:
            value = self._unseal(self._row[SECRET_HEADER], SECRET_HEADER, name)
            headers.append((name, value))
            echoes.append(value)
        if username := self._row["basic_auth_username"]:
            password = self._unseal(self._row[BASIC_AUTH], BASIC_AUTH, username)
            credentials = basic_credentials(username, password)
            headers.append(("Authorization", credentials))
            echoes += [password, credentials.removeprefix("Basic ")]
        return headers, echoes

    @cached_property
    def host(self) -> str:
        """Host of its URL, without the port."""
        return urlsplit(self.url).hostname or ""

    @cached_property
    def content_type(self) -> str:
        """Content type of the template's output."""
        return str(self._row["payload_content_type"])

    @cached_property
    def facts(self) -> Facts:
        """The webhook as templates see it."""
        labels = [
            (key, value)
            for key, _, value in (
                label.partition("=") for label in split_lines(self._row["labels"])
            )
        ]
        return webhook_facts(
            ids.encode("wh", self.id), self._row["slug"], self._row["name"], labels
        )

    def _value_of(self, header: dict[str, str]) -> str:
        if "sealed" not in header:
            return header["value"]
        return self._unseal(header["sealed"], HEADERS, header["name"])

    def _unseal(self, sealed: str, column: str, name: str = "") -> str:
        at = secret_location(self.workspace_id, self.id, column, name)
        return self._vault.unseal(sealed, at)


# Thousands of webhooks have a few, which took two thirds of the time that a target takes.
@lru_cache(1_000)
def _schedule(text: str) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=seconds) for seconds in orjson.loads(text))


def _end_of(secret: dict[str, str | None]) -> float:
    expires_at = secret.get("expiresAt")
    return datetime.fromisoformat(expires_at).timestamp() if expires_at else inf


def basic_credentials(username: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617, UTF-8)."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()
