"""A PostgreSQL database with 100,000 deliveries, and a queue on it whose statements come back
with their plans. For test_queue_plans.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from hookline.deliveries.queue.postgres import SETTINGS, PostgresQueue
from tests.making import WORKSPACE
from tests.waiting import turns

T = TypeVar("T")
DELIVERIES, EVENTS, BACKLOG, HEALTHY = 100_000, 50_000, 25_000, 200
SILENT_PUMP = UUID("0190ffff-0000-7000-8000-000000000001")
"""Its leases wait for a takeover."""


def key_of(kind: str, number: int) -> UUID:
    """Of a row of this number. kind: aaaa webhook, eeee event, dddd delivery, cccc attempt."""
    return UUID(f"0190{kind}-0000-7000-8000-{number:012x}")


DEAD = key_of("aaaa", 1_000)
"""Has the backlog."""


def healthy(count: int) -> list[UUID]:
    return [key_of("aaaa", number) for number in range(count)]


def _key(kind: str, number: str) -> str:
    """The same in SQL."""
    return f"('0190{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


_WEBHOOKS = f"""
insert into webhook (id, workspace_id, slug, name, url, is_active, environments, events, labels, headers, timeout_ms, concurrency,
  retry_schedule, signing_secrets, version, created_at, created_by, modified_at, modified_by, deleted_at, consecutive_failures)
select {_key("aaaa", "n")}, $1, 'hook-' || n, 'Hook ' || n, 'http://127.0.0.1:9999/in', true, '', '', '', '[]', 15000, 10,
  '[5, 60]', '[]', 1, now(), '{{}}', now(), '{{}}', case when n = 1001 then now() end, 0
from unnest(array(select generate_series(0, {HEALTHY - 1})) || array[1000, 1001]) n"""
# The five oldest of everything are of another type and another environment; the five after them
# failed, the next two ended unknown.
_TYPE = (
    "case when n <= 5 then 'order.order.refund' else 'order.order.create' end, case when n <= "
    "5 then 'staging' else 'production' end"
)
_EVENTS = f"""
insert into event (id, workspace_id, type, environment, data, occurred_at, received_at)
select {_key("eeee", "n")}, $1, {_TYPE}, '{{"n":1}}', now(), now() from generate_series(1, {EVENTS}) n"""
# 1: the oldest came through, a few of them are asked for by hand. 2: due ones of the dead webhook.
# 3: what a deleted one left. 4: open ones of the healthy: each fifth waits for a later time, each
# seventh is leased.
_DELIVERIES = f"""
insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status, next_attempt_at, manual_at,
  attempt_count, schedule_step, lease_token, finished_at, created_at)
select {_key("dddd", "n")}, $1, {_key("aaaa", f"case kind when 2 then 1000 when 3 then 1001 else n % {HEALTHY} end")},
  {_key("eeee", f"1 + n % {EVENTS}")}, {_TYPE}, case kind when 1 then case when n between 6 and 10 then 3 else 2 end else 0 end,
  now() - interval '2 hours' + n * interval '1 millisecond' + case when kind = 4 and n % 5 = 0 then interval '1 day' else '0' end,
  case when kind = 1 and n % 10000 = 0 then now() end, case kind when 1 then 1 else 0 end, 0,
  case when kind = 4 and n % 7 = 0 then $2::uuid end, case kind when 1 then now() end, now()
from (
  select n, case when n <= {DELIVERIES - 10_000 - BACKLOG} then 1 when n <= {DELIVERIES - 10_000} then 2
      when n > {DELIVERIES - 3_000} then 3 else 4 end as kind
  from generate_series(1, {DELIVERIES}) n) n"""
_ATTEMPTS = f"""
insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, status_code,
  response_truncated, started_at)
