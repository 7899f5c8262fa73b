"""Objects for tests of the engine: a webhook, events for it, a hand that claims and records like a
pump. Real verbs and rows, no fakes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

from hookline import clock
from hookline.access import tokens
from hookline.access.actor import Actor
from hookline.access.scopes import ROLES
from hookline.deliveries.histogram import bucket_of
from hookline.deliveries.queue.base import (
    AttemptResult,
    ClaimedDelivery,
    ClaimRequest,
    NewDelivery,
    NewEvent,
    Queue,
)
from hookline.events.checking import PublishInput
from hookline.ids import uuid7
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState, Webhook, Workspace
from hookline.runtime import Runtime
from hookline.settings.fields import read_settings
from hookline.webhooks.create import create_webhook
from hookline.wiring import open_runtime

WORKSPACE = UUID("01900000-0000-7000-8000-000000000001")
NOWHERE = "http://127.0.0.1:9999/in"
TYPE, ENVIRONMENT = "order.order.create", "production"


SOMEBODY = Actor(WORKSPACE, "tester")


async def make_workspace(runtime: Runtime) -> UUID:
    """One more tenant beside the default one."""
    key = uuid7()
    async with runtime.database.unit_of_work() as work:
        await Workspace.create(
            id=key, slug=str(key), name="Another", match_version=1, created_at=clock.now()
        )
        await work.execute(
            "insert into workspace_activity (workspace_id, position) values ($1, 0)", key
        )
    return key


async def make_tenant(database_url: str, home: Path) -> str:
    """A new workspace of an installation. Returns the text of an admin's token."""
    async with open_runtime(read_settings(database_url=database_url, home=home)) as runtime:
        workspace_id = await make_workspace(runtime)
        scopes = ROLES["admin"]
        _, text = await tokens.create(runtime.database, workspace_id, "tests", scopes)
        return text


async def make_webhook(
    runtime: Runtime, url: str = NOWHERE, workspace_id: UUID = WORKSPACE, **fields: Any
) -> Webhook:
    """A webhook that wants `order.*.*` in production. fields: by the API's names."""
    form = {
        "name": "Orders",
        "url": url,
        "events": ["order.*.*"],
        "environments": [ENVIRONMENT],
        **fields,
    }
    return await create_webhook(runtime, Actor(workspace_id, "tester"), form)


async def publish(
    runtime: Runtime,
    count: int = 1,
    data: Any = None,
    key: str | None = None,
    workspace_id: UUID = WORKSPACE,
) -> list[UUID]:
    """Publishes one batch. The ids of the events, in order."""
    inputs = [
        PublishInput(TYPE, ENVIRONMENT, {"n": n} if data is None else data, key)
        for n in range(count)
    ]
    return [
        published.event_id for published in await runtime.publisher.publish(workspace_id, inputs)
    ]


def new_event(key: str | None = None, data: str = '{"a":1}') -> NewEvent:
    return NewEvent(uuid7(), TYPE, ENVIRONMENT, data, clock.now(), key, b"print" if key else None)


def new_delivery(event: NewEvent, webhook_id: UUID) -> NewDelivery:
    return NewDelivery(uuid7(), webhook_id, event.id, event.type, event.environment)


async def enqueue(
    runtime: Runtime, webhook_id: UUID, count: int = 1, workspace_id: UUID = WORKSPACE
) -> list[UUID]:
    """Writes deliveries to one webhook, each of an event, due at once. Their ids, oldest first."""
    events = [new_event() for _ in range(count)]
    deliveries = [new_delivery(event, webhook_id) for event in events]
    version = (await runtime.queue.versions())[workspace_id]
    assert await runtime.queue.publish(workspace_id, version, clock.now(), events, deliveries)
    return [delivery.id for delivery in deliveries]


