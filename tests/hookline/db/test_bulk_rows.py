"""Rows encoded many at once, as either database takes them."""

import asyncio
import os
import signal
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from hookline import ids
from hookline.db import bulk_rows, postgres
from hookline.db.bulk_rows import attributes
from hookline.db.connection import UnitOfWork
from hookline.errors import Unavailable
from hookline.models import AuditEntry, Webhook
from hookline.models.column_types import to_micros
from hookline.runtime import Runtime
from tests.making import make_webhook

AT = datetime(2026, 11, 29, 20, 15, tzinfo=UTC)
WORKSPACE, SUBJECT = ids.uuid7(), ids.uuid7()


def entry(**values: Any) -> dict[str, Any]:
    return bulk_rows.new_row(
        AuditEntry,
        id=ids.uuid7(),
        workspace_id=WORKSPACE,
        action="webhook.update",
        actor_name="ci",
        at=AT,
        **values,
    )


async def insert(work: UnitOfWork, model: type[Model], rows: list[dict[str, Any]]) -> None:
    texts = bulk_rows.as_texts(model, rows)
    await bulk_rows.insert_encoded(work, bulk_rows.encode_new(work.dialect, model, texts))


def test_rows_of_one_statement_have_their_values_in_the_order_of_its_columns() -> None:
    rows = [
        entry(actor={"b": 1, "a": 2}, subject_id=SUBJECT, after=None),
        entry(actor={"a": 2}, subject_id=None, after={"url": "é"}),
    ]

    encoded = bulk_rows.encode_rows("sqlite", AuditEntry, rows)

    assert encoded.names[-1] == "id"
    assert set(encoded.shared) == {"before", "request_id", "subject_prefix"}
    names = [name for name in encoded.names if name not in encoded.shared]
    told = [dict(zip(names, values, strict=True)) for values in encoded.values]
    assert [row["id"] for row in told] == [row["id"].bytes for row in rows]
    assert [row["actor"] for row in told] == ['{"b":1,"a":2}', '{"a":2}']
    assert [row["subject_id"] for row in told] == [SUBJECT.bytes, None]
    assert [row["after"] for row in told] == [None, '{"url":"é"}']
    assert {row["at"] for row in told} == {to_micros(AT)}


@pytest.mark.engines("sqlite", "postgres")
async def test_null_of_all_rows_is_written_over_what_is_there(runtime: Runtime) -> None:
    # Their defaults are 10 failures and two days.
    given = {"auto_disable_failures": None, "description": None}
    rows = [{**attributes(await make_webhook(runtime, slug=f"of-{n}")), **given} for n in range(3)]
    made, changed = [{**row, "id": ids.uuid7(), "slug": f"{row['slug']}-2"} for row in rows], rows

    async with runtime.database.unit_of_work() as work:
        await insert(work, Webhook, made)
        await bulk_rows.update_rows(work, Webhook, changed)

    found = await Webhook.all()
    assert {one.id for one in found} == {row["id"] for row in (*made, *changed)}
    assert await Webhook.filter(auto_disable_failures__isnull=True).count() == len(found)
    assert {one.auto_disable_seconds for one in found} == {172_800}


# What means something to COPY, and what might: https://www.postgresql.org/docs/current/sql-copy.html
TEXTS = [
    "",
    "\\",
    "\\N",
    "\\.",
    "\\.\n",
    "a\tb",
    "a\nb\r\n",
    "\\n",
    "\\t\\",
    "\b\f\v",
    "N",
    "null",
    '"',
    "é 漢 🦝",
]


@pytest.mark.engines("sqlite", "postgres")
async def test_texts_are_stored_as_they_are(runtime: Runtime) -> None:
    template = attributes(await make_webhook(runtime))
    made = {ids.uuid7(): {"description": text, "created_by": {text: [text]}} for text in TEXTS}
    rows = [{**template, "id": key, "slug": f"of-{key}", **own} for key, own in made.items()]

    async with runtime.database.unit_of_work() as work:
        await insert(work, Webhook, rows)

    found = await Webhook.exclude(id=template["id"])
    assert {one.id: {name: getattr(one, name) for name in made[one.id]} for one in found} == made
    assert {(one.created_at, one.is_active, one.timeout_ms, one.events) for one in found} == {
        (template["created_at"], True, template["timeout_ms"], template["events"])
    }


@pytest.mark.engines("sqlite", "postgres")
async def test_a_row_that_is_there_already_is_refused_with_all_others(runtime: Runtime) -> None:
    there = attributes(await make_webhook(runtime))
    rows = [{**there, "id": ids.uuid7(), "slug": slug} for slug in ("other", there["slug"])]

    with pytest.raises(IntegrityError):
        async with runtime.database.unit_of_work() as work:
            await insert(work, Webhook, rows)

    assert [one.id for one in await Webhook.all()] == [there["id"]]


@pytest.mark.engines("postgres")
async def test_lines_that_the_server_does_not_take_end_in_time(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "COPY_SECONDS", 0.5)
    there = attributes(await make_webhook(runtime))
    # More than the buffers of a socket hold, so that not even the sending ends.
    long = {"description": "long " * 500}
    rows = [{**there, **long, "id": ids.uuid7(), "slug": f"of-{n}"} for n in range(4_000)]
    stopped = list[int]()

    async def write() -> None:
        async with runtime.database.unit_of_work() as work:
            [row] = await work.rows("select pg_backend_pid() as pid")
            os.kill(row["pid"], signal.SIGSTOP)
            stopped.append(row["pid"])
            await insert(work, Webhook, rows)

    try:
        async with asyncio.timeout(30) as limit:
            with pytest.raises(Unavailable):
                await write()
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert not limit.expired()
    assert [one.id for one in await Webhook.all()] == [there["id"]]


def test_postgresql_gets_the_same_rows_as_one_text() -> None:
    rows = [entry(actor={"a": 2}, after=None), entry(actor={}, after={"n": [1]})]

    encoded = bulk_rows.encode_rows("postgres", AuditEntry, rows)

    shared = orjson.loads(encoded.shared_values or "")
    assert (set(shared), shared["action"]) == ({*encoded.shared}, "webhook.update")
    told = [{**shared, **row} for row in orjson.loads(encoded.values)]
    assert [row.keys() for row in told] == [{*encoded.names}] * 2
    assert [UUID(row["id"]) for row in told] == [row["id"] for row in rows]
    assert [(row["actor"], row["after"]) for row in told] == [
        ('{"a":2}', None),
        ("{}", '{"n":[1]}'),
    ]
    assert {datetime.fromisoformat(row["at"]) for row in told} == {AT}


def test_a_single_row_shares_nothing() -> None:
    encoded = bulk_rows.encode_rows("postgres", AuditEntry, [entry(actor={}, after=None)])

    assert (encoded.shared, encoded.parameters) == ((), [encoded.values])


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_values_that_rows_share_are_encoded_as_those_of_their_own(dialect: str) -> None:
    actor, after = {"name": "ci"}, {"url": "https://example.com"}
    shared = [entry(actor=actor, after=after if n % 2 else None) for n in range(20)]

    encoded = bulk_rows.encode_rows(dialect, AuditEntry, shared)

    assert encoded == bulk_rows.encode_rows(dialect, AuditEntry, deepcopy(shared))
