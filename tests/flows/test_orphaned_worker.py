"""A worker whose main process was killed: it records what it sent and ends, also when its log is
full and the main process had not read it for long.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.flows.installation import Installation, is_running
from tests.receivers import Receiver
from tests.waiting import eventually

DONE = "{ deliveries(first: 1) { nodes { status } } }"


@pytest.fixture
async def hookline(postgres_database: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Running, its worker as people start it."""
    async with Installation(tmp_path, postgres_database) as installation:
        installation.start_process("serve")
        installation.start_anew("worker", "hookline", "worker")
        await eventually(installation.is_ready)
        yield installation


async def test_it_ends_though_nobody_reads_its_log(hookline: Installation) -> None:
    # What it logs at its start must be out before its log is full.
    await eventually(lambda: "delivering" in hookline.log.read_text())
    main = psutil.Process(hookline.processes["worker"].pid)
    [worker] = main.children()
    async with Receiver() as receiver:
        await hookline.create_webhook(receiver.url)
        main.suspend()
        receiver.gate.clear()
        await hookline.publish(1)
        await receiver.wait_for(1)
        # Not before it was sent: any line, such as one of a slow loop, would hold the worker up.
        fill(log_pipe(main, worker))
        receiver.gate.set()  # the attempt's end is a line in the log

        main.kill()

        await eventually(lambda: not is_running(worker))
    assert (await hookline.graphql(DONE))["deliveries"]["nodes"] == [{"status": "SUCCEEDED"}]


def log_pipe(main: psutil.Process, worker: psutil.Process) -> Path:
    """The pipe that the main process reads, and of which the worker has inherited both ends."""
    theirs = {os.readlink(file) for file in files_of(main)}
    ours = [file for file in files_of(worker) if os.readlink(file).startswith("pipe:")]
    counts = Counter(os.readlink(file) for file in ours)
    return next(
        file for file in ours if os.readlink(file) in theirs and counts[os.readlink(file)] == 2
    )


def files_of(process: psutil.Process) -> list[Path]:
    return list(Path(f"/proc/{process.pid}/fd").iterdir())


def fill(pipe: Path) -> None:
    writing = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(writing, b"\n")
    except BlockingIOError:
        os.close(writing)
