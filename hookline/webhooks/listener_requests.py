"""Requests to listeners, as rows between the worker that sends and the command that answers: put,
handed over, answered, taken away. Called by the worker's transport and by the API. The hub says
"look", on the topic `listener` with the webhook's id; the truth is the table `listener_request`.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson

from hookline.db.connection import Database, UnitOfWork
from hookline.db.faults import faults_as_unavailable
from hookline.db.statements import for_dialect
from hookline.messaging.hub import EVERYTHING, Hub

TOPIC: Final = "listener"
# The hub may lose; a listener that has gone is announced by nobody.
LOOK_SECONDS: Final = 1.0
READ_SECONDS: Final = 10.0

# A listener is there until `end_expired` has deleted it: only that knows whether its lease could be
# renewed.
ROOMS: Final = """
select id, concurrency from webhook where id in ({places}) and deleted_at is null"""
# Locked: two workers of a webhook must not both take its last place. Never waited for: somebody's
# transaction may hold one row for long, and whoever waits holds one of the process's connections.
LOCK: Final = "select id from webhook where id in ({places}) order by id {skip_locked}"
# In a statement of its own, which sees what was committed before the lock.
TAKEN: Final = """
select webhook_id, count(*) as taken from listener_request
where webhook_id in ({places}) and answer is null group by webhook_id"""
PUT: Final = """
insert into listener_request
  (id, webhook_id, delivery_id, headers, body, timeout_ms, created_at)
values ($1, $2, $3, $4, $5, $6, {now})"""
OPEN: Final = """
select id from listener_request where webhook_id = $1 and answer is null order by id"""
READ: Final = """
select id, delivery_id, headers, body, timeout_ms from listener_request
where id = $1 and answer is null"""
IS_THERE: Final = "select id from webhook where id = $1 and deleted_at is null"
ANSWER: Final = """
update listener_request set answer = $2, answer_body = $3
where id = $1 and answer is null"""
OWNER: Final = "select webhook_id from listener_request where id = $1"
# A left join: a webhook that retention took is gone, too.
FOUND: Final = """
select r.id, r.answer, r.answer_body, w.id is null as is_gone
from listener_request r left join webhook w on w.id = r.webhook_id and w.deleted_at is null
where r.id in ({places})"""
DELETE: Final = "delete from listener_request where id in ({places})"
PUT_BYTES: Final = 4 * 1024 * 1024
"""Bodies that one transaction writes, about: others have the database between two of them."""
# Two minutes are longer than any attempt: an older request is one of a worker that died.
FORGET: Final = """
delete from listener_request where id in (
  select id from listener_request where created_at < {now} - 120 * {second} limit 500)
returning id"""


@dataclass(frozen=True, slots=True)
class ListenerRequest:
    """A signed request. headers: name and value, as they are sent."""

    id: UUID
    delivery_id: UUID
    headers: list[tuple[str, str]]
    body: bytes
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class ListenerAnswer:
    """An answer as the command saw it. status_code: None when there was none; then error is the
    name of an AttemptError. headers: Latin-1.
    """

    status_code: int | None
    duration_ms: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    is_truncated: bool = False
    error: str | None = None


class Put(Enum):
    """Results of putting a request: DONE, FULL (the webhook's concurrency is used up, or somebody
    holds its row), GONE.
    """

    DONE = auto()
    FULL = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class AnswerState:
    """A request that waits. answer: None while there is none. is_gone: none will come."""

    answer: ListenerAnswer | None
    is_gone: bool


async def put(
    database: Database, hub: Hub, asked: Sequence[tuple[UUID, ListenerRequest]]
) -> dict[UUID, Put]:
    """Hands requests to the commands of the listeners that have room, in one transaction. asked:
    each with its webhook's id. Returns results by the requests' ids; those that are left out come
    with the next call, since PUT_BYTES were written.

    Raises Unavailable.
    """
    results, written_bytes = dict[UUID, Put](), 0
    async with database.unit_of_work() as work:
        rooms = await _rooms(work, sorted({webhook_id for webhook_id, _ in asked}))
        for webhook_id, request in asked:
            room = rooms.get(webhook_id)
            if room is None or room <= 0:
                results[request.id] = Put.GONE if room is None else Put.FULL
            elif written_bytes < PUT_BYTES:
                await _insert(work, webhook_id, request)
                work.after_commit(partial(hub.publish, TOPIC, str(webhook_id)))
                results[request.id], rooms[webhook_id] = Put.DONE, room - 1
                written_bytes += len(request.body)
    return results


async def _rooms(work: UnitOfWork, webhook_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Requests that each listener may take in addition; those that are gone are left out."""

    async def rows(sql: str) -> list[dict[str, Any]]:
        sql = for_dialect(sql.replace("{places}", _places(webhook_ids)), work.dialect)
        return await work.rows(sql, *webhook_ids)

    found = {row["id"]: row["concurrency"] for row in await rows(ROOMS)}
    locked = {row["id"] for row in await rows(LOCK)}
    taken = {row["webhook_id"]: row["taken"] for row in await rows(TAKEN)}
    return {
        key: concurrency - taken.get(key, 0) if key in locked else 0
        for key, concurrency in found.items()
    }


