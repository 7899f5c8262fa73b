"""Wakes workers for deliveries that may be due, after the commit that made them so: every running
worker over the hub, and one of them by a message. The two are independent; a delivery that neither
named is found by the next sweep. A hub inside the process needs no message beside it.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub

MANUAL_PREFIX: Final = "!"
"""Prefix of a webhook's id in a wake-up: a delivery of it was asked for by hand, and goes before
those that are leased already.
"""
DELIVERY_MARK: Final = ":"
"""Between a webhook's id and that of its new delivery, which is then all that there is to look
for.
"""


class Wakeups:
    """Every call returns at once and never raises."""

    def __init__(self, hub: Hub, enqueuer: Enqueuer) -> None:
        self._hub, self._enqueuer = hub, enqueuer

    def notify_published(self, webhook_ids: Iterable[UUID]) -> None:
        """Wakes for a publish, whose statement may have sent the NOTIFY itself. webhook_ids: read
        only where they are to be announced.
        """
        # The statement's NOTIFY went with its commit; a second one would wake every worker twice.
        if self._hub.publish_statement_wakes:
            self._enqueuer.deliver(webhook_ids)
        else:
            self.notify_due(webhook_ids)

    def notify_due(self, webhook_ids: Iterable[UUID]) -> None:
        """Wakes for webhooks that have something due."""
        if keys := set(webhook_ids):
            self._hub.publish("wake", ",".join(map(str, keys)))
            # Inside one process the hub's wake-up is a call: a message beside it would wake twice
            # (0.569 against 0.548 CPU s per 1,000, noisy; 2026-11).
            if not self._hub.is_in_process:
                self._enqueuer.deliver(keys)

    def notify_manual(self, webhook_id: UUID) -> None:
        """Wakes for a webhook of which a delivery was asked for by hand."""
        self._hub.publish("wake", f"{MANUAL_PREFIX}{webhook_id}")
        if not self._hub.is_in_process:
            self._enqueuer.deliver([webhook_id])
