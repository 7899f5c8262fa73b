"""The recorder over both databases: what ended is written once, however often the database is away,
and no row holds the others.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery, Queue, Recorded, RowsHeld
from hookline.models import Attempt, AttemptCause, AttemptOutcome, Delivery, DeliveryState
from hookline.runtime import Runtime
from hookline.shutdown import end_tasks
from tests.hookline.deliveries.queue.test_queue_locks import HOLD_ACTIVITY, HOLD_WEBHOOK, holding
from tests.making import WORKSPACE, Hand, enqueue, make_webhook, make_workspace, succeeded
from tests.waiting import eventually
from workers.recording import Recorder


class Flaky:
    """The real queue. before, after: raised by one record each, around its commit; sizes: of the
    batches that were asked to be written.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.is_away = False
        self.look_faults = list[Exception]()
        self.before, self.after, self.sizes = list[Exception](), list[Exception](), list[int]()

    async def record(self, token: Any, workspace_id: Any, results: list[AttemptResult]) -> Recorded:
        self.sizes.append(len(results))
        if self.is_away:
            raise ConnectionRefusedError
        if self.before:
            raise self.before.pop()
        recorded = await self._queue.record(token, workspace_id, results)
        if self.after:
            raise self.after.pop()
        return recorded

    async def held(self, workspace_id: UUID, results: list[AttemptResult]) -> set[UUID]:
        if self.look_faults:
            raise self.look_faults.pop()
        return await self._queue.held(workspace_id, results)


class Notes:
    """A recorder over a flaky queue, and what it said."""

    def __init__(self, runtime: Runtime) -> None:
        self.queue = Flaky(runtime.queue)
        self.recorded, self.given_up, self.announced = list[int](), list[bool](), list[str]()
        self.held = frozenset[UUID]()
        runtime.hub.subscribe("activity", self.announced.append)
        self.recorder = Recorder(cast(Queue, self.queue), runtime.hub, runtime.enqueuer)
        self.writing: asyncio.Task[None] | None = None

    async def _write_all(self) -> None:
        while True:
            written = await self.recorder.write_next()
            self.recorded.append(written.size)
            self.given_up += [True] * written.has_lost
            self.held = written.held

    def add(self, hand: Hand, *results: AttemptResult, workspace_id: UUID = WORKSPACE) -> None:
        for result in results:
            self.recorder.add(hand.token, workspace_id, result)
        self.writing = self.writing or asyncio.create_task(self._write_all())

    async def end(self) -> None:
        """Waits for all that was added, then writes nothing more until something is."""
        await eventually(lambda: self.recorder.is_idle)
        await self.stop()

    async def stop(self) -> None:
        if self.writing is not None:
            await end_tasks(self.writing)
            self.writing = None


async def claimed(runtime: Runtime, count: int) -> tuple[Hand, list[ClaimedDelivery]]:
    webhook = await make_webhook(runtime)
    await enqueue(runtime, webhook.id, count)
    hand = await Hand.begin(runtime)
    return hand, await hand.claim(webhook.id, room=1_000, limit=1_000)


async def test_what_ends_together_is_written_together_and_announced_after_the_commit(
    runtime: Runtime,
) -> None:
    hand, rows = await claimed(runtime, 30)
    notes = Notes(runtime)
    notes.add(hand, *(succeeded(row) for row in rows))
    await notes.end()
    assert (notes.queue.sizes, notes.recorded, notes.given_up) == ([30], [30], [])
    position = (await runtime.database.reader().rows("select max(position) as last from activity"))[
        0
    ]["last"]
    await eventually(lambda: f"{WORKSPACE} {position}" in notes.announced)
    assert await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == 30


@pytest.fixture
def endless_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.recording.GATHER_SECONDS", 3_600.0)


async def written_after(notes: Notes, *signs: Callable[[], None]) -> list[int]:
    """Sizes of the batches after each sign, of which only the last one leads to any."""
    for sign in signs:
        # The recorder's turn, if it took one: its pause is an hour.
        for _ in range(50):
            await asyncio.sleep(0)
        assert notes.recorded == []
        sign()
    await eventually(lambda: bool(notes.recorded))
    await notes.end()
    return notes.recorded


@pytest.mark.usefixtures("endless_pause")
@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": AttemptOutcome.FAILED, "state": DeliveryState.FAILED, "status_code": 500},
        {"cause": AttemptCause.TEST},
        {"cause": AttemptCause.MANUAL},
    ],
)
async def test_successes_wait_for_others_until_one_comes_that_somebody_waits_for(
    runtime: Runtime, changes: dict[str, Any]
) -> None:
    hand, rows = await claimed(runtime, 3)
    notes = Notes(runtime)
    first, second, last = (succeeded(row) for row in rows)
    sizes = await written_after(
        notes,
        lambda: notes.add(hand, first),
        lambda: notes.add(hand, second),
        lambda: notes.add(hand, last._replace(**changes)),
    )
    assert sizes == [3]


