"""Checks and matches events and writes them by group commit. Called by the API for every publish.

It never waits for a broker, a hub or a receiver. Publishes that arrive while a commit is in flight
share the next one; none waits for others to come.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from hookline import clock
from hookline.db.faults import FAULTS
from hookline.deliveries.queue.base import (
    EmbeddedPump,
    EventExists,
    KeyOwner,
    KeyTaken,
    NewEvent,
    PumpGone,
    Queue,
)
from hookline.deliveries.registry import Registry
from hookline.errors import Unavailable
from hookline.events.checking import EventLimits, PublishInput, check_events
from hookline.events.commit_group import CommitGroup, PublishRequest, PublishResult, take_group
from hookline.events.over_limit_log import OverLimitLog
from hookline.messaging.wakeups import Wakeups
from hookline.metrics import Metrics

_WAITING_LIMIT: Final = 20_000
_WAITING_SIZE_LIMIT: Final = 64 * 1024 * 1024
"""Events, and characters of data, that may wait for their commit or be in it; beyond it publishing
answers UNAVAILABLE instead of filling memory.
"""
_DEADLINE_SECONDS: Final = 5.0
"""Time that a request is tried again while the database is away, from when it came. One that waited
as long behind others is not tried then.
"""
_RETRY_DELAY_SECONDS: Final = 0.1
_UNKNOWN: Final = (
    "The database does not answer, so whether this was stored is not known. Try again in a few "
    "seconds; with the same idempotency key it is published once."
)


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """A new event, with the attributes of models.Event (building the model would cost 20 us)."""

    id: UUID
    workspace_id: UUID
    type: str
    environment: str
    data: str
    occurred_at: datetime
    received_at: datetime
    idempotency_key: str | None


class Published(NamedTuple):
    event_id: UUID
    is_duplicate: bool
    delivery_count: int
    event: AcceptedEvent | None
    """The new event; None for a duplicate, whose first event is in the database."""
    over_limit_count: int
    """Webhooks that do not get the event, as their filter would have cost too much to ask."""


class Publisher:
    """Group commit, one writer per workspace and process."""

    def __init__(
        self,
        queue: Queue,
        registry: Registry,
        wakeups: Wakeups,
        limits: EventLimits,
        metrics: Metrics,
    ) -> None:
        self._queue, self._registry, self._wakeups, self._limits = queue, registry, wakeups, limits
        self._waiting: dict[UUID, list[PublishRequest]] = {}
        self._waiting_events = self._waiting_size = 0
        self._writers: dict[UUID, asyncio.Task[None]] = {}
        self._embedded_pump: EmbeddedPump | None = None
        self._over_limit_log = OverLimitLog()
        self._published = metrics.tally(metrics.events)
        self._is_away = False
        """True when the last try of a group ended with the database away."""

    def lease_to(self, pump: EmbeddedPump | None) -> None:
        """Lets a pump in this very process take what it has room for straight from the publish
        (SQLite only). None: no longer.
        """
        self._embedded_pump = pump

    async def publish(self, workspace_id: UUID, inputs: Sequence[PublishInput]) -> list[Published]:
        """Accepts all inputs or none, in one transaction; the answers come in the order of the
        inputs, after the commit.

        Raises Refused (every problem of every input; its field begins with the input's index as
        text) and Unavailable (the outcome is unknown: repeat the call; with idempotency keys that
        can't publish twice).
        """
        received_at = clock.now()
        events = await check_events(inputs, received_at, self._limits)
        answers = await self._written(workspace_id, received_at, events)
        for answer in answers:
            self._published.count += not answer.is_duplicate
            if answer.over_limit:
                self._over_limit_log.tell(answer.event_id, answer.over_limit)
        return [
            _published(workspace_id, received_at, event, answer)
            for answer, event in zip(answers, events, strict=True)
        ]

    async def _written(
        self, workspace_id: UUID, received_at: datetime, events: list[NewEvent]
    ) -> list[PublishResult]:
        size = sum([len(event.data) for event in events])
        if (
            self._waiting_events + len(events) > _WAITING_LIMIT
            or self._waiting_size + size > _WAITING_SIZE_LIMIT
        ):
            raise Unavailable(
                "Too many events wait to be stored. Publish more slowly, or in batches.",
                retry_after_seconds=1,
            )
        request = PublishRequest(
            received_at, clock.monotonic(), events, asyncio.get_running_loop().create_future(), size
        )
        self._waiting.setdefault(workspace_id, []).append(request)
        self._waiting_events += len(events)
        self._waiting_size += size
        # One writer: what arrives while it commits shares the next commit. A commit for each took
        # 3.8 times the CPU, and a second writer saved none (2026-11-24).
        if workspace_id not in self._writers:
            self._writers[workspace_id] = asyncio.create_task(self._drain(workspace_id))
        try:
            # A caller that leaves cancels its answer, and takes nothing out of a group.
            return await request.done
        finally:
            # Else the request and the error that ends it hold each other, with the events' data.
            del request

    async def close(self) -> None:
        """Waits for what was accepted to be answered."""
        # A stop answers what was accepted; it is bounded by the patience of each group.
        await asyncio.gather(*self._writers.values(), return_exceptions=True)

    async def _drain(self, workspace_id: UUID) -> None:
        try:
            while waiting := self._waiting.pop(workspace_id, None):
                while waiting:
                    requests = take_group(waiting)
                    # What came during the last commit joins the line before the next group is
                    # taken.
                    waiting += self._waiting.pop(workspace_id, ())
                    try:
                        await self._commit(workspace_id, requests)
                    finally:
                        self._waiting_events -= sum([len(request.events) for request in requests])
                        self._waiting_size -= sum([request.size for request in requests])
        finally:
            del self._writers[workspace_id]

    async def _commit(self, workspace_id: UUID, requests: list[PublishRequest]) -> None:
        """Commits a group. If the database refuses it, each request is tried alone, so that none
        gets the error of another one.
        """
        try:
            # One after the other they would wait ever longer: the second in line waited 60 s for a
            # frozen server (2026-11-26).
            if self._is_away and clock.monotonic() > requests[0].came_at + _DEADLINE_SECONDS:
                raise TimeoutError
            while requests:
                requests = await self._try(workspace_id, requests)
                self._is_away = False
        except FAULTS:
            # The outcome is unknown: the commit may have been written before the connection broke.
            self._is_away = True
            for request in requests:
                request.fail(Unavailable(_UNKNOWN))
        # Handed to the one caller whose request raised it.
        except Exception as error:  # noqa: BLE001
            if len(requests) == 1:
                requests[0].fail(error)
                return
            for request in requests:
                await self._commit(workspace_id, [request])

    async def _try(
        self, workspace_id: UUID, requests: list[PublishRequest]
    ) -> list[PublishRequest]:
        """Writes a group under the newest match version and answers it. Returns the requests whose
        deliveries were too many for it.
        """
        left = list[PublishRequest]()
        until = requests[0].came_at + _DEADLINE_SECONDS
        owners: dict[str, KeyOwner] = {}
        has_refreshed = False
        while True:
            # Anew in each round: the version below is checked against this very snapshot.
            snapshot = await self._registry.snapshot(workspace_id)
            group = await CommitGroup.gather(requests, owners, snapshot)
            # For the next rounds too: one that joined a group whose earlier try was committed would
            # be taken for stored.
            requests, left = group.requests, [*group.left, *left]
            try:
                # what is written finds out by itself whether the catalogue was stale
                if group.is_refused_by_catalogue and not has_refreshed:
                    await self._registry.join_refresh()
                    has_refreshed = True
                    continue
                if not group.events or await self._write(
                    workspace_id, snapshot.version, requests[0].received_at, group
                ):
                    break
                await self._registry.reload(workspace_id, snapshot.version)
            except KeyTaken:
                owners = await self._queue.key_owners(workspace_id, group.keys())
                # The taken key is this group's own: its commit came through, the answer did not.
                if group.is_stored(owners):
                    break
            except EventExists:
                # An earlier try was committed and its answer lost: its ids are the same.
                break
            except PumpGone:
                # The lease's pump is gone. The next round reserves nothing, or from the new one.
                continue
            except FAULTS:
                if clock.monotonic() > until:
                    raise
                await asyncio.sleep(_RETRY_DELAY_SECONDS)
        group.answer()
        return left

    async def _write(
        self, workspace_id: UUID, version: int, received_at: datetime, group: CommitGroup
    ) -> bool:
        """Runs one transaction, then wakes the workers. What the pump of this process has room for
        is written as claimed.
        """
        # a pump that is taken away meanwhile still has its lease settled
        pump = self._embedded_pump
        lease = pump.reserve(group.deliveries) if pump else None
        try:
            written = await self._queue.publish(
                workspace_id, version, received_at, group.events, group.deliveries, lease
            )
        # Nothing was written under this lease: its room comes back at once.
        except (KeyTaken, EventExists):
            if pump and lease:
                pump.settle(lease, [])
            raise
        except BaseException:
            if pump and lease:
                pump.abandon(lease)
            raise
        if pump and lease:
            pump.settle(lease, group.claimed(workspace_id, version, lease) if written else [])
        if written:
            # After the commit: a worker that looked sooner would find nothing.
            self._wakeups.notify_published(group.unleased_webhook_ids(lease))
        return written


def _published(
    workspace_id: UUID, received_at: datetime, e: NewEvent, answer: PublishResult
) -> Published:
    accepted = (
        None
        if answer.is_duplicate
        else AcceptedEvent(
            e.id, workspace_id, e.type, e.environment, e.data, e.occurred_at, received_at, e.key
        )
    )
    return Published(
        answer.event_id,
        answer.is_duplicate,
        answer.delivery_count,
        accepted,
        len(answer.over_limit),
    )
