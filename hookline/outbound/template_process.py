"""A child process that renders templates (template_child.py), one request at a time. Used by
hookline.outbound.rendering, which judges how a child ended.
"""

import asyncio
import os
import signal
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Final

import orjson

# The first answer waits for an interpreter to start, on a machine that may be busy.
START_SECONDS: Final = 10.0
# Of the clock, not of the CPU: the child ends itself after half a second of work, so one that says
# nothing for so long was never given the machine.
ANSWER_SECONDS: Final = 10.0
_ROOT = Path(__file__).parents[2]
_MAIN = (
    "import sys; sys.path.append(sys.argv[1]); from hookline.outbound.template_child import main; "
    "main()"
)
_PROBE = orjson.dumps({"template": "", "escape": "none", "context": {}, "probe": "none"})


class Ending(Enum):
    """End of a child that gave no answer."""

    OUT_OF_TIME = auto()
    """By the timer of its own CPU time."""
    OUT_OF_MEMORY = auto()
    """By the limits of its memory: Rust and C abort, or fault on their stack."""
    KILLED = auto()
    """By somebody else, or for no reason that is known."""
    SILENT = auto()
    """It was still there, and was ended here."""


_OWN_ENDS: Final = {
    -signal.SIGPROF: Ending.OUT_OF_TIME,
    -signal.SIGABRT: Ending.OUT_OF_MEMORY,
    -signal.SIGSEGV: Ending.OUT_OF_MEMORY,
    -signal.SIGBUS: Ending.OUT_OF_MEMORY,
}


class TemplateProcess:
    """A child that has answered once. `start` makes one."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> "TemplateProcess":
        """Starts a child and waits for its first answer.

        Raises OSError, EOFError or TimeoutError when it does not start.
        """
        # Isolated and without environment: it sees neither settings nor secrets.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            _MAIN,
            str(_ROOT),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
        )
        child = cls(process)
        try:
            await asyncio.wait_for(child._exchange(_PROBE), START_SECONDS)
        except BaseException:
            # Its answer to the probe would be taken for the next one's.
            await child._end_unread()
            raise
        return child

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, request: bytes) -> bytes | Ending:
        """The child's answer. After an ending it is gone; so it is when the caller is cancelled."""
        try:
            return await asyncio.wait_for(self._exchange(request), ANSWER_SECONDS)
        except TimeoutError:
            await self._end_unread()
            return Ending.SILENT
        except (OSError, asyncio.IncompleteReadError):
            return _OWN_ENDS.get(await self.end(), Ending.KILLED)
        # A caller that leaves in between: the child's answer would be taken for the next one's.
        except BaseException:
            await self._end_unread()
            raise

    async def end(self) -> int:
        """Kills it unless it has ended. Returns its exit code."""
        # Its end of the pipe closes a moment before its exit code is there: killed now, it would
        # seem to have been killed by somebody else.
        with suppress(TimeoutError):
            if self._process.stdout is not None and self._process.stdout.at_eof():
                return await asyncio.wait_for(self._process.wait(), START_SECONDS)
        self._kill()
        return await self._process.wait()

    async def _end_unread(self) -> None:
        """Ends it after an exchange that nobody goes on with. Its pipe is read to the end: one that
        holds more than asyncio takes unasked stays open without.
        """
        assert self._process.stdout is not None
        self._kill()
        await self._process.stdout.read()
        await self._process.wait()

    def _kill(self) -> None:
        # One that was waited for has lost its number, which may be another process's by now.
        if not self.is_alive:
            return
        with suppress(ProcessLookupError):
            # SIGKILL: a child that is stuck in a step hears nothing else.
            os.kill(self._process.pid, signal.SIGKILL)

    async def _exchange(self, request: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # It ended after it was chosen: uvloop 0.23 has a RuntimeError for that, no OSError.
        if self._process.stdin.is_closing():
            raise BrokenPipeError
        self._process.stdin.write(struct.pack(">I", len(request)) + request)
        await self._process.stdin.drain()
        (length,) = struct.unpack(">I", await self._process.stdout.readexactly(4))
        return await self._process.stdout.readexactly(length)
