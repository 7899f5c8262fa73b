"""Reads the followed files by a child process with limits (reading_child.py), and checks its
answer as if a stranger had written it. Called by following.
"""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from hookline.errors import Unavailable
from hookline.runtime import Runtime
from hookline.settings.fields import Settings
from hookline.sync.plan import codec
from hookline.sync.pull.content import ContentDigest
from hookline.sync.read import received
from hookline.sync.read.document import Document
from hookline.sync.read.problems import Position, SyncProblem
from hookline.webhooks.saving import bounds_of

log = logging.getLogger(__name__)

# Of the clock: the child ends itself after 20 s of work.
_DEADLINE_SECONDS: Final = 60.0
OUT_OF_MEMORY: Final = 12
"""Exit code of a reader that got no more memory."""
_ROOT: Final = Path(__file__).parents[3]
_MAIN: Final = (
    "import sys; sys.path.append(sys.argv[1]); from hookline.sync.pull.reading_child import main; "
    "main()"
)


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """Limits of one reading. memory: of address space, of which 8 MiB of webhooks use half."""

    cpu_seconds: int = 20
    memory_mib: int = 768


USUAL_LIMITS: Final = ReaderLimits()


@dataclass(frozen=True, slots=True)
class PulledFiles:
    """Outcome of one reading. digest: None where the reader came to no end; references: digests of
    the files that references name, by path; document: None when there are errors.
    """

    digest: ContentDigest | None
    references: Mapping[str, str]
    files: list[Path]
    folders: list[Path]
    problems: list[SyncProblem]
    document: Document | None

    @property
    def errors(self) -> list[SyncProblem]:
        return [problem for problem in self.problems if problem.is_error]


async def read_files(
    runtime: Runtime, path: str, limits: ReaderLimits = USUAL_LIMITS
) -> PulledFiles:
    """Reads what stands at the path now.

    Raises Unavailable where no process can be started.
    """
    code, answer = await _answer(orjson.dumps(_request(runtime.settings, path, limits)))
    if code != 0:
        log.warning("the reader of webhooks files ended without an answer code=%s", code)
        message = f"{_reason(code, limits)}; nothing of them was applied"
        refused = SyncProblem("unreadable", message, Position(file=path))
        return PulledFiles(None, {}, [], [], [refused], None)
    # Off the loop: 10,000 webhooks take seconds.
    return await asyncio.to_thread(_checked, runtime, answer)


def _reason(code: int | None, limits: ReaderLimits) -> str:
    """Reason for a reading without an answer. code: the reader's; None: it was ended here."""
    # orjson (3.13) crashes where it gets no memory for its answer.
    if code in (OUT_OF_MEMORY, -signal.SIGSEGV):
        return f"the files need more than {limits.memory_mib} MiB of memory to be read"
    # The first at the limit, the second a second later.
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"the files need more than {limits.cpu_seconds} s of work to be read"
    if code is None:
        return f"the files were not read within {_DEADLINE_SECONDS:.0f} s"
    return f"the process that reads the files failed with the code {code}"


def _request(settings: Settings, path: str, limits: ReaderLimits) -> dict[str, Any]:
    prefix = settings.sync_env_prefix
    # No variable but those that may be referred to leaves this process.
    environment = {
        name: value for name, value in os.environ.items() if prefix and name.startswith(prefix)
    }
    return {
        "path": path,
        "cpuSeconds": limits.cpu_seconds,
        "memoryMib": limits.memory_mib,
        "home": str(settings.home.absolute()),
        "prefix": prefix,
        "environment": environment,
        "fileRoot": os.path.abspath(settings.sync_file_root) if settings.sync_file_root else "",
        "environments": settings.environments,
    }


async def _answer(request: bytes) -> tuple[int | None, bytes]:
    """The child's exit code, and its answer when that is 0. None: it came to no end."""
    try:
        # Isolated and without environment: it sees neither settings nor secrets.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _MAIN, str(_ROOT), stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
            env={},
        )  # fmt: skip
    except OSError as error:
        raise Unavailable(f"The reader of webhooks files can't be started: {error}.") from error
    try:
        answer, _ = await asyncio.wait_for(process.communicate(request), _DEADLINE_SECONDS)
    except TimeoutError:
        return None, b""
    finally:
        # Also when the server stops meanwhile: a child that is stuck hears nothing else.
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode, answer


def _checked(runtime: Runtime, answer: bytes) -> PulledFiles:
    found = orjson.loads(answer)
    problems = [codec.decode_problem(problem) for problem in found["problems"]]
    document = None
    if given := found["document"]:
        secrets = {tuple(path): value for path, value in given["secrets"]}
        document, refused = received.decode(
            given["content"], given["positions"], secrets, bounds_of(runtime)
        )
        # Warnings were told by the reader already.
        problems += [problem for problem in refused.in_order() if problem.is_error]
        document = None if refused.has_errors() else document
    return PulledFiles(
        ContentDigest(*found["digest"]),
        found["references"],
        [Path(file) for file in found["files"]],
        [Path(folder) for folder in found["folders"]],
        problems,
        document,
    )
