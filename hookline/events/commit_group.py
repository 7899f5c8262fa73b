"""A commit's worth of publish requests: matched, repeated keys written once, each request answered
after the commit. Used by the publisher alone; no I/O.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

from hookline.deliveries.matching import Wanted
from hookline.deliveries.queue.base import ClaimedDelivery, KeyOwner, Lease, NewDelivery, NewEvent
from hookline.deliveries.registry import WorkspaceSnapshot
from hookline.errors import Code, Problem, Refused
from hookline.events import catalogue
from hookline.events.checking import BATCH_BYTES_LIMIT
from hookline.ids import uuid7
from hookline.loop_time import Turn
from hookline.outbound.payloads import differences

# The first request of a group waits for all of it.
_GROUP_ROWS: Final = 200
"""Events of one commit, unless a single request brings more."""
_GROUP_DELIVERIES: Final = 10_000
"""Deliveries of one commit, unless a single request brings more."""
DELIVERIES_LIMIT: Final = 50_000
"""Deliveries of a request of several events. To a hundred webhooks they take SQLite up to 3.5 s, in
which nothing else is written, and PostgreSQL 1.3 s of the 6 s that a publish has (2026-11).
"""


class PublishResult(NamedTuple):
    event_id: UUID
    is_duplicate: bool
    delivery_count: int
    over_limit: Sequence[UUID] = ()
    """Webhooks that do not get the event, as their filter would have cost too much to ask."""


@dataclass(slots=True)
class PublishRequest:
    """One caller's events on their way into a commit; their ids are fixed, so that a group may run
    again after a lost answer.
    """

    received_at: datetime
    came_at: float
    """Monotonic seconds."""
    events: list[NewEvent]
    done: "asyncio.Future[list[PublishResult]]"
    size: int
    """Characters of data."""

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def take_group(waiting: list[PublishRequest]) -> list[PublishRequest]:
    """Takes the requests of the next commit off the waiting ones: the first, and those that fit in
    with it.
    """
    group, rows, size = list[PublishRequest](), 0, 0
    while waiting and (
        not group
        or (
            rows + len(waiting[0].events) <= _GROUP_ROWS
            and size + waiting[0].size <= BATCH_BYTES_LIMIT
        )
    ):
        request = waiting.pop(0)
        group.append(request)
        rows += len(request.events)
        size += request.size
    return group


class CommitGroup:
    """The rows of one transaction, made by `gather`. Requests with a conflicting key, or an event
    that the catalogue refuses, or too many deliveries are left out whole.
    """

    def __init__(self, owners: dict[str, KeyOwner], snapshot: WorkspaceSnapshot) -> None:
        self.requests: list[PublishRequest] = []
        """Those that this group answers."""
        self.left: list[PublishRequest] = []
        """Those that need a commit of their own, since the deliveries of all would be too many."""
        self._snapshot = snapshot
        self._owners = dict(owners)
        self._accepted: list[PublishRequest] = []
        self._refused: list[tuple[PublishRequest, list[Problem]]] = []
        self.events: list[NewEvent] = []
        self.deliveries: list[NewDelivery] = []
        self.is_refused_by_catalogue = False
        self._wanted: dict[UUID, Wanted] = {}
        """Webhooks of each event."""
        self._turn = Turn()

    @classmethod
    async def gather(
        cls,
        requests: Sequence[PublishRequest],
        owners: dict[str, KeyOwner],
        snapshot: WorkspaceSnapshot,
    ) -> "CommitGroup":
        """owners: of idempotency keys that are in the database already."""
        group = cls(owners, snapshot)
        # Most workspaces have none.
        if snapshot.catalogue.strict:
            types = {event.type for request in requests for event in request.events}
            await catalogue.prepare_schemas(snapshot.catalogue, types)
        for position, request in enumerate(requests):
            if not await group._add(request):
                group.left = [*requests[position:]]
                break
            group.requests.append(request)
        return group

    async def _add(self, request: PublishRequest) -> bool:
        """Returns False for a request that has no room in this group, of which nothing is kept."""
        own, new, problems = dict[str, KeyOwner](), list[NewEvent](), list[Problem]()
        for index, event in enumerate(request.events):
            if self._turn.is_over:
                await self._turn.pass_on()
            unmet = catalogue.check(self._snapshot.catalogue, event.type, event.data)
            self.is_refused_by_catalogue |= bool(unmet)
            problems += [problem.under(str(index)) for problem in unmet]
            if event.key is None:
                new.append(event)
                continue
            # The batch's own keys too: twice the same key in one batch counts as a repeat.
            owner = self._owners.get(event.key) or own.get(event.key)
            if owner is None:
                own[event.key] = KeyOwner(
                    event.id, event.fingerprint or b"", await self._count(event)
                )
                new.append(event)
            elif owner.fingerprint != event.fingerprint:
                problems.append(_key_conflict(request, index, owner))
        wanted = list[Wanted]()
        if not problems:
            wanted, count, problem = await self._wanted_by_all(request, new)
            if problem is not None:
                problems.append(problem)
            elif self.deliveries and len(self.deliveries) + count > _GROUP_DELIVERIES:
                return False
        # A request goes in whole or not at all; the others of the group go on without it.
        if problems:
            self._refused.append((request, problems))
            return True
        # Only now: keys of a refused request own nothing.
        self._owners.update(own)
        self._accepted.append(request)
        self.events += new
        for event, one in zip(new, wanted, strict=True):
            # A thousand events for a hundred webhooks each take 0.3 s.
            if self._turn.is_over:
                await self._turn.pass_on()
            self.deliveries += [
                NewDelivery(uuid7(), webhook_id, event.id, event.type, event.environment)
                for webhook_id in one.ids
            ]
        return True

    async def _wanted_by_all(
        self, request: PublishRequest, new: Sequence[NewEvent]
    ) -> tuple[list[Wanted], int, Problem | None]:
        """Finds the webhooks of each event, and counts the deliveries before they are made. A
        single event is never refused: nobody could split it, and it has one for each webhook at the
        most.
        """
        found, count = list[Wanted](), 0
        for event in new:
            if self._turn.is_over:
                await self._turn.pass_on()
            wanted = await self._wanted_by(event)
            found.append(wanted)
            count += len(wanted.ids)
            if count > DELIVERIES_LIMIT and len(new) > 1:
                return found, count, _too_many_deliveries(max(1, request.events.index(event)))
        return found, count, None

    def keys(self) -> list[str]:
        return [event.key for event in self.events if event.key]

    def is_stored(self, owners: dict[str, KeyOwner]) -> bool:
        """True when an earlier try of this very group was committed and its answer lost: a key's
        owner is then an event of this group.
        """
        return any(
            event.key in owners and owners[event.key].event_id == event.id for event in self.events
        )

    def claimed(self, workspace_id: UUID, version: int, lease: Lease) -> list[ClaimedDelivery]:
        """Returns the leased deliveries as a claim would."""
        events = {event.id: event for event in self.events}
        leased = (d for d in self.deliveries if d.id in lease.webhook_ids)
        return [
            ClaimedDelivery(
                d.id,
                workspace_id,
                d.webhook_id,
                d.event_id,
                1,
                d.event_type,
                d.environment,
                e.data,
                e.occurred_at,
                0,
                False,
                None,
                version,
            )
            # Most of them stand at the beginning: of 100,000 the others are not asked.
            for d in islice(leased, len(lease.webhook_ids))
            if (e := events[d.event_id])
        ]

    def unleased_webhook_ids(self, lease: Lease | None) -> Iterator[UUID]:
        """Webhooks of deliveries that have to be claimed."""
        leased = len(lease.webhook_ids) if lease else 0
        for delivery in self.deliveries:
            if lease is None or not leased or delivery.id not in lease.webhook_ids:
                yield delivery.webhook_id
            else:
                leased -= 1

    def answer(self) -> None:
        """Answers every request. After the commit only: until then a key of this very group may
        turn out to be free.
        """
        for request, problems in self._refused:
            request.fail(Refused(problems))
        for request in self._accepted:
            if not request.done.done():
                request.done.set_result([self._answer(event) for event in request.events])

    def _answer(self, event: NewEvent) -> PublishResult:
        owner = self._owners.get(event.key) if event.key else None
        if owner is not None and owner.event_id != event.id:
            return PublishResult(owner.event_id, True, owner.delivery_count)
        wanted = self._wanted[event.id]
        return PublishResult(event.id, False, len(wanted.ids), wanted.over_limit)

    async def _wanted_by(self, event: NewEvent) -> Wanted:
        wanted = self._wanted.get(event.id)
        if wanted is None:
            wanted = self._wanted[event.id] = await self._snapshot.index.wanted_by(
                event.environment, event.type, event.data, self._turn
            )
        return wanted

    async def _count(self, event: NewEvent) -> int:
        return len((await self._wanted_by(event)).ids)


def _too_many_deliveries(fitting: int) -> Problem:
    """fitting: events at the beginning of the batch that may be published in one request."""
    way_out = (
        f"Split it: its first {fitting:,} events may be published at once."
        if fitting > 1
        else "Publish its first event by itself."
    )
    message = f"This batch makes more than {DELIVERIES_LIMIT:,} deliveries. {way_out}"
    return Problem(Code.TOO_MANY, message)


def _key_conflict(request: PublishRequest, index: int, owner: KeyOwner) -> Problem:
    """Tells what differs, and nothing of the event that has the key: who publishes may not read."""
    event = request.events[index]
    differs = " and ".join(differences(owner.fingerprint, event.fingerprint or b""))
    ids = [earlier.id for earlier in request.events[:index]]
    message = (
        f"Event {ids.index(owner.event_id)} of this batch has the same key with {differs}. Give "
        "each event a key of its own."
        if owner.event_id in ids
        else f"This key was used within 24 hours for an event with {differs}. Take a new key, or "
        "send that event as it was."
    )
    return Problem(Code.IDEMPOTENCY_CONFLICT, message, (str(index), "idempotencyKey"))
