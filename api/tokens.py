"""Authentication by the tokens in the database, and the end of what a token has opened once it is
revoked or expired. The transports call it; one per process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from api.auth import Unauthenticated, bearer_token
from hookline import clock
from hookline.access import tokens
from hookline.access.actor import Actor
from hookline.access.authenticator import Authenticator
from hookline.db.connection import Database
from hookline.errors import Unavailable
from hookline.messaging.hub import Hub
from hookline.shutdown import end_tasks

log = logging.getLogger(__name__)

# What no announcement told of (a command beside the server, a hub that is away) ends within a
# second: one read by primary keys, while sockets or streams are open.
LOOK_SECONDS: Final = 0.5
# A clock that is set forward is noticed as soon.
LONGEST_SLEEP_SECONDS: Final = 1.0


Living = Callable[[Sequence[UUID]], Awaitable[set[UUID]]]
"""Those of the tokens that are not revoked, as `tokens.living`."""


class TokenAuthenticator:
    """See api.auth.Authenticator."""

    def __init__(self, database: Database, hub: Hub, look_seconds: float = LOOK_SECONDS) -> None:
        self._tokens = Authenticator(database)
        self._watch = TokenWatch(look_seconds)
        self._stop_listening = hub.subscribe(tokens.TOPIC, self._hear)

    async def authenticate(self, header_value: str | None) -> Actor:
        actor = await self._tokens.find(bearer_token(header_value))
        if actor is None:
            raise Unauthenticated
        return actor

    async def wait_until_ended(self, header_value: str | None) -> None:
        while True:
            try:
                actor = await self._tokens.find(bearer_token(header_value))
            except Unauthenticated:
                return
            # It revokes nothing: the token was good a moment ago.
            except Unavailable:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                if actor is None or actor.token_id is None:
                    return
                await self._watch.wait(actor.token_id, actor.expires_at)
                return

    async def close(self) -> None:
        self._stop_listening()
        await self._watch.close()
        await self._tokens.close()

    def _hear(self, text: str) -> None:
        # The text is not believed: whoever reaches the hub's server could end everybody's sockets.
        # It only says that a look is worth it.
        self._tokens.forget()
        self._watch.look_now()


class TokenWatch:
    """The tokens with open sockets or streams in this process. One read looks at all of them."""

    def __init__(self, look_seconds: float = LOOK_SECONDS, living: Living = tokens.living) -> None:
        self._look_seconds, self._living = look_seconds, living
        self._waiting: dict[UUID, set[asyncio.Future[None]]] = {}
        self._news = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, token_id: UUID, expires_at: datetime | None) -> None:
        """Returns once the token is revoked or expired. Its own timer sees to the expiry, whatever
        the database does; a database that does not answer revokes nothing.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(token_id, set()).add(ended)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            # From before this wait began: a revocation may have come between the lookup and it.
            self._news.set()
            while not ended.done():
                left = _seconds_left(expires_at)
                if left is not None and left <= 0:
                    return
                await asyncio.wait({ended}, timeout=left and min(left, LONGEST_SLEEP_SECONDS))
        finally:
            others = self._waiting[token_id]
            others.discard(ended)
            if not others:
                del self._waiting[token_id]

    def look_now(self) -> None:
        self._news.set()

    async def close(self) -> None:
        if self._looking is not None:
            await end_tasks(self._looking)

    async def _look(self) -> None:
        """Looks while anybody waits."""
        while self._waiting:
            try:
                async with asyncio.timeout(self._look_seconds):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            asked = list(self._waiting)
            try:
                self._end(set(asked) - await self._living(asked))
            except Unavailable:
                # The next look finds it.
                continue
            # The last line of defence: without further looks a revoked token would go on.
            except Exception:
                log.exception("tokens with open sockets could not be looked at")

    def _end(self, token_ids: Iterable[UUID]) -> None:
        for token_id in token_ids:
            for ended in self._waiting.get(token_id, ()):
                if not ended.done():
                    ended.set_result(None)


def _seconds_left(expires_at: datetime | None) -> float | None:
    return None if expires_at is None else (expires_at - clock.now()).total_seconds()
