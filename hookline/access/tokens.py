"""Bearer tokens: roles, scopes, making, revoking and looking them up. Called by the API's
authentication, its token fields and the command line. The text of a token is shown once, when it is
made; it must never be stored, logged or put into an error.
"""

import asyncio
import logging
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tortoise.queryset import QuerySet

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor, system_actor
from hookline.db.connection import Database, faults_as_unavailable
from hookline.errors import Code, HooklineError, Problem, Refused
from hookline.form.text import is_one_line
from hookline.models import Token
from hookline.tasks import end_tasks

log = logging.getLogger(__name__)

SCOPES: Final[Mapping[str, str]] = {
    "webhooks:read": "Read webhooks.",
    "deliveries:read": "Read events, deliveries and attempts, and follow them live.",
    "events:publish": "Publish events.",
    "webhooks:write": "Create, change, switch and delete webhooks.",
    "deliveries:retry": "Send deliveries again.",
    "sync:plan": "Compare a YAML file with what is there.",
    "sync:apply": "Apply a YAML file.",
    "secrets:read": "See signing secrets.",
    "tokens:admin": "Make, list and revoke tokens.",
    "audit:read": "Read who changed what.",
    "webhooks:force": "Change by hand what a YAML file owns.",
    "actor:name": "Act under another name, for programs that pass on what people do.",
}
"""Every scope and what it allows, in the order in which they are shown."""

_READ = ("webhooks:read", "deliveries:read")
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "viewer": _READ,
    "publisher": ("events:publish",),
    "editor": (*_READ, "events:publish", "webhooks:write", "deliveries:retry"),
    "sync": (*_READ, "sync:plan", "sync:apply"),
    "admin": tuple(SCOPES),
}

# How long a revoked token may go on; without a memory each publish would cost a read.
CACHE_SECONDS: Final = 1.0
# Anybody may send new texts of the right form: the memory of them is bounded.
CACHE_SIZE: Final = 10_000
# For people who look for tokens in use: not worth a write for each request.
NOTED_EVERY: Final = timedelta(minutes=1)

