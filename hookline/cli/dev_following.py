"""Applies the webhooks file at the start of `hookline dev`, and whenever its content changes. On
any fault the last good state stays.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from hookline.access.actor import system_actor
from hookline.cli.database import workspace_id_of
from hookline.cli.terminal import echo
from hookline.errors import HooklineError
from hookline.regular_files import open_regular
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks
from hookline.sync.apply import applying
from hookline.sync.checkout import find_source
from hookline.sync.read import file
from hookline.sync.read.document import Document
from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.references import LocalReferences
from hookline.sync.request import SyncRequest
from hookline.sync.show import excerpts, report
from hookline.text import printable
from hookline.webhooks.saving import bounds_of

# A look reads one file; only another content costs more.
PERIOD_SECONDS = 1.0

SAMPLE_RECEIVER = "http://127.0.0.1:8000/_echo"
"""The built-in receiver in a webhooks file: that of the server that applies it, at its port."""

log = logging.getLogger(__name__)

Apply = Callable[[bytes], Awaitable[str]]


@asynccontextmanager
async def following(path: Path, url: str, runtime: Runtime) -> AsyncIterator[None]:
    """The file is applied when the block begins, and followed until it ends. url: this server's."""
    workspace_id = await workspace_id_of(runtime.database)

    async def apply(data: bytes) -> str:
        return await apply_file(runtime, workspace_id, path, data, f"{url}/_echo")

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
        # The next save may mend it; the server goes on meanwhile.
        except Exception:
            log.exception("the webhooks file could not be applied")


class Follower:
    """Tells contents apart by their digest: a file that was only touched changes nothing. apply:
    gives the text to print about it.
    """

    def __init__(self, path: Path, apply: Apply) -> None:
        self._path = path
        # For sentences.
        self._name = printable(str(path))
        self._apply = apply
        self._digest: bytes | None = None
        self._fault = ""

    async def look(self) -> None:
        """Applies the file if its content is not the one that was seen last."""
        try:
            with open_regular(self._path) as opened:
                # One byte more than may be read tells that it is too much, however much there is.
                data = opened.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            if self._digest is not None:
                self._tell_once(f"{self._name} is gone. Its webhooks stay as they are.")
            return
        except OSError as error:
            self._tell_once(
                f"{self._name} can't be read: {error.strerror}. Its webhooks stay as they are."
            )
            return
        digest = sha256(data).digest()
        if digest != self._digest:
            await self._take(data, digest)

    async def _take(self, data: bytes, digest: bytes) -> None:
        """A content that is refused is not tried again; one that the database could not take is."""
        # Set before the apply, and set back only where trying again may help.
        before, self._digest = self._digest, digest
        try:
            text = await self._apply(data)
        except HooklineError as error:
            self._digest = before
            self._tell_once(f"{self._name} could not be applied: {error.message}")
            return
        self._fault = ""
        if text:
            echo(text)

    def _tell_once(self, fault: str) -> None:
        # Looked at each second: the same sentence is printed once.
        if fault != self._fault:
            self._fault = fault
            echo(fault)


async def apply_file(
    runtime: Runtime, workspace_id: UUID, path: Path, data: bytes, receiver: str = SAMPLE_RECEIVER
) -> str:
    """The outcome for people: what was applied, what blocks it, or all that is wrong with the file.
    Empty when nothing had to change. receiver: URL of the built-in one.

    Raises Unavailable.
    """
    bounds = bounds_of(runtime)
    secrets = LocalReferences(os.environ, runtime.settings.home, path.parent)
    # Off the loop: a large file takes seconds, and this process serves and delivers.
    found = await asyncio.to_thread(file.decoded, data, str(path), bounds, secrets)
    text = excerpts.shown(found.problems, found.lines, found.secret_positions)
    if found.document is None:
        return f"{text}\n{printable(str(path))} was not applied: its webhooks stay as they are."
    point_at_receiver(found.document, receiver)
    where_from = await asyncio.to_thread(find_source, [path], os.environ, echo)
    request = SyncRequest(found.document, source=where_from)
    outcome = await applying.apply(runtime, system_actor(workspace_id, "hookline dev"), request)
    plan = replace(outcome.plan, server="this server")
    if outcome.blocked or outcome.problems:
        wrong = excerpts.shown(outcome.problems, found.lines, found.secret_positions)
        return "\n".join(
            filter(
                None,
                [
                    text,
                    wrong,
                    report.planned(plan),
                    f"{printable(str(path))} was not applied: see `hookline sync apply --help`.",
                ],
            )
        )
    return "\n".join(filter(None, [text, report.applied(plan) if outcome.revision else ""]))


def point_at_receiver(document: Document, receiver: str) -> None:
    """Points what is meant for the built-in receiver at this server's own: at another port the
    sample would send to nobody, or to another server on this machine.
    """
    for slug, webhook in document.webhooks.items():
        url = webhook.values.get("url")
        if isinstance(url, str) and _is_sample(url):
            values = {**webhook.values, "url": receiver + url.removeprefix(SAMPLE_RECEIVER)}
            document.webhooks[slug] = replace(webhook, values=values)


def _is_sample(url: str) -> bool:
    return url == SAMPLE_RECEIVER or url.startswith(f"{SAMPLE_RECEIVER}/")
