"""Log lines of requests over HTTP: one each, and for an outage one of its own instead of one for
each request that it refused. No line has a value that was sent.
"""

import logging

from api.execution.errors import UNAVAILABLE, Formatted
from hookline.outages import SETTLE_SECONDS, Outage

log = logging.getLogger(__name__)


class RequestLog:
    def __init__(self) -> None:
        self._outage = Outage(log, "requests are answered UNAVAILABLE", SETTLE_SECONDS)

    def level_of(self, errors: list[Formatted]) -> int:
        """The level of a request's line: info when something went wrong, debug else, since
        publishing passes here thousands of times a second.
        """
        if not errors:
            self._outage.back()
            return logging.DEBUG
        if not is_outage(errors):
            return logging.INFO
        self._outage.away(str(errors[0]["message"]))
        return logging.DEBUG


def is_outage(errors: list[Formatted]) -> bool:
    """True when nothing was wrong with the request: the line of the outage stands for it."""
    return all(error["extensions"]["code"] == UNAVAILABLE for error in errors)
