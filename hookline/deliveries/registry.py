"""The living webhooks in memory, as matching and sending need them. One per process; publishes and
claims say when a workspace's part is stale.

It is a copy: the truth is in the database, and its match version tells the two apart.
"""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import inf
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from hookline import ids
from hookline.clock import monotonic
from hookline.db.fields import split_lines
from hookline.deliveries.matching import MatchIndex
from hookline.deliveries.queue.base import Loaded, Queue, Stamp
from hookline.form.filters import compile_filter
from hookline.form.rates import Rate
from hookline.form.webhook_kinds import is_sensitive_header
from hookline.messaging.hub import EVERYTHING, Hub
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
from hookline.tasks import end_tasks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RequestParts:
    """The parts of a request to a webhook besides its body. headers: by name; masked: the same for
    the log, secrets as None.

    secrets: what a receiver that sends our request back would give away, as it would stand there,
    longest first.
    """

    headers: tuple[tuple[str, str], ...]
    masked: tuple[tuple[str, str | None], ...]
    secrets: tuple[str, ...]
    signing_keys: tuple[tuple[SigningKey, float], ...]
    """Newest first, with the time (seconds since 1970) from when each does not sign any more."""

    def keys_at(self, timestamp: float) -> list[SigningKey]:
        return [key for key, until in self.signing_keys if timestamp < until]


class Target:
    """A webhook at one version. row: its columns as the queue loaded them."""

    def __init__(self, row: dict[str, Any], vault: Vault) -> None:
        self._row, self._vault = row, vault
        self.id = _uuid(row["id"])
        self.workspace_id = _uuid(row["workspace_id"])
        self.url: str = row["url"]
        self.environments = split_lines(row["environments"])
        self.events = split_lines(row["events"])
        self.is_live = (
            bool(row["is_active"]) and row["auto_disabled_at"] is None
        )  # the deleted are not loaded
        self.filter = (
            compile_filter(orjson.loads(row["event_filter"])) if row["event_filter"] else None
        )
        self.template: str | None = row["payload_template"]
        self.rate = Rate(row["rate_per_minute"]) if row["rate_per_minute"] else None
        self.version: int = row["version"]
        self.timeout_seconds: float = row["timeout_ms"] / 1_000
        self.concurrency: int = row["concurrency"]
        self.schedule = tuple(
            timedelta(seconds=seconds) for seconds in orjson.loads(row["retry_schedule"])
        )

    @cached_property
    def request_parts(self) -> RequestParts:
        """Opened once per version of the webhook.

        Raises HooklineError when the key ring lacks a key.
        """
        headers = [
            (header["name"], self._value_of(header)) for header in orjson.loads(self._row[HEADERS])
        ]
        secrets, shown = [], [value for name, value in headers if is_sensitive_header(name)]
        if self._row["secret_header_name"]:
            secrets.append(
                (
                    self._row["secret_header_name"],
                    self._unseal(self._row[SECRET_HEADER], SECRET_HEADER),
                )
            )
            shown.append(secrets[0][1])
        if self._row["basic_auth_username"]:
            password = self._unseal(self._row[BASIC_AUTH], BASIC_AUTH)
            secrets.append(
                ("Authorization", basic_credentials(self._row["basic_auth_username"], password))
            )
            shown += [password, secrets[-1][1].removeprefix("Basic ")]
        masked = [
            (name, None if is_sensitive_header(name) else value) for name, value in headers
        ] + [(name, None) for name, _ in secrets]
        keys = [
            (decode_secret(self._unseal(secret["sealed"], SIGNING)), _end_of(secret))
            for secret in orjson.loads(self._row[SIGNING])
        ]
        return RequestParts((*headers, *secrets), tuple(masked), _as_echoed(shown), tuple(keys))

    @cached_property
    def host(self) -> str:
        """Of its URL, without the port."""
        return urlsplit(self.url).hostname or ""

    @cached_property
    def content_type(self) -> str:
        """Of what the template makes."""
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
        return self._unseal(header["sealed"], HEADERS) if "sealed" in header else header["value"]

    def _unseal(self, sealed: str, column: str) -> str:
        return self._vault.unseal(sealed, secret_location(self.workspace_id, self.id, column))


def _as_echoed(values: list[str]) -> tuple[str, ...]:
    """As they are and as they stand in JSON. Those of under four characters could be any text's
    part.
    """
    forms = {
        form
        for value in values
        if len(value) >= 4
        for form in (value, orjson.dumps(value).decode()[1:-1])
    }
    return tuple(sorted(forms, key=len, reverse=True))


def _end_of(secret: dict[str, str | None]) -> float:
    expires_at = secret.get("expiresAt")
    return datetime.fromisoformat(expires_at).timestamp() if expires_at else inf


