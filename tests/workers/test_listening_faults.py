"""Requests to listeners while something of ours is missing: the database is away or busy, a row is
held, the places are taken. None of it is the receiver's failure, and nobody else waits for it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from uuid import UUID

import pytest

from hookline.clock import monotonic
from hookline.ids import uuid7
from hookline.models import Attempt, AttemptOutcome, Webhook
from hookline.runtime import Runtime
from hookline.webhooks import listener_requests, listeners
from hookline.webhooks.change import delete_webhook
from hookline.webhooks.listener_requests import ListenerAnswer, ListenerRequest, Put
from tests.hookline.deliveries.queue.test_queue_locks import HOLD_WEBHOOK, WAITS, holding
from tests.making import ENVIRONMENT, SOMEBODY, enqueue, make_webhook
from tests.receivers import Receiver
from tests.refusing import refusing_connections
from tests.waiting import eventually
from tests.working import pumping
from workers.answers import ReceiverAnswer
from workers.listening import ListenerTransport
from workers.local_faults import LocalFault, NotSent
from workers.sending import OutboundRequest, Withdrawn

TAKEN = ListenerAnswer(201, 3, [])


async def make_listener(runtime: Runtime) -> Webhook:
    form = {"name": "Listener", "events": ["order.*.*"], "environments": [ENVIRONMENT]}
    return await listeners.create_listener(runtime, SOMEBODY, form)


@asynccontextmanager
async def transport_of(runtime: Runtime) -> AsyncIterator[ListenerTransport]:
    transport = ListenerTransport(runtime.database, runtime.hub)
    try:
        yield transport
    finally:
        await transport.close()


def request(webhook: Webhook, timeout_seconds: float = 1.0) -> OutboundRequest:
    return OutboundRequest(webhook.url, [], b"{}", timeout_seconds)


async def put_by_another_worker(runtime: Runtime, webhook: Webhook, count: int) -> None:
    for _ in range(count):
        one = ListenerRequest(uuid7(), uuid7(), [], b"{}", 1_000)
        put = await listener_requests.put(runtime.database, runtime.hub, [(webhook.id, one)])
        assert put == {one.id: Put.DONE}


async def rows_of(runtime: Runtime, webhook_id: UUID) -> int:
    sql = "select id from listener_request where webhook_id = $1"
    return len(await runtime.database.reader().rows(sql, webhook_id))


@pytest.mark.engines("sqlite")
async def test_a_request_that_the_database_does_not_take_in_time_was_not_sent(
    runtime: Runtime,
) -> None:
    webhook = await make_listener(runtime)
    path = runtime.settings.sqlite_path
    async with transport_of(runtime) as transport:
        with closing(sqlite3.connect(path, isolation_level=None)) as other_program:
            other_program.execute("begin immediate")
            with pytest.raises(NotSent) as raised:
                await transport.send(request(webhook))
            other_program.execute("rollback")
        assert raised.value.fault is LocalFault.DATABASE

        # What was written all the same takes no place.
        async def is_empty() -> bool:
            return await rows_of(runtime, webhook.id) == 0

        await eventually(is_empty)


@pytest.mark.engines("sqlite")
async def test_a_request_for_which_there_was_no_place_was_not_sent(runtime: Runtime) -> None:
    webhook, other = await make_listener(runtime), await make_listener(runtime)
    await put_by_another_worker(runtime, webhook, webhook.concurrency)
    async with transport_of(runtime) as transport:
        crowded = [asyncio.create_task(transport.send(request(webhook))) for _ in range(60)]
        async with aclosing(
            listener_requests.follow(runtime.database, runtime.hub, other.id, SOMEBODY.caller)
        ) as requests:
            # Nobody else waits with them.
            sending = asyncio.create_task(transport.send(request(other, 60)))
            await listeners.answer_request(runtime, SOMEBODY, (await anext(requests)).id, TAKEN)
            assert (await sending).status_code == 201
        for outcome in await asyncio.gather(*crowded, return_exceptions=True):
            assert isinstance(outcome, Withdrawn)


@pytest.mark.engines("postgres")
async def test_a_listener_whose_row_is_held_stops_nobody_elses_deliveries(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    async with Receiver() as receiver, pumping(runtime):
        held = await make_listener(runtime)
        neighbour = await make_webhook(runtime, receiver.url)
        async with holding(runtime, HOLD_WEBHOOK, held.id) as holder:
            await enqueue(runtime, held.id, 30)
            for number in range(1, 6):
                await enqueue(runtime, neighbour.id)
                await receiver.wait_for(number)
            # No connection of the pool, which all share, stands before that lock.
            assert await holder.fetch(WAITS) == []
        async with aclosing(
            listener_requests.follow(runtime.database, runtime.hub, held.id, SOMEBODY.caller)
        ) as requests:
            for _ in range(30):
                key = (await anext(requests)).id
                await listeners.answer_request(runtime, SOMEBODY, key, TAKEN)

            async def are_recorded() -> bool:
                return await Attempt.filter(webhook_id=held.id).count() == 30

            await eventually(are_recorded)
    outcomes = {row.outcome for row in await Attempt.all()}
    assert outcomes == {AttemptOutcome.SUCCEEDED}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.engines("postgres")
async def test_time_in_which_the_database_is_away_is_not_the_listeners(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = await make_listener(runtime)
    async with (
        transport_of(runtime) as transport,
        aclosing(
            listener_requests.follow(runtime.database, runtime.hub, webhook.id, SOMEBODY.caller)
        ) as requests,
    ):
        began_at, seconds = monotonic(), 4.0
        sending = asyncio.create_task(transport.send(request(webhook, seconds)))
        key = (await anext(requests)).id
        async with refusing_connections(runtime.settings.postgres_dsn):
            await eventually(lambda: "answers of listeners" in caplog.text)
            await eventually(lambda: monotonic() > began_at + seconds + 1 or sending.done())
        assert not sending.done()
        await listeners.answer_request(runtime, SOMEBODY, key, TAKEN)
        answer: ReceiverAnswer = await sending
    assert (answer.status_code, answer.error) == (201, None)


@pytest.mark.engines("sqlite")
async def test_a_listener_that_is_gone_before_its_request_ends_the_attempt(
    runtime: Runtime,
) -> None:
    webhook = await make_listener(runtime)
    await delete_webhook(runtime, SOMEBODY, webhook.id)
    async with transport_of(runtime) as transport:
        answer = await transport.send(request(webhook))
    assert (answer.status_code, str(answer.error)) == (None, "LISTENER_GONE")


@pytest.mark.engines("sqlite")
async def test_followers_of_listeners_use_no_connection_of_publishes_and_token_checks(
    runtime: Runtime,
) -> None:
    webhook = await make_listener(runtime)
    await put_by_another_worker(runtime, webhook, 1)
    is_held, may_end = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with runtime.database.unit_of_work():
            is_held.set()
            await may_end.wait()

    # In a task of its own: everybody else's statements on that connection wait for its end.
    holder = asyncio.create_task(hold())
    await is_held.wait()
    following = listener_requests.follow(runtime.database, runtime.hub, webhook.id, SOMEBODY.caller)
    try:
        async with aclosing(following) as requests, asyncio.timeout(20):
            assert (await anext(requests)).body == b"{}"
    finally:
        may_end.set()
        await holder
