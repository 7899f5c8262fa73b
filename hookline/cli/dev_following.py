"""Applies the webhooks file at the start of `hookline dev`, and whenever its content changes. On
any fault the last good state stays.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import click

from hookline.cli.database import workspace_id_of
from hookline.errors import HooklineError
from hookline.runtime import Runtime
from hookline.tasks import end_tasks

PERIOD_SECONDS = 1.0

log = logging.getLogger(__name__)

Apply = Callable[[bytes], Awaitable[str]]


@asynccontextmanager
async def following(path: Path, runtime: Runtime) -> AsyncIterator[None]:
    """The file is applied when the block begins, and followed until it ends."""
    workspace_id = await workspace_id_of(runtime.database)

    async def apply(data: bytes) -> str:
        from hookline.cli.apply_file import apply_file

        return await apply_file(runtime, workspace_id, path, data)

    follower = Follower(path, apply)
    await follower.look()
    task = asyncio.create_task(_follow(follower))
    try:
        yield
    finally:
        await end_tasks(task)


async def _follow(follower: "Follower") -> None:
    while True:
        await asyncio.sleep(PERIOD_SECONDS)
        try:
            await follower.look()
        except Exception:
            log.exception("the webhooks file could not be applied")


class Follower:
    """Tells contents apart by their digest: a file that was only touched changes nothing. apply:
    gives what is to be told about it.
    """

    def __init__(self, path: Path, apply: Apply) -> None:
        self._path = path
        self._apply = apply
        self._digest: bytes | None = None
        self._fault = ""

    async def look(self) -> None:
        """Applies the file if its content is not the one that was seen last."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            if self._digest is not None:
                self._tell_once(f"{self._path} is gone. Its webhooks stay as they are.")
            return
        except OSError as error:
            self._tell_once(
                f"{self._path} can't be read: {error.strerror}. Its webhooks stay as they are."
            )
            return
        digest = sha256(data).digest()
        if digest != self._digest:
            await self._take(data, digest)

    async def _take(self, data: bytes, digest: bytes) -> None:
        """A content that is refused is not tried again; one that the database could not take is."""
        before, self._digest = self._digest, digest
        try:
            told = await self._apply(data)
        except HooklineError as error:
            self._digest = before
            self._tell_once(f"{self._path} could not be applied: {error.message}")
            return
        self._fault = ""
        if told:
            click.echo(told)

    def _tell_once(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            click.echo(fault)