async def _insert(work: UnitOfWork, webhook_id: UUID, request: ListenerRequest) -> None:
    await work.execute(
        for_dialect(PUT, work.dialect),
        request.id,
        webhook_id,
        request.delivery_id,
        orjson.dumps(request.headers).decode(),
        request.body,
        request.timeout_ms,
    )


async def look(database: Database, keys: Collection[UUID]) -> dict[UUID, AnswerState]:
    """States of requests; those that are no longer there are left out.

    Raises Unavailable.
    """
    sql = FOUND.format(places=_places(keys))
    with faults_as_unavailable():
        rows = await database.reader().rows(sql, *keys)
    return {row["id"]: AnswerState(_answer_of(row), bool(row["is_gone"])) for row in rows}


async def take_away(database: Database, keys: Collection[UUID]) -> None:
    """Deletes requests whose attempts have ended.

    Raises Unavailable.
    """
    async with database.unit_of_work() as work:
        await work.execute(DELETE.format(places=_places(keys)), *keys)


async def forget(database: Database) -> int:
    """Deletes a batch of requests whose worker died. Returns how many."""
    async with database.unit_of_work() as work:
        return len(await work.rows(for_dialect(FORGET, work.dialect)))


async def owner_of(work: UnitOfWork, key: UUID) -> UUID | None:
    """The webhook that a request goes to; None when its attempt has ended."""
    rows = await work.rows(OWNER, key)
    return rows[0]["webhook_id"] if rows else None


async def answer(work: UnitOfWork, key: UUID, given: ListenerAnswer) -> bool:
    """Answers a request, once. False: it is answered already, or its attempt has ended."""
    told = {
        "status": given.status_code,
        "ms": given.duration_ms,
        "headers": given.headers,
        "truncated": given.is_truncated,
        "error": given.error,
    }
    return bool(await work.execute(ANSWER, key, orjson.dumps(told).decode(), given.body))


async def follow(
    database: Database, hub: Hub, webhook_id: UUID, caller: Hashable
) -> AsyncGenerator[ListenerRequest, None]:
    """Yields each unanswered request of a listener once, oldest first; ends when it is gone. One
    that begins anew gets what is unanswered again. Holds one body at a time. Reads on the read
    pool, in turn with other callers: any number of subscriptions may follow one listener.

    Raises Unavailable.
    """
    given, wake = set[UUID](), asyncio.Event()

    def heard(text: str) -> None:
        if text in (EVERYTHING, str(webhook_id)):
            wake.set()

    unsubscribe = hub.subscribe(TOPIC, heard)
    try:
        while True:
            # Before the look: what is put during it is looked for again.
            wake.clear()
            waiting = await _open(database, webhook_id, caller)
            if waiting is None:
                return
            for key in waiting:
                if key not in given and (request := await _read(database, key, caller)):
                    yield request
            # Those that ended need not be known any more.
            given = set(waiting)
            with suppress(TimeoutError):
                # wait_for swallows a cancellation that comes with the look (3.11)
                async with asyncio.timeout(LOOK_SECONDS):
                    await wake.wait()
    finally:
        unsubscribe()


async def _open(database: Database, webhook_id: UUID, caller: Hashable) -> Sequence[UUID] | None:
    """Requests without an answer; None when the listener is gone."""
    async with database.reading(caller, _deadline()) as reader:
        if not await reader.rows(IS_THERE, webhook_id):
            return None
        return [row["id"] for row in await reader.rows(OPEN, webhook_id)]


def _deadline() -> float:
    return asyncio.get_running_loop().time() + READ_SECONDS


async def _read(database: Database, key: UUID, caller: Hashable) -> ListenerRequest | None:
    async with database.reading(caller, _deadline()) as reader:
        rows = await reader.rows(READ, key)
    if not rows:
        return None
    [row] = rows
    headers = [(name, value) for name, value in orjson.loads(row["headers"])]
    return ListenerRequest(
        row["id"], row["delivery_id"], headers, bytes(row["body"]), row["timeout_ms"]
    )


def _answer_of(row: dict[str, Any]) -> ListenerAnswer | None:
    if row["answer"] is None:
        return None
    told = orjson.loads(row["answer"])
    return ListenerAnswer(
        told["status"],
        told["ms"],
        [(name, value) for name, value in told["headers"]],
        bytes(row["answer_body"] or b""),
        told["truncated"],
        told["error"],
    )


def _places(keys: Collection[UUID]) -> str:
    return ", ".join(f"${number}" for number in range(1, len(keys) + 1))
