"""The watch over a process's event loop: how long it stood still. Everything that the process does
waits meanwhile: requests, deliveries, beats.
"""

import asyncio
import logging
from time import perf_counter, thread_time
from typing import Final

from hookline.metrics import Metrics

log = logging.getLogger(__name__)

STALL_SECONDS: Final = 0.05
# A stall is seen from its first look on, so up to so much of it is not. 50 looks a second take
# 0.5 % of a core where nothing else wakes it (2026-11).
_PERIOD_SECONDS: Final = 0.02
_LOG_SECONDS: Final = 60.0


class LoopWatch:
    """Looks at the running loop until closed, by one timer that finds out how late it is."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics, self._loop = metrics, asyncio.get_running_loop()
        now = perf_counter()
        self._cpu, self._due = thread_time(), now + _PERIOD_SECONDS
        self._longest = self._longest_before = 0.0
        self._turned_at = now
        self._unsaid, self._unsaid_longest, self._unsaid_cpu = 0, 0.0, 0.0
        self._may_log_at = now
        self._timer = self._loop.call_later(_PERIOD_SECONDS, self._look)

    def close(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now, cpu = perf_counter(), thread_time()
        late = now - self._due
        if late > STALL_SECONDS:
            self._note(late, cpu - self._cpu)
        if now - self._turned_at > _LOG_SECONDS:
            self._longest_before, self._longest = self._longest, 0.0
            self._turned_at = now
            self._show()
        if self._unsaid and now >= self._may_log_at:
            self._tell(now)
        self._cpu, self._due = cpu, now + _PERIOD_SECONDS
        self._timer = self._loop.call_later(_PERIOD_SECONDS, self._look)

    def _note(self, seconds: float, cpu_seconds: float) -> None:
        self._metrics.stalls.observe(seconds)
        self._longest = max(self._longest, seconds)
        self._show()
        self._unsaid += 1
        if seconds > self._unsaid_longest:
            self._unsaid_longest, self._unsaid_cpu = seconds, cpu_seconds

    def _show(self) -> None:
        self._metrics.longest_stall.set(max(self._longest, self._longest_before))

    def _tell(self, now: float) -> None:
        """Logs the stalls since the last line. CPU: little of it means that others had the machine,
        or that the loop waited in a call.
        """
        log.warning(
            "the event loop stood still for %.2f s at the longest (%.2f s of its own CPU), %d "
            "stalls over %.2f s",
            self._unsaid_longest,
            self._unsaid_cpu,
            self._unsaid,
            STALL_SECONDS,
        )
        self._unsaid, self._unsaid_longest, self._unsaid_cpu = 0, 0.0, 0.0
        self._may_log_at = now + _LOG_SECONDS
