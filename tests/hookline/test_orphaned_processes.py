"""A process whose parent was killed ends, also one that hangs in a write that nobody reads."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path

import psutil
import pytest


@pytest.mark.parametrize(("kind", "said"), [("reading", b"clean\n"), ("deaf", b"")])
async def test_an_orphan_that_hangs_in_a_write_ends(kind: str, said: bytes) -> None:
    """Cleanly when it reads its own log, at its limit when it does not."""
    command = [sys.executable, "-m", "tests.hookline.orphaned_process", kind]
    parent = await asyncio.create_subprocess_exec(
        *command, cwd=Path(__file__).parents[2], stdout=PIPE
    )
    assert parent.stdout
    child = psutil.Process(int(await parent.stdout.readline()))
    try:
        parent.kill()

        # the child holds the other end until it ends
        assert await asyncio.wait_for(parent.stdout.read(), 60) == said
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()
        await parent.wait()
