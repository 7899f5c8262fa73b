"""A line on a terminal about work that takes more than a second. Called by `hookline sync`; silent
where standard error is no terminal.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from hookline.cli.terminal import echo_status

_PATIENCE_SECONDS: Final = 1.0


@dataclass(slots=True)
class Progress:
    """step: what is being done, which may change meanwhile."""

    step: str
    _is_over: threading.Event = field(default_factory=threading.Event)

    def tell(self) -> None:
        """Shows the step and its seconds, once a second, until the work is over."""
        began = time.monotonic()
        is_shown = False
        while not self._is_over.wait(_PATIENCE_SECONDS):
            echo_status(f"{self.step} … {time.monotonic() - began:.0f} s")
            is_shown = True
        if is_shown:
            echo_status("")

    def end(self) -> None:
        self._is_over.set()


@contextmanager
def progress(step: str) -> Iterator[Progress]:
    """Tells of the block's work on a terminal. The line is gone when the block ends."""
    shown = Progress(step)
    if not sys.stderr.isatty():
        yield shown
        return
    # Of its own, as the work asks a server, or counts, without a pause.
    thread = threading.Thread(target=shown.tell, daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        shown.end()
        thread.join()
