"""The API as `hookline sync` asks it: of a server, or with --local of this process over its own
database, by the same documents. Called by the commands that need no file.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from hookline.cli.client import data_of, execute, read_data
from hookline.cli.connection import Endpoint
from hookline.cli.server_choice import ServerChoice

if TYPE_CHECKING:
    from hookline.settings.fields import Settings

T = TypeVar("T")
TIMEOUT_SECONDS: Final = 60.0


class Asker(Protocol):
    """server: URL of the server or path of the database."""

    @property
    def server(self) -> str: ...

    def ask(
        self,
        document: str,
        variables: dict[str, Any],
        read: Callable[[dict[str, Any]], T],
        seconds: float = TIMEOUT_SECONDS,
    ) -> T:
        """The result of one operation. read: makes it of the answer's `data`.

        Raises HooklineError.
        """


@contextmanager
def asking(place: ServerChoice, role: str) -> Iterator[Asker]:
    """role: of a token that may do what will be asked.

    Raises HooklineError.
    """
    if not place.is_local:
        yield AskedServer(place.access(), role)
        return
    from hookline.cli.lock import local_lock

    settings = place.settings()
    with local_lock(settings), asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield AskedDatabase(
                str(settings.sqlite_path), runner, runner.run(_opened(settings, stack))
            )
        finally:
            runner.run(stack.aclose())


async def _opened(settings: "Settings", stack: AsyncExitStack) -> Any:
    """An api.local.LocalApi, which the core does not import."""
    from hookline.access.actor import system_actor
    from hookline.access.scopes import SCOPES
    from hookline.cli import dev_home
    from hookline.cli.database import workspace_id_of
    from hookline.wiring import open_runtime

    addresses = dev_home.addresses(settings)
    runtime = await stack.enter_async_context(open_runtime(settings, addresses))
    workspace_id = await workspace_id_of(runtime.database)
    actor = replace(system_actor(workspace_id, "hookline sync --local"), scopes=frozenset(SCOPES))
    return import_module("api.local").LocalApi(runtime, actor)


@dataclass(frozen=True, slots=True)
class AskedServer:
    access: Endpoint
    role: str

    @property
    def server(self) -> str:
        return self.access.server

    def ask(
        self,
        document: str,
        variables: dict[str, Any],
        read: Callable[[dict[str, Any]], T],
        seconds: float = TIMEOUT_SECONDS,
    ) -> T:
        return execute(self.access, document, variables, read, seconds, role=self.role)


@dataclass(frozen=True, slots=True)
class AskedDatabase:
    server: str
    runner: asyncio.Runner
    api: Any

    def ask(
        self,
        document: str,
        variables: dict[str, Any],
        read: Callable[[dict[str, Any]], T],
        seconds: float = TIMEOUT_SECONDS,
    ) -> T:
        body = self.runner.run(self.api.answer(document, variables))
        return read_data(data_of(body, 200, self.server), read, self.server)
