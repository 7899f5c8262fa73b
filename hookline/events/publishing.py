"""Publishing: events are checked, matched and written by group commit. Called by the API for every
publish.

It never waits for a broker, a hub or a receiver. What arrives while a commit is in flight shares
the next one; nobody waits for company.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from hookline import clock
from hookline.db.connection import FAULTS
from hookline.deliveries.queue.base import (
    Claimed,
    EventExists,
    KeyOwner,
    KeyTaken,
    Lease,
    Lessor,
    NewDelivery,
    NewEvent,
    PumpGone,
    Queue,
)
from hookline.deliveries.registry import Part, Registry
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.events import catalogue
from hookline.ids import uuid7
from hookline.messaging.wakeups import Wakeups
from hookline.outbound.payloads import canonical_fingerprint, check_data, encode_data

BATCH_LIMIT = 1_000
BATCH_BYTES_LIMIT = 8 * 1024 * 1024
KEY_LENGTH_LIMIT = 255
_GROUP_ROWS = 200
"""Events of one commit, unless a single request brings more."""
_WAITING_LIMIT, _WAITING_SIZE_LIMIT = 20_000, 64 * 1024 * 1024
"""Events, and characters of data, that may wait for their commit or be in it; beyond it publishing
answers UNAVAILABLE instead of filling memory.
"""
_PATIENCE_SECONDS = 5.0
"""From when a request came: how long it is tried again while the database is away. Whoever waited
as long behind others is not tried then.
"""
_UNKNOWN = (
    "The database does not answer, so whether this was stored is not known. Try again in a few "
    "seconds; "
    "with the same idempotency key it is published once."
)

TYPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(?:\.[a-z0-9][a-z0-9_-]{0,63}){2}")
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class EventLimits:
    """What an event may be. max_bytes: of its data as JSON."""

    environments: Sequence[str]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class PublishInput:
    """What a caller wants published. data: any JSON value."""

    type: str
    environment: str
    data: Any
    idempotency_key: str | None = None
    occurred_at: datetime | None = None


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


def _published(
    workspace_id: UUID, received_at: datetime, e: NewEvent, answer: "_Answer"
) -> Published:
    accepted = (
        None
        if answer.is_duplicate
        else AcceptedEvent(
            e.id, workspace_id, e.type, e.environment, e.data, e.occurred_at, received_at, e.key
        )
    )
    return Published(answer.event_id, answer.is_duplicate, answer.delivery_count, accepted)


def _checked(
    inputs: Sequence[PublishInput], received_at: datetime, limits: EventLimits
) -> list[NewEvent]:
    if not inputs:
        raise Refused(Problem(Code.REQUIRED, "Give at least one event."))
    if len(inputs) > BATCH_LIMIT:
        raise Refused(
            Problem(
                Code.TOO_MANY,
                f"A batch takes at most {BATCH_LIMIT:,} events; this one has {len(inputs):,}. "
                "Split it.",
            )
        )
    events, problems, size = [], list[Problem](), 0
    for index, given in enumerate(inputs):
        event, found = check_event(given, received_at, limits)
        problems += [problem.under(str(index)) for problem in found]
        if event is not None:
            events.append(event)
            size += len(event.data)
    if size > BATCH_BYTES_LIMIT:
        problems.append(
            Problem(
                Code.TOO_LONG,
                f"The batch's data is larger than {BATCH_BYTES_LIMIT // 1024 // 1024} MiB. "
                "Split it.",
            )
        )
    if problems:
        raise Refused(problems)
    return events


def check_event(
    given: PublishInput, received_at: datetime, limits: EventLimits
) -> tuple[NewEvent | None, list[Problem]]:
    """The event to write, or all that is wrong with it."""
    problems = []
    if not TYPE.fullmatch(given.type):
        problems.append(
            Problem(
                Code.INVALID,
                "The type must be object.model.action: three parts of lower-case letters, digits, "
                "- and _.",
                ("type",),
            )
        )
    if given.environment not in limits.environments:
        problems.append(
            Problem(
                Code.INVALID,
                f"Unknown environment. Known are: {', '.join(limits.environments)}.",
                ("environment",),
            )
        )
    key = given.idempotency_key
    if key is not None and (len(key) > KEY_LENGTH_LIMIT or not _KEY.fullmatch(key)):
        problems.append(
            Problem(
                Code.INVALID,
                f"An idempotency key is 1 to {KEY_LENGTH_LIMIT} printable ASCII characters "
                "without blanks at its ends.",
                ("idempotencyKey",),
            )
        )
    data = encode_data(given.data)
    if data is None:
        problems += [
            Problem(Code.INVALID, message, ("data", *path))
            for path, message in check_data(given.data)
        ]
    elif len(data) * 4 > limits.max_bytes and (size := len(data.encode())) > limits.max_bytes:
        problems.append(
            Problem(
                Code.TOO_LONG,
                f"The data is {size:,} bytes as JSON; at most {limits.max_bytes:,} are taken.",
                ("data",),
            )
        )
    occurred_at = received_at
    try:
        occurred_at = given.occurred_at.astimezone(UTC) if given.occurred_at else received_at
    except OverflowError:
        problems.append(
            Problem(
                Code.OUT_OF_RANGE,
                "The time must lie in the years 1 to 9999, in UTC.",
                ("occurredAt",),
            )
        )
    if problems or data is None:
        return None, problems
    print_ = (
        None
        if key is None
        else canonical_fingerprint(given.type, given.environment, given.occurred_at, given.data)
    )
    return NewEvent(uuid7(), given.type, given.environment, data, occurred_at, key, print_), []


class _Answer(NamedTuple):
    event_id: UUID
    is_duplicate: bool
    delivery_count: int


@dataclass(slots=True)
class _Request:
    """One caller's events on their way into a commit; their ids are fixed, so that a group may run
    again after a lost answer.
    """

    received_at: datetime
    came_at: float
    """Monotonic seconds."""
    events: list[NewEvent]
    done: "asyncio.Future[list[_Answer]]"
    size: int
    """Characters of data."""

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Publisher:
    """Group commit, one writer per workspace and process."""

    def __init__(
        self, queue: Queue, registry: Registry, wakeups: Wakeups, limits: EventLimits
    ) -> None:
        self._queue, self._registry, self._wakeups, self._limits = queue, registry, wakeups, limits
        self._waiting: dict[UUID, list[_Request]] = {}
        self._waiting_events = self._waiting_size = 0
        self._writers: dict[UUID, asyncio.Task[None]] = {}
        self._lessor: Lessor | None = None
        self._is_away = False
        """Whether the last try of a group ended with the database away."""

    def lease_to(self, lessor: Lessor | None) -> None:
        """A pump in this very process takes what it has room for straight from the publish (SQLite
        only). None: no longer.
        """
        self._lessor = lessor

    async def publish(self, workspace_id: UUID, inputs: Sequence[PublishInput]) -> list[Published]:
        """Accepts all inputs or none, in one transaction; the answers come in the order of the
        inputs, after the commit.

        Raises Refused (every problem of every input; its field begins with the input's index as
        text) and Unavailable (the outcome is unknown: repeat the call; with idempotency keys that
        can't publish twice).
        """
        received_at = clock.now()
        events = _checked(inputs, received_at, self._limits)
        answers = await self._written(workspace_id, received_at, events)
        return [
            _published(workspace_id, received_at, event, answer)
            for answer, event in zip(answers, events, strict=True)
        ]

    async def _written(
        self, workspace_id: UUID, received_at: datetime, events: list[NewEvent]
    ) -> list[_Answer]:
        size = sum([len(event.data) for event in events])
        if (
            self._waiting_events + len(events) > _WAITING_LIMIT
            or self._waiting_size + size > _WAITING_SIZE_LIMIT
        ):
            raise Unavailable(
                "Too many events wait to be stored. Publish more slowly, or in batches.",
                retry_after_seconds=1,
            )
        request = _Request(
            received_at, clock.monotonic(), events, asyncio.get_running_loop().create_future(), size
        )
        self._waiting.setdefault(workspace_id, []).append(request)
        self._waiting_events += len(events)
        self._waiting_size += size
        if workspace_id not in self._writers:
            self._writers[workspace_id] = asyncio.create_task(self._drain(workspace_id))
        return await asyncio.shield(
            request.done
        )  # a caller that leaves takes nothing out of a group

    async def close(self) -> None:
        """Waits for what was accepted to be answered."""
        await asyncio.gather(*self._writers.values(), return_exceptions=True)

    async def _drain(self, workspace_id: UUID) -> None:
        try:
            while waiting := self._waiting.pop(workspace_id, None):
                while waiting:
                    group = _first_group(waiting)
                    waiting += self._waiting.pop(workspace_id, ())
                    try:
                        await self._commit(workspace_id, group)
                    finally:
                        self._waiting_events -= sum([len(request.events) for request in group])
                        self._waiting_size -= sum([request.size for request in group])
        finally:
            del self._writers[workspace_id]

    async def _commit(self, workspace_id: UUID, group: list[_Request]) -> None:
        """Nobody hears of a stranger's error: what the database refuses is tried request by
        request.
        """
        try:
            if self._is_away and clock.monotonic() > group[0].came_at + _PATIENCE_SECONDS:
                raise TimeoutError  # one after the other they would wait ever longer
            await self._try(workspace_id, group)
            self._is_away = False
        except FAULTS:
            self._is_away = True
            for request in group:
                request.fail(Unavailable(_UNKNOWN))
        except Exception as error:  # noqa: BLE001  # handed to the one caller whose request raised it
            if len(group) == 1:
                group[0].fail(error)
                return
            for request in group:
                await self._commit(workspace_id, [request])

    async def _try(self, workspace_id: UUID, group: list[_Request]) -> None:
        until = group[0].came_at + _PATIENCE_SECONDS
        owners: dict[str, KeyOwner] = {}
        has_looked = False
        while True:
            part = await self._registry.part(workspace_id)
            fold = _Fold(group, owners, part)
            try:
                if (
                    fold.is_refused_by_catalogue and not has_looked
                ):  # what is written finds out by itself whether the catalogue was stale
                    await self._registry.look_together()
                    has_looked = True
                    continue
                if not fold.events or await self._write(
                    workspace_id, part.version, group[0].received_at, fold
                ):
                    break
                await self._registry.reload(workspace_id, part.version)
            except KeyTaken:
                owners = await self._queue.known(
                    workspace_id, [event.key for event in fold.events if event.key]
                )
                if any(
                    event.key in owners and owners[event.key].event_id == event.id
                    for event in fold.events
                ):
                    break  # ours: an earlier try was committed, its answer lost
            except EventExists:
                break  # likewise
            except PumpGone:
                continue
            except FAULTS:
                if clock.monotonic() > until:
                    raise
                await asyncio.sleep(0.1)
        fold.answer()

    async def _write(
        self, workspace_id: UUID, version: int, received_at: datetime, fold: "_Fold"
    ) -> bool:
        """One transaction, and word to whoever sends: what the pump of this process has room for is
        written as claimed.
        """
        lessor = (
            self._lessor
        )  # one that stops meanwhile hears all the same what became of its lease
        lease = lessor.reserve(fold.deliveries) if lessor else None
        if lessor is None or lease is None:
            written = await self._queue.publish(
                workspace_id, version, received_at, fold.events, fold.deliveries
            )
            if written:
                self._wakeups.published(delivery.webhook_id for delivery in fold.deliveries)
            return written
        try:
            written = await self._queue.publish(
                workspace_id, version, received_at, fold.events, fold.deliveries, lease
            )
        except (KeyTaken, EventExists):
            lessor.release(lease, fold.deliveries)
            raise
        except BaseException:
            lessor.abandon(lease)
            raise
        if not written:
            lessor.release(lease, fold.deliveries)
            return False
        lessor.hold(lease, fold.claimed(workspace_id, version, lease))
        self._wakeups.published(
            delivery.webhook_id
            for delivery in fold.deliveries
            if delivery.id not in lease.delivery_ids
        )
        return True


def _first_group(waiting: list[_Request]) -> list[_Request]:
    """Takes what goes into the next commit off the waiting ones: the first request, and those that
    fit in with it.
    """
    group, rows, size = list[_Request](), 0, 0
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


class _Fold:
    """A group made ready for one transaction: repeated keys written once, requests with a
    conflicting key taken out whole.

    owners: who has which key in the database already.
    """

    def __init__(self, group: list[_Request], owners: dict[str, KeyOwner], part: Part) -> None:
        self._part = part
        self._owners = dict(owners)
        self._requests: list[_Request] = []
        self._refused: list[tuple[_Request, list[Problem]]] = []
        self.events: list[NewEvent] = []
        self.deliveries: list[NewDelivery] = []
        self.is_refused_by_catalogue = False
        self._counts: dict[UUID, int] = {}
        """Deliveries of each event."""
        for request in group:
            self._take(request, owners)

    def _take(self, request: _Request, stored: dict[str, KeyOwner]) -> None:
        own, new, problems = dict[str, KeyOwner](), list[NewEvent](), list[Problem]()
        for index, event in enumerate(request.events):
            unmet = catalogue.check(self._part.catalogue, event.type, event.data)
            self.is_refused_by_catalogue |= bool(unmet)
            problems += [problem.under(str(index)) for problem in unmet]
            if event.key is None:
                new.append(event)
                continue
            owner = self._owners.get(event.key) or own.get(event.key)
            if owner is None:
                own[event.key] = KeyOwner(event.id, event.fingerprint or b"", self._count(event))
                new.append(event)
            elif owner.fingerprint != event.fingerprint:
                message = (
                    "This key was used within 24 hours for an event with another type, "
                    "environment, time or data. Take a new key."
                )
                problems.append(
                    Problem(Code.IDEMPOTENCY_CONFLICT, message, (str(index), "idempotencyKey"))
                )
        if problems:
            self._refused.append((request, problems))
            return
        self._owners.update(own)
        self._requests.append(request)
        self.events += new
        for event in new:
            wanted_by = self._wanted_by(event)
            self._counts[event.id] = len(wanted_by)
            for webhook_id in wanted_by:
                self.deliveries.append(
                    NewDelivery(uuid7(), webhook_id, event.id, event.type, event.environment)
                )

    def claimed(self, workspace_id: UUID, version: int, lease: Lease) -> list[Claimed]:
        """The leased deliveries as a claim would give them."""
        events = {event.id: event for event in self.events}
        return [
            Claimed(
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
            for d in self.deliveries
            if d.id in lease.delivery_ids and (e := events[d.event_id])
        ]

    def answer(self) -> None:
        """After the commit: until then a key of this very group may turn out to be
        taken by nobody.
        """
        for request, problems in self._refused:
            request.fail(Refused(problems))
        for request in self._requests:
            if not request.done.done():
                request.done.set_result([self._answer(event) for event in request.events])

    def _answer(self, event: NewEvent) -> _Answer:
        owner = self._owners.get(event.key) if event.key else None
        if owner is not None and owner.event_id != event.id:
            return _Answer(owner.event_id, True, owner.delivery_count)
        return _Answer(event.id, False, self._count(event))

    def _wanted_by(self, event: NewEvent) -> Sequence[UUID]:
        return self._part.index.wanted_by(event.environment, event.type, event.data)

    def _count(self, event: NewEvent) -> int:
        count = self._counts.get(event.id)
        return len(self._wanted_by(event)) if count is None else count
