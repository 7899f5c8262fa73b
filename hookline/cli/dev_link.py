"""Links of `hookline dev` to the console with its token, each for one use. Other users of the
machine reach the same page, and get it without the token: only the terminal tells the link.
"""

import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from hookline.access import audit
from hookline.access.actor import system_actor
from hookline.cli.database import workspace_id_of
from hookline.runtime import Runtime


class DevLink:
    """The current link. page_url: of the page that gets the token. print_next: is called with the
    next one as soon as this one was used.

    Within a process only: the link of an earlier start is worth nothing.
    """

    def __init__(
        self, page_url: str, token: str, token_id: UUID, print_next: Callable[[str], None]
    ) -> None:
        self._page_url, self._token, self._token_id = page_url, token, token_id
        self._print_next = print_next
        self._code = _new_code()
        self._runtime: Runtime | None = None

    @property
    def url(self) -> str:
        return f"{self._page_url}?link={self._code}"

    async def redeem(self, code: str) -> str | None:
        """The token for the current code, which ends with this call; None for any other text.

        Raises Unavailable, and then the code is used up too.
        """
        if self._runtime is None or not hmac.compare_digest(code.encode(), self._code.encode()):
            return None
        # Before anything is awaited: of two that ask at once one gets the token.
        self._code = _new_code()
        self._print_next(self.url)
        await self._record(self._runtime)
        return self._token

    async def _record(self, runtime: Runtime) -> None:
        workspace_id = await workspace_id_of(runtime.database)
        actor = system_actor(workspace_id, "hookline dev").stored
        # Committed before the token is handed out: nobody sees it without a trace.
        async with runtime.database.unit_of_work():
            await audit.record(workspace_id, actor, "token.reveal", ("tok", self._token_id))

    @asynccontextmanager
    async def serving(self, runtime: Runtime) -> AsyncIterator[None]:
        """Gives the token while the server runs."""
        self._runtime = runtime
        try:
            yield
        finally:
            self._runtime = None


def _new_code() -> str:
    return secrets.token_urlsafe(32)
