"""The context of an operation, which resolvers see as `info.context`. The app's own function makes
it, the transports call that. It must hold nothing that outlives the operation.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from hookline.access.actor import Actor


class Context:
    """runtime and loaders are the app's; live_cursor is there once `read_live_cursor` was awaited,
    before anything else of the operation is read.
    """

    __slots__ = (
        "_make_loaders",
        "_read_cursor",
        "actor",
        "live_cursor",
        "loaders",
        "request_id",
        "runtime",
    )

    def __init__(
        self,
        runtime: Any,  # hookline.runtime.Runtime; tests hand in a small one of their own
        actor: Actor,
        request_id: str,
        read_cursor: Callable[["Context"], Awaitable[str]],
        make_loaders: Callable[["Context"], Any],
    ) -> None:
        self.runtime = runtime
        self.actor = actor
        self.request_id = request_id
        self.live_cursor: str | None = None
        self._read_cursor = read_cursor
        self._make_loaders = make_loaders
        self.loaders = make_loaders(self)

    async def read_live_cursor(self) -> None:
        self.live_cursor = await self._read_cursor(self)

    def of_nobody(self) -> "Context":
        """Returns a context that names no caller: what is made with it may be shown to every caller
        with these scopes in this workspace.
        """
        nobody = Actor(self.actor.workspace_id, "", self.actor.scopes)
        return Context(self.runtime, nobody, "", self._read_cursor, self._make_loaders)

    def renewed(self) -> "Context":
        """Returns a copy with loaders of its own: each event of a subscription reads rows anew."""
        return Context(
            self.runtime, self.actor, self.request_id, self._read_cursor, self._make_loaders
        )


ContextMaker = Callable[[Actor, str], Context]  # actor, request id