select overlay(id::text placing 'cccc' from 5)::uuid, workspace_id, id, webhook_id, event_id, event_type, environment, 1,
  case when id in ({_key("dddd", "11")}, {_key("dddd", "12")}) then 9 when status = 2 then 2 else 3 end, 1,
  case status when 2 then 200 when 3 then 404 else 503 end, false, now() from delivery where workspace_id = $1"""
_KEYS = f"""
insert into idempotency (workspace_id, key, event_id, fingerprint, expires_at)
select $1, 'key-' || n, {_key("eeee", "n")}, 'print', now() + n * interval '1 second' - interval '1000 seconds' from generate_series(1, {EVENTS}) n"""
_FILLED = ("webhook", "event", "delivery", "attempt", "idempotency")
_INDEXES = """select c.relname as name, pg_get_indexdef(c.oid) as made from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid::regclass::text = any($1) and not i.indisprimary"""


async def fill(url: str) -> None:
    """Deliveries and their attempts. The indexes are taken away meanwhile and made again: 1
    instead of 3 times as long.
    """
    connection = await asyncpg.connect(
        url, server_settings={"synchronous_commit": "off", "maintenance_work_mem": "256MB"}
    )
    try:
        async with connection.transaction():
            # a table that is emptied in the same transaction is written without a log of its rows
            await connection.execute(f"truncate {', '.join(_FILLED)}")
            await _insert(connection)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def _insert(connection: "asyncpg.Connection[Any]") -> None:
    indexes = await connection.fetch(_INDEXES, list(_FILLED))
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    await connection.execute(
        "insert into pump (token, process, beat_at) values ($1, 'silent', now() - interval '1 "
        "minute')",
        SILENT_PUMP,
    )
    for sql, *more in (
        (_WEBHOOKS,),
        (_EVENTS,),
        (_DELIVERIES, SILENT_PUMP),
        (_ATTEMPTS,),
        (_KEYS,),
    ):
        await connection.execute(sql, WORKSPACE, *more)
    for index in indexes:
        await connection.execute(index["made"])


_EXPLAIN = (
    "log_min_duration = 0",
    "log_nested_statements = on",
    "log_format = json",
    "log_analyze = on",
    "log_buffers = on",
    "log_timing = off",
)


@dataclass
class Plans:
    """The plans of the latest call, nested statements of functions included, as auto_explain logs
    them.
    """

    connection: "asyncpg.Connection[Any] | None" = None
    found: list[dict[str, Any]] = field(default_factory=list)  # Any: PostgreSQL's JSON

    def hear(self, connection: object, message: Any) -> None:  # Any: asyncpg's own
        match = re.match(r"duration: [\d.]+ ms  plan:\n", message.message)
        # asyncpg asks for the types of its arguments
        if match and "pg_catalog" not in message.message:
            self.found.append(json.loads(message.message[match.end() :]))

    def nodes(self) -> Iterator[dict[str, Any]]:
        waiting = [plan["Plan"] for plan in self.found]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", [])

    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes() if "Index Name" in node}

    def scanned(self) -> set[str]:
        """Tables that were read from end to end."""
        return {node["Relation Name"] for node in self.nodes() if node["Node Type"] == "Seq Scan"}

    def passed_over(self) -> int:
        """Rows that were read and not wanted."""
        return sum(int(node.get("Rows Removed by Filter", 0)) for node in self.nodes())

    def buffers(self) -> int:
        """Pages touched, found in memory or not. The call of a function would count again what its
        statements touch.
        """
        tops = [
            plan["Plan"]
            for plan in self.found
            if not re.match(r"select (hl_|.* from hl_)", plan["Query Text"].strip(), re.IGNORECASE)
        ]
        return sum(int(top["Shared Hit Blocks"] + top["Shared Read Blocks"]) for top in tops)

    async def of(self, call: Awaitable[T]) -> T:
        """The call's result; afterwards only its plans are here."""
        await self._settle()
        self.found.clear()
        result = await call
        await self._settle()
        return result

    async def _settle(self) -> None:
        # a statement is over, and logged, once the next one begins; asyncpg tells its listeners of
        # what was logged at the loop's next turn
        assert self.connection is not None
        await self.connection.execute("set local client_min_messages = log")
        await turns(1)


@asynccontextmanager
async def observed(
    url: str, plan_cache_mode: str = "auto"
) -> AsyncIterator[tuple[PostgresQueue, Plans]]:
    """A queue on one connection with the settings of its pools. All that it does is rolled back."""
    connection = await asyncpg.connect(
        url, server_settings={**SETTINGS, "plan_cache_mode": plan_cache_mode}
    )
    queue, plans = PostgresQueue(url, 1, False), Plans(connection)
    queue._work = queue._claims = queue._beats = connection  # it answers the pools' calls
    transaction = connection.transaction()
    try:
        await connection.execute("load 'auto_explain'")
        await transaction.start()
        for line in _EXPLAIN:
            await connection.execute(f"set local auto_explain.{line}")
        connection.add_log_listener(plans.hear)
        yield queue, plans
        await transaction.rollback()
    finally:
        await connection.close()