@pytest.mark.usefixtures("endless_pause")
async def test_nothing_is_gathered_where_room_is_short_or_at_the_end(runtime: Runtime) -> None:
    hand, rows = await claimed(runtime, 3)
    notes = Notes(runtime)
    first, second, last = (succeeded(row) for row in rows)
    assert await written_after(notes, lambda: notes.add(hand, first), notes.recorder.hurry) == [1]
    # It held for what waited then.
    notes.recorded.clear()
    sizes = await written_after(
        notes, lambda: notes.add(hand, second), notes.recorder.stop_gathering
    )
    assert sizes == [1]
    notes.add(hand, last)
    await notes.end()
    assert notes.recorded == [1, 1]


async def test_large_crowd_is_written_in_bounded_batches(runtime: Runtime) -> None:
    hand, rows = await claimed(runtime, 750)
    notes = Notes(runtime)
    notes.add(hand, *(succeeded(row) for row in rows))
    await notes.end()
    assert (notes.queue.sizes, sum(notes.recorded)) == ([500, 250], 750)
    assert await Attempt.all().count() == 750


async def test_results_wait_while_the_database_is_away_and_are_written_once_when_it_is_back(
    runtime: Runtime,
) -> None:
    hand, rows = await claimed(runtime, 3)
    notes = Notes(runtime)
    notes.queue.is_away = True
    notes.add(hand, succeeded(rows[0]))
    await eventually(lambda: notes.queue.sizes)
    notes.add(hand, *(succeeded(row) for row in rows[1:]))  # meanwhile
    await eventually(lambda: len(notes.queue.sizes) > 1)
    assert notes.recorded == []
    notes.queue.is_away = False
    await notes.end()
    assert (notes.recorded, notes.given_up) == ([1, 2], [])
    assert await Attempt.filter(outcome=AttemptOutcome.SUCCEEDED).count() == 3


async def test_answer_lost_after_the_commit_changes_nothing_the_second_time(
    runtime: Runtime,
) -> None:
    hand, rows = await claimed(runtime, 3)
    notes = Notes(runtime)
    notes.queue.after = [TimeoutError()]
    notes.add(hand, *(succeeded(row) for row in rows))
    await notes.end()
    assert (notes.queue.sizes, notes.recorded) == ([3, 3], [3])
    assert await Attempt.all().count() == 3


async def refuse(runtime: Runtime, condition: str) -> None:
    """Makes the database refuse attempts of which the condition is true."""
    sqlite = (
        f"create trigger t before insert on attempt when new.{condition} begin select "
        "raise(abort, 'no'); end"
    )
    async with runtime.database.unit_of_work() as work:
        await work.execute(
            sqlite
            if work.dialect == "sqlite"
            else f"alter table attempt add constraint no_such check (not ({condition}))"
        )


async def test_row_that_is_refused_even_without_its_evidence_is_given_up_and_holds_nobody(
    runtime: Runtime,
) -> None:
    await refuse(runtime, "status_code = 299")
    hand, rows = await claimed(runtime, 4)
    notes = Notes(runtime)
    notes.add(
        hand,
        succeeded(rows[0]),
        succeeded(rows[1], status_code=299),
        *(succeeded(row) for row in rows[2:]),
    )
    await notes.end()
    assert (notes.given_up, notes.recorded) == ([True], [4])
    assert await Attempt.all().count() == 3
    refused = await Delivery.get(id=rows[1].id)
    # for a takeover
    assert (refused.lease_token, refused.status) == (
        hand.token,
        DeliveryState.OPEN,
    )
    assert await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == 3


async def test_database_that_goes_away_among_single_rows_is_waited_for(runtime: Runtime) -> None:
    await refuse(runtime, "error_message = 'refused'")
    hand, rows = await claimed(runtime, 2)
    notes = Notes(runtime)
    notes.add(hand, *(succeeded(row, error_message="refused") for row in rows))
    await eventually(lambda: len(notes.queue.sizes) > 1)
    notes.queue.before = [ConnectionResetError()]
    await notes.end()
    assert (notes.given_up, notes.recorded) == ([], [2])
    assert {attempt.error_message for attempt in await Attempt.all()} == {
        "The answer could not be stored; it was left out of the log."
    }


async def test_result_whose_lease_was_lost_is_announced_to_nobody(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime, 1)
    await hand.give_back(row)
    notes = Notes(runtime)
    notes.add(hand, succeeded(row))
    await notes.end()
    hand, [other] = await claimed(runtime, 1)
    notes.add(hand, succeeded(other))
    await notes.end()
    [told] = await runtime.database.reader().rows("select position from activity where kind = 1")
    await eventually(lambda: f"{WORKSPACE} {told['position']}" in notes.announced)
    assert f"{WORKSPACE} 0" not in notes.announced


