"""A worker whose main process was killed: it records what it sent and ends, also when its log is
full and the main process had not read it for long.
"""

import os
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.flows.installation import Installation, is_running
from tests.receivers import Receiver
from tests.waiting import eventually

DONE = "{ deliveries(first: 1) { nodes { status } } }"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_it_ends_though_nobody_reads_its_log(own_hookline: Installation) -> None:
    # What it logs at its start must be out before its log is full.
    await eventually(lambda: "delivering" in own_hookline.log.read_text())
    main = psutil.Process(own_hookline.processes["worker"].pid)
    [worker] = main.children()
    async with Receiver() as receiver:
        await own_hookline.create_webhook(receiver.url)
        main.suspend()
        fill(log_pipe(main, worker))
        await own_hookline.publish(1)  # its attempt is a line in the log
        await receiver.wait_for(1)

        main.kill()

        await eventually(lambda: not is_running(worker))
    assert (await own_hookline.graphql(DONE))["deliveries"]["nodes"] == [{"status": "SUCCEEDED"}]


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
