"""The context of an operation, which resolvers see as `info.context`. The app's own function makes
it, the transports call that. It must hold nothing that outlives the operation.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from hookline import clock
from hookline.access.actor import Actor
from hookline.db.connection import Reader
from hookline.errors import Unavailable

# A query ends at its own deadline; what it leaves running in the background ends by itself.
_SLACK_SECONDS = 1.0


class TookTooLong(Unavailable):
    """An operation was ended when its own time was over: perhaps for what it asked, not for a
    database that is away.
    """


class Context:
    """runtime and loaders are the app's; live_cursor is there once `read_live_cursor` was awaited,
    before anything else of the operation is read. seconds: how long the operation may take.
    has_large_request: its variables may be large.
    """

    __slots__ = (
        "_check_token",
        "_is_over",
        "_make_loaders",
        "_now",
        "_read_cursor",
        "_reads",
        "_until",
        "actor",
        "caller",
        "has_large_request",
        "live_cursor",
        "loaders",
        "request_id",
        "runtime",
        "seconds",
    )

    def __init__(
        self,
        runtime: Any,  # hookline.runtime.Runtime; tests hand in a small one of their own
        actor: Actor,
        request_id: str,
        read_cursor: Callable[["Context"], Awaitable[str]],
        make_loaders: Callable[["Context"], Any],
        seconds: float,
    ) -> None:
        self.runtime = runtime
        self.actor = actor
        self.caller: object = actor.caller
        self.request_id = request_id
        self.seconds = seconds
        self.has_large_request = True
        self.live_cursor: str | None = None
        self._read_cursor = read_cursor
        self._make_loaders = make_loaders
        self._now: datetime | None = None
        self._until: float | None = None
        # Made when the first read begins: a publish has none.
        self._reads: set[asyncio.Task[Any]] | None = None
        self._is_over = False
        self._check_token: Callable[[], Awaitable[object]] | None = None
        self.loaders = make_loaders(self)

    @property
    def now(self) -> datetime:
        """One time for the whole operation: what is counted before it and what is read in it are
        the same.
        """
        if self._now is None:
            self._now = clock.now()
        return self._now

    def ends_with_token(self, check: Callable[[], Awaitable[object]]) -> None:
        """check: raises HooklineError once the token of this operation is revoked or expired."""
        self._check_token = check

    async def check_token(self) -> None:
        """Looks whether the token is still valid: between two fields of a mutation, say.

        Raises HooklineError UNAUTHENTICATED, and Unavailable.
        """
        if self._check_token is not None:
            await self._check_token()

    async def read_live_cursor(self) -> None:
        self.live_cursor = await self._read_cursor(self)

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """Runs the operation until its time is over, and ends with it whatever it still reads.

        Raises TookTooLong.
        """
        self._until = asyncio.get_running_loop().time() + self.seconds
        try:
            async with asyncio.timeout_at(self._until):
                yield
        except TimeoutError:
            raise TookTooLong(
                f"This took longer than {self.seconds:g} s and was ended. Ask for smaller pages "
                "(first, last), fewer lists or a narrower filter."
            ) from None
        finally:
            self.end_reads()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reader]:
        """One read of a resolver, on connections that only such reads use, in turn with those of
        other callers.

        Raises Unavailable.
        """
        # Of an operation that has ended: graphql-core lets siblings of a failed field go on.
        if self._is_over:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None
        reads = self._reads = self._reads if self._reads is not None else set()
        reads.add(task)
        try:
            async with self.runtime.database.reading(self.caller, self._last_moment()) as reader:
                yield reader
        finally:
            reads.discard(task)

    def end_reads(self) -> None:
        """Cancels what nobody waits for any more: a loader reads in a task of its own, which no
        cancellation of its callers ends. Lets go of what was read.
        """
        self._is_over = True
        for task in self._reads or ():
            task.cancel()
        if self.loaders:
            self.loaders.forget()

    def of_nobody(self) -> "Context":
        """Returns a context whose actor is no token: what is made with it may be shown to every
        caller with these scopes in this workspace. It takes the turns of this one.
        """
        return self._copy(Actor(self.actor.workspace_id, "", self.actor.scopes), "")

    def renewed(self) -> "Context":
        """Returns a copy with loaders of its own: each event of a subscription reads rows anew."""
        return self._copy(self.actor, self.request_id)

    def _copy(self, actor: Actor, request_id: str) -> "Context":
        copy = Context(
            self.runtime, actor, request_id, self._read_cursor, self._make_loaders, self.seconds
        )
        # Under an owner of its own, one token's hundred would have others' share of the workspace.
        copy.caller = self.caller
        return copy

    def _last_moment(self) -> float:
        # Of a mutation, which nothing cuts short, each read below its payload has its own time.
        begun = self._until or asyncio.get_running_loop().time() + self.seconds
        return begun + _SLACK_SECONDS


ContextMaker = Callable[[Actor, str], Context]  # actor, request id
