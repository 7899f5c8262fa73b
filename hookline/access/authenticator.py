"""Looks bearer tokens up, with a memory of a second, and notes their use. Called by the API's
authentication. The text of a token must never be stored, logged or put into an error.
"""

import asyncio
import logging
import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hookline import clock, ids
from hookline.access.actor import Actor
from hookline.access.tokens import digest_of
from hookline.db.connection import Database
from hookline.db.faults import faults_as_unavailable
from hookline.errors import HooklineError
from hookline.models import Token
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

# How long a revoked token may go on; without a memory each publish would cost a read.
CACHE_SECONDS: Final = 1.0
# Anybody may send new texts of the right form: the memory of them is bounded.
CACHE_SIZE: Final = 10_000
# For people who look for tokens in use: not worth a write for each request.
NOTED_EVERY: Final = timedelta(minutes=1)

# 43 characters of base64 hold 256 bits.
_FORM = re.compile("hl_[A-Za-z0-9_-]{43}")


class Authenticator:
    """Looks tokens up, with a memory of a second. One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[float, Actor | None]] = {}
        # Apart, so that guesses can't push out what is known.
        self._strange: dict[bytes, tuple[float, Actor | None]] = {}
        self._lookups: dict[bytes, asyncio.Task[Actor | None]] = {}
        self._notes: dict[UUID, asyncio.Task[None]] = {}

    async def find(self, text: str) -> Actor | None:
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

    def forget(self) -> None:
        """Empties the memory of valid tokens: one of them may have been revoked."""
        self._known.clear()

    async def close(self) -> None:
        """Ends what still runs in the background."""
        await end_tasks(*self._lookups.values(), *self._notes.values())

    async def _look_up(self, digest: bytes) -> Actor | None:
        """One read for all that ask at the same time; it goes on when one of them leaves."""
        task = self._lookups.get(digest)
        if task is None:
            task = self._lookups[digest] = asyncio.create_task(self._read(digest))
            task.add_done_callback(lambda done: self._lookups.pop(digest, None))
        # One of the waiting callers may be cancelled: a client that has gone must not end the
        # others' look-up.
        return await asyncio.shield(task)

    async def _read(self, digest: bytes) -> Actor | None:
        # From before the read: a token revoked during it is not known for longer than a second.
        asked_at = clock.monotonic()
        with faults_as_unavailable():
            rows = Token.filter(digest=digest, revoked_at__isnull=True)
            token = await rows.using_db(self._database.checks).first()
        # From both, as an unknown one may have been made since; and to the end, as the first leave
        # first.
        for memory in (self._known, self._strange):
            memory.pop(digest, None)
        caller = (
            None
            if token is None
            else Actor(
                token.workspace_id,
                token.name,
                frozenset(token.scopes),
                token_id=token.id,
                expires_at=token.expires_at,
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
