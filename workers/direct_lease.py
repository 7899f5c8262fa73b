"""The direct lease of embedded mode (SQLite): what this process publishes goes into its lanes as it
is written, without a claim. The publisher's EmbeddedPump; no I/O.
"""

from collections.abc import Sequence
from uuid import UUID

from hookline.deliveries.queue.base import ClaimedDelivery, Lease, NewDelivery
from workers.claiming import Claimer
from workers.delivering import Deliverer
from workers.leases import Leases


class DirectLease:
    def __init__(self, leases: Leases, claimer: Claimer, deliverer: Deliverer) -> None:
        self._leases, self._claimer, self._deliverer = leases, claimer, deliverer

    def reserve(self, deliveries: Sequence[NewDelivery]) -> Lease | None:
        """Takes room in lanes of webhooks that have nothing waiting in the database, which would be
        overtaken, and no rate limit, whose slots the database counts.
        """
        token = self._leases.claiming_token
        # As for a send: with a beat that is too old, another process may take over what would be
        # written here.
        if token is None or not self._leases.is_fresh:
            return None
        reserved, full = dict[UUID, UUID](), set[UUID]()
        for delivery in deliveries:
            # A batch may have a thousand for each lane.
            if delivery.webhook_id in full:
                continue
            lane = self._leases.lane(delivery.webhook_id)
            if (
                lane
                and lane.target.rate is None
                and not self._claimer.is_pending(delivery.webhook_id)
                and lane.room(self._leases.count)
            ):
                self._leases.reserve(lane)
                reserved[delivery.id] = delivery.webhook_id
            else:
                full.add(delivery.webhook_id)
        return Lease(token, reserved) if reserved else None

    def settle(self, lease: Lease, rows: Sequence[ClaimedDelivery]) -> None:
        self._leases.end_reservations(lease)
        # What was written stays counted until its record, as after a claim; the rest was never
        # leased.
        self._leases.release(len(lease.webhook_ids) - len(rows))
        self._deliverer.begin(self._leases.fill_lanes(lease.token, rows))

    def abandon(self, lease: Lease) -> None:
        self._leases.release(len(lease.webhook_ids))
        # Whether it was committed is unknown. If it was, rows are leased to this token that nobody
        # holds: it goes, and the takeover frees them.
        if self._leases.token is lease.token:
            self._leases.give_up()
