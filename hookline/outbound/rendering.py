"""Payload templates, rendered by a child process (template_child.py) with limits of its own. One
per process that renders at all. Whatever a template does, the process that delivers neither dies
nor waits longer than a moment: a child that takes too long is killed, and its template refused for
a minute.
"""

import asyncio
import os
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson

from hookline.clock import monotonic
from hookline.outbound.templates import SAMPLE_EVENT, SAMPLE_WEBHOOK, Facts, escape_of

# A template takes about 0.1 ms; fuel bounds its steps, but no single step.
RENDER_SECONDS: Final = 0.5
# The first answer waits for an interpreter to start, on a machine that may be busy.
START_SECONDS: Final = 10.0
# Each try costs half a second for everybody, and a child.
REFUSED_SECONDS: Final = 60.0
_REFUSED_LIMIT = 1_000
_CHILD = Path(__file__).with_name("template_child.py")
_TOO_LONG = (
    "The template takes too long. Make it simpler: lists and texts that grow with every "
    "step are what takes time."
)


class TemplateProblem(ValueError):
    """A template can't be used. The text says why, to people."""


class Renderer:
    def __init__(self) -> None:
        self._child: Process | None = None
        self._turn = asyncio.Lock()
        self._refused: dict[tuple[str, str], float] = {}
        """Templates that took too long, with the time (monotonic) from when each may try again."""

    async def render(self, template: str, content_type: str, event: Facts, webhook: Facts) -> bytes:
        """The request's body, at most 1 MiB; valid JSON when the content type is JSON. About 0.1
        ms.

        Raises TemplateProblem.
        """
        return await self._ask(template, escape_of(content_type), event, webhook, is_probe=False)

    async def check(
        self,
        template: str,
        content_type: str,
        event: Facts = SAMPLE_EVENT,
        webhook: Facts = SAMPLE_WEBHOOK,
    ) -> None:
        """Lets a template pass that compiles and renders the sample, with missing values empty and
        with each of them as a text.

        Raises TemplateProblem.
        """
        for is_probe in (False, True):
            await self._ask(template, escape_of(content_type), event, webhook, is_probe)

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _ask(
        self, template: str, escape: str, event: Facts, webhook: Facts, is_probe: bool
    ) -> bytes:
        if monotonic() < self._refused.get((template, escape), 0.0):
            raise TemplateProblem(_TOO_LONG)
        context = {"event": event, "webhook": webhook}
        request = orjson.dumps(
            {"template": template, "escape": escape, "context": context, "isProbe": is_probe}
        )
        # One request at a time: answers carry no names, and come in the order of the requests.
        async with self._turn:
            child = await self._started()
            try:
                answer = await asyncio.wait_for(_exchange(child, request), RENDER_SECONDS)
            except TimeoutError:
                self._refuse(template, escape)
                await self._end()
                raise TemplateProblem(_TOO_LONG) from None
            # It died of its own limits.
            except (OSError, asyncio.IncompleteReadError):
                self._refuse(template, escape)
                await self._end()
                raise TemplateProblem(
                    "The template makes too much of the event: it ran out of memory."
                ) from None
            # A caller that leaves in between: the child's answer would be taken for the next one's.
            except BaseException:
                await self._end()
                raise
        if answer[:1] == b"-":
            raise TemplateProblem(answer[1:].decode())
        return answer[1:]

    def _refuse(self, template: str, escape: str) -> None:
        if len(self._refused) >= _REFUSED_LIMIT:
            self._refused.clear()
        self._refused[template, escape] = monotonic() + REFUSED_SECONDS

    async def _started(self) -> Process:
        if self._child is None or self._child.returncode is not None:
            # Isolated and without environment: it sees neither settings nor secrets.
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(_CHILD), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
            )
            probe = orjson.dumps(
                {"template": "", "escape": "none", "context": {}, "isProbe": False}
            )
            try:
                await asyncio.wait_for(_exchange(self._child, probe), START_SECONDS)
            except BaseException:
                await self._end()  # its answer to the probe would be taken for the next one's
                raise
        return self._child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                # SIGKILL: a child that is stuck in a step hears nothing else.
                os.kill(child.pid, 9)
            await child.wait()


async def _exchange(child: Process, request: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(struct.pack(">I", len(request)) + request)
    await child.stdin.drain()
    (length,) = struct.unpack(">I", await child.stdout.readexactly(4))
    return await child.stdout.readexactly(length)
