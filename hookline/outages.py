"""Outages of servers in the log: a line when one goes away and one when it is back, for each
component that needs it. Called by whatever tries again by itself. Never logs a traceback.
"""

import logging
from threading import Lock
from typing import Final

from hookline.clock import monotonic

# Of calls at once some still fail after the first that did not: no line for each of them.
SETTLE_SECONDS: Final = 1.0


class Outage:
    """One server as one component sees it. `away` at each try that fails, `back` at each that does
    not: between the two lines nothing is logged, and the second one has the duration.

    settle_seconds: time without a failed try after which `back` counts, for a component that tries
    several things at once. May be used by several threads.
    """

    __slots__ = ("_began_at", "_last_at", "_lock", "_log", "_settle_seconds", "_text", "_tries")

    def __init__(self, log: logging.Logger, text: str, settle_seconds: float = 0.0) -> None:
        self._log, self._text, self._settle_seconds = log, text, settle_seconds
        self._lock = Lock()
        self._began_at: float | None = None
        self._last_at = 0.0
        self._tries = 0

    def away(self, error: BaseException | str) -> None:
        """A try has failed."""
        with self._lock:
            self._last_at = monotonic()
            self._tries += 1
            if self._began_at is not None:
                return
            self._began_at = self._last_at
        reason = error if isinstance(error, str) else repr(error)
        self._log.warning("%s: %s", self._text, reason)

    def back(self) -> None:
        """A try has not failed. Costs next to nothing while there is no outage."""
        if self._began_at is None:
            return
        with self._lock:
            now = monotonic()
            if self._began_at is None or now - self._last_at < self._settle_seconds:
                return
            seconds, tries = now - self._began_at, self._tries
            self._began_at, self._tries = None, 0
        self._log.info("%s: over after %.1f s", self._text, seconds, extra={"failed": tries})