def basic_credentials(username: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617, UTF-8)."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(bytes=value)


@dataclass(frozen=True)
class Catalogue:
    """The event types that a workspace knows. strict: those whose data must meet a schema, with its
    JSON text; is_closed: others are refused.
    """

    strict: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    is_closed: bool = False


@dataclass(frozen=True)
class Part:
    """One workspace at one match version. asked_at: monotonic seconds, before the question was
    asked.
    """

    version: int
    stamps: Mapping[UUID, Stamp]
    index: MatchIndex
    catalogue: Catalogue
    asked_at: float


class Registry:
    def __init__(self, queue: Queue, hub: Hub, vault: Vault) -> None:
        self._queue, self._hub, self._vault = queue, hub, vault
        self._parts: dict[UUID, Part] = {}
        self._targets: dict[UUID, Target] = {}
        self._loading = asyncio.Lock()
        self._stop_listening: Callable[[], None] = lambda: None
        self._on_change: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.looked_at = 0.0
        """Monotonic seconds: since when every part is known to have been right."""

    async def open(self) -> None:
        self._stop_listening = self._hub.listen("match", self._heard)
        await self.look()

    async def close(self) -> None:
        self._stop_listening()
        await end_tasks(*self._tasks, *filter(None, (self._looking,)))

    def on_change(self, call: Callable[[], None]) -> None:
        """call: is called on the loop after webhooks were loaded anew."""
        self._on_change.append(call)

    def target(self, webhook_id: UUID) -> Target | None:
        return self._targets.get(webhook_id)

    def target_ids(self) -> set[UUID]:
        return set(self._targets)

    def version(self, workspace_id: UUID) -> int | None:
        part = self._parts.get(workspace_id)
        return part.version if part else None

    async def part(self, workspace_id: UUID) -> Part:
        """The workspace's part, loaded if it was never asked for."""
        return self._parts.get(workspace_id) or await self.reload(workspace_id, None)

    async def reload(self, workspace_id: UUID, stale: int | None) -> Part:
        """Loads a workspace anew. stale: the version that somebody found out of date; one load
        serves all who wait.
        """
        async with self._loading:
            part = self._parts.get(workspace_id)
            if part is None or stale is None or part.version == stale:
                asked_at = monotonic()
                part = self._build(
                    await self._queue.load(workspace_id, part.stamps if part else {}),
                    part,
                    asked_at,
                )
            return part

    def _build(self, loaded: Loaded, old: Part | None, asked_at: float) -> Part:
        """The new part. What has not changed is neither loaded nor made again."""
        changed = [Target(row, self._vault) for row in loaded.rows]
        gone = [
            self._targets[key] for key in (old.stamps.keys() - loaded.stamps.keys() if old else ())
        ]
        before = [known for target in changed if (known := self._targets.get(target.id))]
        index = old.index.changed([*before, *gone], changed) if old else MatchIndex(changed)
        strict = {name: schema for name, schema in loaded.types if schema is not None}
        catalogue = Catalogue(strict, frozenset(name for name, _ in loaded.types), loaded.is_strict)
        part = self._parts[loaded.workspace_id] = Part(
            loaded.match_version, loaded.stamps, index, catalogue, asked_at
        )
        for target in gone:
            del self._targets[target.id]
        self._targets.update({target.id: target for target in changed})
        for call in self._on_change:
            call()
        return part

    async def look(self) -> None:
        """Asks for every workspace's match version and loads what is stale: a change that no
        message told is met here.
        """
        asked_at = monotonic()
        for workspace_id, version in (await self._queue.versions()).items():
            known = self.version(workspace_id)
            if known != version:
                await self.reload(workspace_id, known)
        self.looked_at = max(self.looked_at, asked_at)

    async def look_together(self) -> None:
        """One look for all who ask for one until it ends."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.look())
        await asyncio.shield(self._looking)

    def confirm(self, workspace_id: UUID, version: int, asked_at: float) -> bool:
        """True when a version that the database just named is the known one; if it is, and there is
        no other workspace, that was a look.
        """
        is_current = self.version(workspace_id) == version
        if is_current and len(self._parts) == 1:
            self.looked_at = max(self.looked_at, asked_at)
        return is_current

    def _heard(self, text: str) -> None:
        task = asyncio.create_task(
            self._look_soon() if text == EVERYTHING else self._reload_soon(UUID(text))
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload_soon(self, workspace_id: UUID) -> None:
        try:
            await self.reload(workspace_id, self.version(workspace_id))
        except Exception as error:  # noqa: BLE001  # publishes, claims and looks will ask again
            log.warning("webhooks not loaded: %r", error)

    async def _look_soon(self) -> None:
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001  # likewise
            log.warning("webhooks not looked at: %r", error)
