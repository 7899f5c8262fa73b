"""Rest of Python's collector of cycles while thousands of objects are made that stay. Called by the
sync; nothing else of the process may depend on it.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_resting: list[bool] = []
"""One item for each block that runs; the first says whether the collector was on before."""


@contextmanager
def resting_collector() -> Iterator[None]:
    """Turns the collector off for the block, and on again with the last of several.

    A large file makes millions of objects and no cycles: looking through them again and again took
    a quarter of the CPU of a plan of 10,000 webhooks, and held up all threads meanwhile (2026-11).
    """
    with _lock:
        _resting.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            # Blocks end in any order, and only the first one knows: its item stays to the last.
            was_on = _resting[0]
            _resting.pop()
            if was_on and not _resting:
                gc.enable()
