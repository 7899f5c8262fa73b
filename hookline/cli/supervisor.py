"""Several API processes behind one socket, for `hookline serve --workers`. The parent forks them,
again when one dies, and ends them.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from hookline.shutdown import end_with_parent

log = logging.getLogger(__name__)

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
_POLL_SECONDS = 1.0
_RETRY_DELAY_SECONDS = 1.0
"""A process that died is followed by a new one not sooner than so long after its start, so that one
that can't start costs little.
"""


class Supervisor:
    """serve: runs in each process, calls what it is given once it serves, gives the exit code. No
    thread may run yet: forks leave them behind. end_seconds: the longest that a clean end of a
    process takes.
    """

    def __init__(
        self, count: int, serve: Callable[[Callable[[], None]], int], end_seconds: float
    ) -> None:
        self._count, self._serve, self._end_seconds = count, serve, end_seconds
        self._children: dict[int, float] = {}
        """The start of each, by process id."""
        self._stops = 0
        self._code = 0
        self._started_reader, self._started_writer = os.pipe()
        os.set_blocking(self._started_reader, False)
        self._has_served = False

    def run(self) -> int:
        """Runs the processes until told to stop: SIGTERM and Ctrl-C end all cleanly, a second one
        at once. Gives the exit code: 1 when they could not start.
        """
        # blocked and waited for: a handler could run between the look at a child and the next wait,
        # and its news would be lost
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        while not self._stops or self._children:
            if not self._stops and len(self._children) < self._count:
                self._fork()
                continue
            heard = signal.sigtimedwait(_SIGNALS, _POLL_SECONDS)
            if heard and heard.si_signo != signal.SIGCHLD:
                self._stop()
            self._reap()
        return self._code

    def _fork(self) -> None:
        pid = os.fork()
        if not pid:
            self._be_child(os.getppid())
        self._children[pid] = time.monotonic()

    def _be_child(self, parent: int) -> NoReturn:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        end_with_parent(parent, self._end_child)
        # not sys.exit: the exit handlers are the parent's
        os._exit(self._serve(self._tell))

    def _end_child(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(self._end_seconds)

    def _tell(self) -> None:
        os.write(self._started_writer, b".")

    def _stop(self) -> None:
        self._stops += 1
        for pid in self._children:
            os.kill(pid, signal.SIGTERM if self._stops == 1 else signal.SIGKILL)

    def _reap(self) -> None:
        for pid, begun_at in list(self._children.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self._children[pid]
            if self._stops:
                continue
            if not self._is_serving():
                # a configuration that no process can start with would be forked for ever
                # It has said why.
                self._code = 1
                self._stop()
                continue
            log.error("API process %d ended (%s), starting another one", pid, _how(status))
            time.sleep(max(0.0, begun_at + _RETRY_DELAY_SECONDS - time.monotonic()))

    def _is_serving(self) -> bool:
        """True once any process has come so far as to serve."""
        try:
            self._has_served = self._has_served or bool(os.read(self._started_reader, 1))
        except BlockingIOError:
            return False
        return self._has_served


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"
