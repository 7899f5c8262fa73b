"""Care for everybody else while thousands of objects are made in a thread. Called by the sync and
the registry; nothing else of the process may depend on it.
"""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# A thread that computes keeps the interpreter for this long while others wait, and each step of
# another request waits so: a list takes ten of them. 5 ms by default (Python 3.11).
_TURN_SECONDS: Final = 0.0005

_lock = threading.Lock()
_running: list[tuple[bool, float]] = []
"""For each block that runs what was found: whether the collector was on, and the length of a
turn. The first says how it was before.
"""


@contextmanager
def large_work() -> Iterator[None]:
    """Turns Python's collector of cycles off for the block and lets threads take shorter turns, and
    puts both back with the last of several.

    A large file makes millions of objects and no cycles: looking through them again and again took
    a quarter of the CPU of a plan of 10,000 webhooks, and held up all threads meanwhile (2026-11).
    """
    with _lock:
        _running.append((gc.isenabled(), sys.getswitchinterval()))
        gc.disable()
        sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        with _lock:
            # Blocks end in any order, and only the first one knows: its item stays to the last.
            was_on, turn = _running[0]
            _running.pop()
            if not _running:
                sys.setswitchinterval(turn)
                if was_on:
                    gc.enable()


def keep_made() -> None:
    """Leaves what there is out of all later looks of the collector: a look through the 300,000
    objects of 10,000 webhooks holds up every thread for 0.2 s (2026-11). They are freed by their
    reference counts, as before. In a thread, after many were made.
    """
    # What is garbage now would stay for ever: most of it is young, and that is little to look
    # through.
    gc.collect(0)
    gc.freeze()