async def test_results_of_several_tokens_and_workspaces_are_kept_apart(runtime: Runtime) -> None:
    elsewhere = await make_workspace(runtime)
    webhook = await make_webhook(runtime, workspace_id=elsewhere)
    await enqueue(runtime, webhook.id, 2, elsewhere)
    one, [here] = await claimed(runtime, 1)
    two = await Hand.begin(runtime)
    there, again = await one.claim_one(webhook.id), await two.claim_one(webhook.id)
    notes = Notes(runtime)
    notes.add(one, succeeded(here))
    notes.add(one, succeeded(there), workspace_id=elsewhere)
    notes.add(two, succeeded(again), workspace_id=elsewhere)
    await notes.end()
    assert notes.queue.sizes == [1, 1, 1]
    assert await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == 3


async def test_cancellation_ends_the_wait_for_a_database_that_stays_away(
    runtime: Runtime,
) -> None:
    hand, rows = await claimed(runtime, 1)
    notes = Notes(runtime)
    notes.queue.is_away = True
    notes.add(hand, succeeded(rows[0]))
    await eventually(lambda: notes.queue.sizes)
    async with asyncio.timeout(20):
        await notes.stop()
    assert notes.recorder.is_idle
    assert (await Delivery.get(id=rows[0].id)).lease_token == hand.token


@pytest.mark.parametrize("count", [1, 200])
async def test_position_in_the_announcement_is_that_of_the_last_attempt(
    runtime: Runtime, count: int
) -> None:
    hand, rows = await claimed(runtime, count)
    notes = Notes(runtime)
    notes.add(hand, *(succeeded(row) for row in rows))
    await notes.end()
    rows_of_activity = await runtime.database.reader().rows(
        "select position from activity where kind = 1 order by position"
    )
    await eventually(
        lambda: notes.announced[-1:] == [f"{WORKSPACE} {rows_of_activity[-1]['position']}"]
    )
    assert len(rows_of_activity) == count


@pytest.mark.engines("postgres")
async def test_answers_are_kept_while_the_database_is_read_only(runtime: Runtime) -> None:
    notes = Notes(runtime)
    hand, rows = await claimed(runtime, 3)
    notes.queue.before.append(
        asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction")
    )
    notes.add(hand, *map(succeeded, rows))
    await notes.end()
    assert notes.given_up == []
    assert await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == 3
    assert await Attempt.filter(error_message__isnull=True).count() == 3


@pytest.mark.engines("postgres")
async def test_results_of_a_webhook_whose_row_is_held_are_put_aside_and_keep_their_order(
    runtime: Runtime,
) -> None:
    hand, [first, second, third] = await claimed(runtime, 3)
    neighbour = await make_webhook(runtime)
    await enqueue(runtime, neighbour.id, 2)
    others = await hand.claim(neighbour.id)
    notes, held = Notes(runtime), frozenset([first.webhook_id])
    async with holding(runtime, HOLD_WEBHOOK, first.webhook_id):
        notes.add(hand, succeeded(first), succeeded(others[0]))
        await eventually(lambda: notes.recorded == [0, 1])
        assert notes.held == held
        tries = len(notes.queue.sizes)
        notes.add(hand, succeeded(second), succeeded(others[1]), succeeded(third))
        await eventually(lambda: notes.recorded == [0, 1, 1])
        # Nothing more was tried of the held one, whose wait would be that of all.
        assert notes.queue.sizes[tries:] == [1]
        assert not notes.recorder.is_idle
    await notes.end()
    assert (notes.recorded, notes.held) == ([0, 1, 1, 3], frozenset())
    attempts = await Attempt.filter(webhook_id=first.webhook_id)
    positions = await runtime.database.reader().rows(
        "select subject_id from activity where kind = 1 order by position"
    )
    of_delivery = {attempt.id: attempt.delivery_id for attempt in attempts}
    recorded = [of_delivery.get(row["subject_id"]) for row in positions[2:]]
    assert recorded == [first.id, second.id, third.id]


@pytest.mark.engines("postgres")
async def test_workspace_whose_activity_is_held_stops_nobody_elses_records(
    runtime: Runtime,
) -> None:
    elsewhere = await make_workspace(runtime)
    stranger = await make_webhook(runtime, workspace_id=elsewhere)
    await enqueue(runtime, stranger.id, 1, elsewhere)
    hand, [row] = await claimed(runtime, 1)
    notes = Notes(runtime)
    async with holding(runtime, HOLD_ACTIVITY, elsewhere):
        notes.add(hand, succeeded(row))
        there = await hand.claim_one(stranger.id)
        notes.add(hand, succeeded(there), workspace_id=elsewhere)
        await eventually(lambda: notes.recorded == [0, 1])
        assert (await Delivery.get(id=row.id)).status == DeliveryState.OPEN
    await notes.end()
    assert notes.recorded == [0, 1, 1]


@pytest.mark.engines("postgres")
async def test_look_at_held_rows_that_fails_changes_nothing(runtime: Runtime) -> None:
    hand, [row] = await claimed(runtime, 1)
    notes = Notes(runtime)
    notes.queue.before, notes.queue.look_faults = [RowsHeld()], [TimeoutError()]
    notes.add(hand, succeeded(row))
    await notes.end()
    assert (notes.queue.sizes, notes.recorded) == ([1, 1], [0, 1])