class Hand:
    """Claims and records as a pump does, one call at a time."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.token = uuid4()

    @classmethod
    async def begin(cls, runtime: Runtime) -> Self:
        hand = cls(runtime.queue)
        await hand._queue.register(hand.token, "test")
        return hand

    async def claim(
        self, *webhook_ids: UUID, room: int = 50, limit: int = 200
    ) -> list[ClaimedDelivery]:
        return await self._queue.claim(
            [ClaimRequest(webhook_id, room) for webhook_id in webhook_ids], self.token, limit
        )

    async def claim_one(self, webhook_id: UUID) -> ClaimedDelivery:
        [row] = await self.claim(webhook_id, room=1)
        return row

    async def begin_to_send(self, *rows: ClaimedDelivery) -> None:
        """Says that the requests of these deliveries, and no others, are under way."""
        await self._queue.set_on_wire(self.token, [row.id for row in rows])

    async def give_back(self, *rows: ClaimedDelivery) -> None:
        await self._queue.give_back(self.token, rows)

    async def record(self, *results: AttemptResult, workspace_id: UUID = WORKSPACE) -> int:
        return (await self._queue.record(self.token, workspace_id, results)).position

    async def fall_silent(self, runtime: Runtime, ago: timedelta = timedelta(seconds=11)) -> None:
        """Makes a pump look dead: its last beat was that long ago."""
        async with runtime.database.unit_of_work() as work:
            await work.execute(
                "update pump set beat_at = $1 where token = $2", clock.now() - ago, self.token
            )


def succeeded(row: ClaimedDelivery, **changes: Any) -> AttemptResult:
    """The result of an attempt that the receiver answered with 200."""
    return _ended(
        row, AttemptOutcome.SUCCEEDED, DeliveryState.SUCCEEDED, None, row.step, 200, None
    )._replace(**changes)


def failed(row: ClaimedDelivery, **changes: Any) -> AttemptResult:
    """The result of an attempt that the receiver answered with 500; the next one is due in a minute
    (one by hand leaves the schedule alone).
    """
    wait, step = (None, row.step) if row.is_manual else (60.0, row.step + 1)
    return _ended(
        row, AttemptOutcome.FAILED, DeliveryState.OPEN, wait, step, 500, "STATUS"
    )._replace(**changes)


def _ended(
    row: ClaimedDelivery,
    outcome: int,
    state: int,
    wait: float | None,
    step: int,
    code: int,
    error: str | None,
) -> AttemptResult:
    cause = (
        row.next_cause or AttemptCause.MANUAL
        if row.is_manual
        else AttemptCause.PUBLISH
        if row.step == 0
        else AttemptCause.RETRY
    )
    return AttemptResult(
        *(
            row.id,
            row.number,
            row.webhook_id,
            row.event_id,
            row.event_type,
            row.environment,
            uuid7(),
            1,
        ),
        *(outcome, cause, state, wait, step, code, error, None),
        began=clock.monotonic() - 0.02,
        duration_ms=20,
        request_url=NOWHERE,
        request_headers='[["Content-Type","application/json"]]',
        response_headers="[]",
        response_body=b"{}",
        is_truncated=False,
        bucket=bucket_of(20),
    )


async def activity(runtime: Runtime, workspace_id: UUID = WORKSPACE) -> list[tuple[int, int, UUID]]:
    """Every activity row: position, kind, subject."""
    sql = (
        "select position, kind, subject_id from activity where workspace_id = $1 order by position"
    )
    rows = await runtime.database.reader().rows(sql, workspace_id)
    return [(row["position"], row["kind"], row["subject_id"]) for row in rows]


async def set_column(
    runtime: Runtime, table: str, column: str, value: Any, keys: Sequence[UUID]
) -> None:
    """Changes a column behind everybody's back: time that passes, a purge."""
    async with runtime.database.unit_of_work() as work:
        for key in keys:
            await work.execute(f"update {table} set {column} = $1 where id = $2", value, key)


def ago(seconds: float) -> datetime:
    return clock.now() - timedelta(seconds=seconds)
