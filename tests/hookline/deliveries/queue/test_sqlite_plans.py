"""Every statement that the queue runs on SQLite finds its rows by an index. Without ANALYZE (nobody
runs it) plans do not depend on sizes.
"""

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from hookline import clock
from hookline.deliveries import manual
from hookline.deliveries.queue.sqlite import SqliteQueue
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook
from tests.hookline.deliveries.queue.lists import first_pages
from tests.making import (
    SOMEBODY,
    WORKSPACE,
    Hand,
    enqueue,
    failed,
    make_webhook,
    new_delivery,
    new_event,
    succeeded,
)

OF_LISTS = {
    "event_list",
    "delivery_list",
    "delivery_open",
    "sqlite_autoindex_delivery_1",
    "sqlite_autoindex_attempt_1",
}
"""In the order of a list, and so to its first page, besides those that are named for it."""
OF_FEW_ROWS = {"delivery_event", "attempt_number"}
"""Indexes that find few rows, which are sorted afterwards."""
TABLES = ("delivery", "event", "attempt", "idempotency", "activity", "webhook")
READ_WHOLE = {
    # a loose scan reads one entry, then searches for the next webhook's; all that was asked for by
    # hand is taken
    "with": {"delivery by delivery_due", "d by delivery_manual"},
    "update delivery set status = 4": {"delivery by delivery_due"},
    # leases are looked for among open rows: an index of them would have to be written by each claim
    "delete from pump": {"delivery by delivery_due", "delivery by delivery_manual"},
    "select d.id": {"d by delivery_due", "d by delivery_manual"},
}
"""Indexes that a statement may read from end to end, as EXPLAIN names them with their table, by the
statement's beginning.
"""


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copyfile(sqlite_template, tmp_path / "hookline.db")
    return f"sqlite:///{tmp_path / 'hookline.db'}"


@pytest.fixture
async def seen(runtime: Runtime) -> list[str]:
    """Statements that the queue ran, with their values."""
    queue, texts = runtime.queue, list[str]()
    assert isinstance(queue, SqliteQueue)
    await queue._writer.run(lambda db: db.set_trace_callback(texts.append))
    return texts


async def use_everything(runtime: Runtime) -> None:
    webhook, gone = await make_webhook(runtime), await make_webhook(runtime)
    ids = await enqueue(runtime, webhook.id, 5)
    await enqueue(runtime, gone.id, 2)
    event = new_event("key")
    version = (await runtime.queue.versions())[WORKSPACE]
    await runtime.queue.publish(
        WORKSPACE, version, clock.now(), [event], [new_delivery(event, webhook.id)]
    )
    await runtime.queue.key_owners(WORKSPACE, ["key"])
    hand = await Hand.begin(runtime)
    rows = await hand.claim(webhook.id)
    await hand.give_back(rows[0])
    await hand.record(succeeded(rows[1]), failed(rows[2]))
    await hand.record(succeeded(rows[1]))
    await manual.retry(runtime.database, runtime.wakeups, SOMEBODY, ids[0])
    await hand.claim(webhook.id)
    await delete_webhook(runtime, SOMEBODY, gone.id)
    await runtime.queue.due()
    await runtime.queue.cancel_deleted()
    await runtime.queue.unregister(hand.token)
    await runtime.queue.forget_keys()
    await runtime.queue.beat(uuid4())
    await hand.fall_silent(runtime)
    assert await runtime.queue.take_over(timedelta(seconds=10)) == 4


def scans(db: sqlite3.Connection, text: str) -> set[str]:
    """Tables and indexes that the statement reads from end to end: the table's name in it, and the
    index if there is one.
    """
    names = dict.fromkeys(TABLES, "") | {
        alias: table
        for table, alias in re.findall(r"\b(\w+) (?:as )?(\w)\b", text)
        if table in TABLES
    }
    details = [row[3] for row in db.execute("explain query plan " + text)]
    found = [
        match
        for detail in details
        if (match := re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", detail))
        and match[1] in names
    ]
    return {f"{match[1]} by {match[2]}" for match in found}


def begin(text: str) -> str:
    return next((start for start in READ_WHOLE if text.strip().startswith(start)), text)


async def test_no_statement_of_the_queue_reads_a_table_from_end_to_end(
    runtime: Runtime, seen: list[str]
) -> None:
    await use_everything(runtime)
    statements = [
        text for text in seen if re.match(r"\s*(select|with|insert|update|delete)\b", text)
    ]
    with closing(sqlite3.connect(runtime.settings.sqlite_path)) as db:
        read = {text: found for text in statements if (found := scans(db, text))}
    assert len(statements) > 30
    assert {begin(text): found for text, found in read.items()} == READ_WHOLE


async def test_first_pages_of_the_lists_use_an_index(runtime: Runtime) -> None:
    for indexes, lists in first_pages(uuid4(), uuid4(), uuid4()).items():
        allowed = set(indexes.split()) | OF_LISTS
        for parts in lists:
            for rows in parts:
                page = rows.order_by("-id").limit(21)
                page.sql()
                sql, values = page.query.get_parameterized_sql()
                steps = [
                    row["detail"]
                    for row in await runtime.database.reader().rows(
                        "explain query plan " + sql, *values
                    )
                ]
                read = [
                    re.fullmatch(
                        r"(?:SEARCH|SCAN) (?:delivery|event|attempt)(?: USING (?:COVERING )?INDEX "
                        r"(\w+).*)?",
                        step,
                    )
                    for step in steps
                ]
                assert {found[1] for found in read if found} <= allowed, (indexes, steps)
                assert "USE TEMP B-TREE FOR ORDER BY" not in steps or allowed & OF_FEW_ROWS, (
                    indexes,
                    steps,
                )
