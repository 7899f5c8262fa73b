"""A process that writes into a pipe which only its parent could read, and watches the parent. For
test_orphaned_processes: `python -m tests.hookline.orphaned_process deaf|reading`.

The parent writes the child's pid once the pipe is full; the child writes "clean" at a clean end.
"""

import os
import select
import signal
import sys
import threading
import time
from types import FrameType

from hookline.shutdown import discard_log, end_with_parent


def _be_child(parent: int, pipe: int, is_reading: bool) -> None:
    is_told = threading.Event()

    def shut_down() -> None:
        if is_reading:
            discard_log(pipe)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(2)

    def stop(number: int, frame: FrameType | None) -> None:
        is_told.set()

    signal.signal(signal.SIGTERM, stop)
    end_with_parent(parent, shut_down)
    while not is_told.is_set():
        os.write(pipe, b"x" * 1_000)
    sys.stdout.write("clean\n")
    sys.stdout.flush()


def _main(kind: str) -> None:
    # both ends are inherited, as Dramatiq's worker has them: a write never fails
    _, pipe = os.pipe()
    parent = os.getpid()
    if (pid := os.fork()) == 0:
        _be_child(parent, pipe, kind == "reading")
        os._exit(0)
    while select.select([], [pipe], [], 0)[1]:
        time.sleep(0.01)
    sys.stdout.write(f"{pid}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    _main(sys.argv[1])
