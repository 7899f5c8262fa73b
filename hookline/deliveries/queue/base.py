"""The interface of both queues, and the values that they take and give. Called by publishing,
registry, deliveries and the workers; nothing here knows a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

DEAD_AFTER = timedelta(seconds=10)
"""A pump without a beat for this long (by the database's clock) is dead: others take its deliveries
over.
"""
KEY_HOURS = 24
"""Time that an idempotency key is kept."""


class KeyTaken(Exception):
    """At least one idempotency key of the group has an owner. Nothing was written."""


class EventExists(Exception):
    """The very same event ids are there: an earlier try of this group was committed and its answer
    lost.
    """


class NothingClaimed(Exception):
    """A claim was surely rolled back (a lock, a deadlock, its time was over): nothing is leased."""


class RowsHeld(Exception):
    """Another transaction holds rows that a record needs: nothing was written."""


class PumpGone(Exception):
    """The pump of a publish's lease was taken over. Nothing was written."""


class NewEvent(NamedTuple):
    id: UUID
    type: str
    environment: str
    data: str
    """JSON text."""
    occurred_at: datetime
    key: str | None
    fingerprint: bytes | None
    """Hash of the canonical draft; given whenever a key is."""


class NewDelivery(NamedTuple):
    id: UUID
    webhook_id: UUID
    event_id: UUID
    event_type: str
    environment: str


class Lease(NamedTuple):
    """Deliveries that a pump of the same process takes over as they are written: they need no
    claim.
    """

    token: UUID
    webhook_ids: Mapping[UUID, UUID]
    """The webhook of each leased delivery, by the delivery's id."""


class KeyOwner(NamedTuple):
    event_id: UUID
    fingerprint: bytes
    delivery_count: int


class ClaimedDelivery(NamedTuple):
    """A delivery leased to this pump, with what its request needs."""

    id: UUID
    workspace_id: UUID
    webhook_id: UUID
    event_id: UUID
    number: int
    """Number of the attempt that the lease begins, from 1."""
    event_type: str
    environment: str
    data: str | None
    """JSON text; null when retention was faster."""
    occurred_at: datetime
    step: int
    """Steps of the retry schedule used so far."""
    is_manual: bool
    next_cause: int | None
    """The cause of this attempt, where its step does not tell."""
    match_version: int
    """The workspace's, at the claim."""
    body: bytes | None = None
    """The body that a template made for the first attempt."""


class AttemptResult(NamedTuple):
    """An ended attempt, on its way into the log. One array per field goes to PostgreSQL, in this
    order.
    """

    delivery_id: UUID
    number: int
    webhook_id: UUID
    event_id: UUID
    event_type: str
    environment: str
    attempt_id: UUID
    webhook_version: int
    """The webhook's when the attempt began: failures under an older one count for nothing."""
    outcome: int
    cause: int
    state: int
    """The delivery's after this attempt."""
    wait_seconds: float | None
    """Wait until the next attempt; null: the schedule does not move."""
    step: int
    """Steps of the schedule used after this attempt."""
    status_code: int | None
    error_code: str | None
    error_message: str | None
    began: float
    """Monotonic seconds."""
    duration_ms: int | None
    request_url: str | None
    request_headers: str | None
    """JSON text `[[name, value or null], …]`."""
    response_headers: str | None
    response_body: bytes | None
    is_truncated: bool
    bucket: int
    """Class of its duration (hookline.deliveries.histogram)."""


class Recorded(NamedTuple):
    """The result of a record. position: the activity's after it, 0 when every lease was lost.
    has_auto_disabled: a webhook was turned off.
    """

    position: int
    has_auto_disabled: bool
    mails: Sequence[tuple[UUID, str]] = ()
    """Receipts that it wrote: notification and address."""


class ClaimRequest(NamedTuple):
    """delivery_id: the only delivery to ask for, when the others of the webhook need no look. One
    of several requests, and any on SQLite, looks for all of its webhook's.
    """

    webhook_id: UUID
    room: int
    delivery_id: UUID | None = None


class RateLimitedClaim(NamedTuple):
    """The result of a claim under rate limits. waits: seconds until the next free slot, of each
    webhook that may have more by then.
    """

    rows: list[ClaimedDelivery]
    waits: dict[UUID, float]


TARGET_COLUMNS: Final = (
    *("id", "workspace_id", "slug", "name", "url", "environments", "events", "event_filter"),
    *("is_active", "auto_disabled_at", "rate_per_minute", "timeout_ms", "concurrency", "version"),
    *("retry_schedule", "payload_template", "payload_content_type", "labels", "headers"),
    *("secret_header_name", "secret_header_sealed", "basic_auth_username", "basic_auth_sealed"),
    "signing_secrets",
)
"""The columns of a webhook that a deliveries.target.Target is made of. What only people and the
sync read is half of a row of a webhooks file.
"""
Stamp = tuple[int, bool]
"""Version of a webhook, and True when it is on: two loads with the same stamp gave the same row."""


@dataclass(frozen=True, slots=True)
class LoadedWorkspace:
    """A workspace's webhooks and event types at one moment. rows: of the webhooks that are not as
    known; TARGET_COLUMNS -> value, JSON and lines as text.
    """

    workspace_id: UUID
    match_version: int
    stamps: dict[UUID, Stamp]
    """The stamps of all webhooks that are not deleted."""
    rows: list[dict[str, Any]]
    types: list[tuple[str, str | None]]
    """Names of the known event types, with the schema (JSON text) of a strict one."""
    is_strict: bool
    """True: others are refused."""


class EmbeddedPump(Protocol):
    """A pump in the publisher's own process. Every reserved lease is settled or abandoned."""

    def reserve(self, deliveries: Sequence[NewDelivery]) -> Lease | None:
        """Reserves room for some of these; None when there is none."""

    def settle(self, lease: Lease, rows: Sequence[ClaimedDelivery]) -> None:
        """Takes over the rows that were written; room for the others comes back."""

    def abandon(self, lease: Lease) -> None:
        """Ends a lease when the pump is gone, or it is unknown whether it was written: a takeover
        finds out.
        """


class Queue(Protocol):
    """Every call is one transaction. Connection faults come through as
    hookline.db.faults.FAULTS; their outcome is unknown.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def versions(self) -> dict[UUID, int]:
        """The match version of each workspace, as committed now."""

    async def load(self, workspace_id: UUID, known: Mapping[UUID, Stamp]) -> LoadedWorkspace:
        """The webhooks of a workspace, without the deleted, and the match version that they belong
        to. known: those whose rows are not asked for again.
        """

    async def publish(
        self,
        workspace_id: UUID,
        version: int,
        received_at: datetime,
        events: Sequence[NewEvent],
        deliveries: Sequence[NewDelivery],
        lease: Lease | None = None,
    ) -> bool:
        """Writes events, deliveries and keys together. False: the match version is another one,
        nothing was written.

        lease: what is written as claimed already, its first attempt begun. Raises KeyTaken,
        EventExists, PumpGone.
        """

    async def key_owners(self, workspace_id: UUID, keys: Sequence[str]) -> dict[str, KeyOwner]:
        """The owners of these idempotency keys, as far as they are in force."""

    async def register(self, token: UUID, process: str) -> None: ...

    async def beat(self, token: UUID) -> bool:
        """False: the pump was taken over; what it leased is no longer its own."""

    async def set_on_wire(self, token: UUID, delivery_ids: Sequence[UUID]) -> None:
        """Keeps which of the pump's deliveries are on the wire, for people who look; nothing
        follows from it.
        """

    async def unregister(self, token: UUID) -> None:
        """Forgets a pump that holds no lease; one that still does stays for the takeover."""

    async def claim(
        self, requests: Sequence[ClaimRequest], token: UUID, limit: int
    ) -> list[ClaimedDelivery]:
        """Leases due deliveries of these webhooks, oldest due first, at most room each and limit in
        all. Leases nothing when the pump's row is gone.
        """

    async def claim_paced(self, requests: Sequence[ClaimRequest], token: UUID) -> RateLimitedClaim:
        """Leases due deliveries of webhooks with a rate limit: of each as many as have a slot now.
        The others stay unleased.
        """

    async def store_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        """Keeps what was rendered for deliveries before it is sent, for their retries. What is kept
        already stays.
        """

    async def has_sent(self, delivery_id: UUID) -> bool:
        """True when a request of the delivery is in the log: then its body is not made anew."""

    async def give_back(self, token: UUID, rows: Sequence[ClaimedDelivery]) -> set[UUID]:
        """Unleases what was never sent, as if it had not been claimed.

        Returns the deliveries that are leased still, since another transaction holds their rows.
        """

    async def record(
        self, token: UUID, workspace_id: UUID, results: Sequence[AttemptResult]
    ) -> Recorded:
        """Logs ended attempts, in the order in which they ended, and moves their deliveries, fenced
        by (token, number).

        Their webhooks' health follows: one that keeps failing is turned off, with a notification.
        Running it again changes nothing. Raises RowsHeld.
        """

    async def held(self, workspace_id: UUID, results: Sequence[AttemptResult]) -> set[UUID]:
        """Webhooks whose results a record would have to wait for now: another transaction holds
        their row, or a delivery's. Waits for none of them.
        """

    async def notify_exhausted(self) -> tuple[UUID, Recorded] | None:
        """Notifies of failed deliveries whose record did not: those that a takeover ended, and
        those that came less than an hour after the last notification. Ten webhooks of one
        workspace at a time, each at most once an hour.

        Returns the workspace with what was written; None when no notification is due.
        """

    async def take_over(self, dead_after: timedelta) -> int:
        """Ends one dead pump: its attempts become UNKNOWN. Returns how many deliveries that were;
        -1: no pump is dead.
        """

    async def due(self) -> list[UUID]:
        """Webhooks with something to claim now."""

    async def cancel_deleted(self) -> int:
        """Cancels a chunk of the open deliveries of deleted webhooks. Returns how many; 0: none is
        left.
        """

    async def forget_keys(self) -> int:
        """Removes a chunk of idempotency keys that are no longer in force. Returns how many; 0:
        none is left.
        """