# 43 characters of base64 hold 256 bits.
_FORM = re.compile("hl_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller that a valid token stands for."""

    token_id: UUID
    name: str
    scopes: frozenset[str]
    workspace_id: UUID
    expires_at: datetime | None


async def create(
    database: Database,
    workspace_id: UUID,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    by: str | None = None,
) -> tuple[Token, str]:
    """Makes a token. Returns its row and its text, which can never be shown again. by: the token
    that asks; None: the command line.

    Raises Refused: REQUIRED, TOO_LONG or INVALID for the name, REQUIRED or INVALID for scopes,
    OUT_OF_RANGE for a time that is over.
    """
    now = clock.now()
    if problems := [*_check_name(name), *_check_scopes(scopes), *_check_expiry(expires_at, now)]:
        raise Refused(problems)
    text = "hl_" + urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    token = Token(
        id=ids.uuid7(),
        workspace_id=workspace_id,
        name=name,
        digest=digest_of(text),
        last_four=text[-4:],
        # In the order of the table, each once.
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        created_at=now,
        expires_at=expires_at,
    )
    async with database.unit_of_work():
        await token.save(force_create=True)
        await _audit(
            token,
            by,
            "token.create",
            None,
            {"name": name, "scopes": list(token.scopes), "lastFour": token.last_four},
        )
    return token, text


async def revoke(
    database: Database, workspace_id: UUID, token_id: UUID, by: str | None = None
) -> Token:
    """Ends a token, in every process within a second. A revoked one stays as it is. by: as for
    create.

    Raises Refused: NOT_FOUND.
    """
    async with database.unit_of_work():
        token = (
            await Token.filter(id=token_id, workspace_id=workspace_id).select_for_update().first()
        )
        if token is None:
            raise Refused(
                Problem(
                    Code.NOT_FOUND,
                    "There is no such token. `hookline token list` shows them all.",
                    ("id",),
                )
            )
        if token.revoked_at is None:
            token.revoked_at = clock.now()
            await token.save(update_fields=["revoked_at"])
            await _audit(
                token, by, "token.revoke", {"name": token.name, "lastFour": token.last_four}, None
            )
    return token


async def _audit(
    token: Token,
    by: str | None,
    action: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    actor = Actor(token.workspace_id, by) if by else system_actor(token.workspace_id)
    await audit.record(token.workspace_id, actor.stored, action, ("tok", token.id), before, after)


def of_workspace(workspace_id: UUID) -> QuerySet[Token]:
    """All tokens of a workspace, revoked ones too, without an order."""
    return Token.filter(workspace_id=workspace_id)


def digest_of(text: str) -> bytes:
    """The hash that is stored of a token. A plain one does: 256 random bits can't be guessed."""
    return sha256(text.encode()).digest()


class Authenticator:
    """Looks tokens up, with a memory of a second. One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[float, Caller | None]] = {}
        # Apart, so that guesses can't push out what is known.
        self._strange: dict[bytes, tuple[float, Caller | None]] = {}
        self._lookups: dict[bytes, asyncio.Task[Caller | None]] = {}
        self._notes: dict[UUID, asyncio.Task[None]] = {}

    async def find(self, text: str) -> Caller | None:
        """The caller that the token stands for; None for one that is unknown, expired or revoked
        (at most a second ago).

        Raises Unavailable when the database does not answer.
        """
        # Neither a hash nor a read for what can be no token.
        if not _FORM.fullmatch(text):
            return None
        digest = digest_of(text)
        read_at, caller = self._known.get(digest) or self._strange.get(digest) or (0.0, None)
        if not read_at or clock.monotonic() - read_at >= CACHE_SECONDS:
            caller = await self._look_up(digest)
        # On each call, as the memory may be older than the end of the token.
        if caller and caller.expires_at and caller.expires_at <= clock.now():
            return None
        return caller

    async def close(self) -> None:
        """Ends what still runs in the background."""
        await end_tasks(*self._lookups.values(), *self._notes.values())

    async def _look_up(self, digest: bytes) -> Caller | None:
        """One read for all that ask at the same time; it goes on when one of them leaves."""
        task = self._lookups.get(digest)
        if task is None:
            task = self._lookups[digest] = asyncio.create_task(self._read(digest))
            task.add_done_callback(lambda done: self._lookups.pop(digest, None))
        # One of those who wait may be cancelled: a client that has gone must not end the others'
        # look.
        return await asyncio.shield(task)

    async def _read(self, digest: bytes) -> Caller | None:
        # From before the read: a token revoked during it is not known for longer than a second.
        asked_at = clock.monotonic()
        with faults_as_unavailable():
            token = await Token.filter(digest=digest, revoked_at__isnull=True).first()
        # From both, as an unknown one may have been made since; and to the end, as the first leave
        # first.
        for memory in (self._known, self._strange):
            memory.pop(digest, None)
        caller = (
            None
            if token is None
            else Caller(
                token.id, token.name, frozenset(token.scopes), token.workspace_id, token.expires_at
            )
        )
        memory = self._known if caller else self._strange
        if len(memory) >= CACHE_SIZE:
            del memory[next(iter(memory))]
        memory[digest] = (asked_at, caller)
        if token is not None:
            self._note_use(token)
        return caller

    def _note_use(self, token: Token) -> None:
        now = clock.now()
        if token.id in self._notes or (
            token.last_used_at is not None and now - token.last_used_at < NOTED_EVERY
        ):
            return
        # In the background: a request does not wait for a write, nor fail with it.
        task = self._notes[token.id] = asyncio.create_task(self._write_use(token.id, now))
        task.add_done_callback(lambda done: self._notes.pop(token.id, None))

    async def _write_use(self, token_id: UUID, at: datetime) -> None:
        try:
            async with self._database.unit_of_work():
                await Token.filter(id=token_id).update(last_used_at=at)
        except HooklineError as error:
            log.warning(
                "the last use of a token was not noted token_id=%s reason=%s",
                ids.encode("tok", token_id),
                error.code,
            )


def _check_name(name: str) -> list[Problem]:
    if not name.strip():
        return [
            Problem(
                Code.REQUIRED, "Give the token a name, so that people know who uses it.", ("name",)
            )
        ]
    if len(name) > 100:
        return [Problem(Code.TOO_LONG, "The name is at most 100 characters long.", ("name",))]
    if not is_one_line(name):
        return [
            Problem(
                Code.INVALID,
                "The name must not hold control characters or broken surrogates.",
                ("name",),
            )
        ]
    return []


def _check_scopes(scopes: Sequence[str]) -> list[Problem]:
    if not scopes:
        return [Problem(Code.REQUIRED, "Give the token a role or at least one scope.", ("scopes",))]
    message = f"There is no such scope. Scopes are {', '.join(SCOPES)}."
    return [
        Problem(Code.INVALID, message, ("scopes", str(place)))
        for place, scope in enumerate(scopes)
        if scope not in SCOPES
    ]


def _check_expiry(expires_at: datetime | None, now: datetime) -> list[Problem]:
    if expires_at is not None and expires_at <= now:
        return [
            Problem(
                Code.OUT_OF_RANGE,
                "This time is over. Give a later one, or none for a token that does not expire.",
                ("expiresAt",),
            )
        ]
    return []
