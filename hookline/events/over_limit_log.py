"""Log lines of filters that would have cost too much to ask. Called by the publisher."""

import logging
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from hookline import clock, ids

log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 60.0
# Webhooks come and go, and a publisher must not be able to fill memory.
_WEBHOOKS: Final = 10_000


class OverLimitLog:
    """One line for each webhook and minute."""

    def __init__(self) -> None:
        self._logged_at: dict[UUID, float] = {}

    def tell(self, event_id: UUID, webhook_ids: Iterable[UUID]) -> None:
        now = clock.monotonic()
        for webhook_id in webhook_ids:
            last = self._logged_at.get(webhook_id)
            if last is not None and now - last < _PAUSE_SECONDS:
                continue
            if len(self._logged_at) >= _WEBHOOKS:
                self._logged_at.clear()
            self._logged_at[webhook_id] = now
            log.warning(
                "event not delivered: the webhook's filter would look at more of its data than it "
                "may (logged once a minute for each webhook)",
                extra={
                    "webhook_id": ids.encode("wh", webhook_id),
                    "event_id": ids.encode("evt", event_id),
                },
            )
