"""Keyset connections over a real table on SQLite: every row once, whatever the page size and
whatever comes in meanwhile.
"""

import base64
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig
from tortoise import fields
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.models import Model

from api.execution.errors import BadInput
from api.schema.connections import Connection, page
from api.schema.cursors import BY_NAME, NEWEST_FIRST, Order, read_cursor, write_cursor
from api.schema.listing import Listed, paged
from hookline.db.connection import Reader
from hookline.ids import uuid7
from tests.tables import each_of

ROWS = 250


class Note(Model):
    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=50)
    is_shown = fields.BooleanField(default=True)


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[list[Note]]:
    """250 rows, several of each name, and rows that no list shows."""
    EXECUTOR_CACHE.clear()  # Tortoise 1.1.9 keeps statements by connection name
    context = TortoiseContext()
    with context:  # only while it opens: its token belongs to one task
        await context.init(
            db_url=f"sqlite://{tmp_path}/notes.db",
            modules={"models": [__name__]},
            _enable_global_fallback=True,
        )
        await context.generate_schemas()
    try:
        chosen = random.Random(5)
        made = [Note(id=uuid7(), name=f"n{chosen.randrange(40)}") for _ in range(ROWS)]
        hidden = [Note(id=uuid7(), name="n7", is_shown=False) for _ in range(20)]
        await Note.bulk_create(made + hidden)
        yield made
    finally:
        await context.close_connections()
        EXECUTOR_CACHE.clear()


def sorted_by(order: Order, rows: list[Note]) -> list[UUID]:
    return [row.id for row in sorted(rows, key=order.key_of, reverse=order.is_descending)]


@asynccontextmanager
async def reading() -> AsyncIterator[Reader]:
    yield Reader("sqlite", get_connection("default"))


async def listed(order: Order, **arguments: Any) -> Connection[Note]:
    return await page(Note.filter(is_shown=True), order, lambda row: row, reading, **arguments)


async def has_more(connection: Connection[Note]) -> tuple[bool, bool]:
    """hasPreviousPage, hasNextPage."""
    return await connection.page_info.previous(), await connection.page_info.following()


ORDERS = pytest.mark.parametrize("order", [NEWEST_FIRST, BY_NAME], ids=["newest", "name"])


@ORDERS
@pytest.mark.parametrize("size", [1, 7, 50, 99, 100])
async def test_walking_forwards_gives_every_row_once(
    notes: list[Note], order: Order, size: int
) -> None:
    seen: list[UUID] = []
    cursor = None
    while True:
        connection = await listed(order, first=size, after=cursor)
        seen += [edge.node.id for edge in connection.edges]
        previous, following = await has_more(connection)
        assert previous == (cursor is not None)
        assert following == (len(seen) < ROWS)
        if not following:
            break
        cursor = connection.page_info.end_cursor
    assert seen == sorted_by(order, notes)


@ORDERS
@pytest.mark.parametrize("size", [1, 7, 50, 99, 100])
async def test_walking_backwards_gives_every_row_once(
    notes: list[Note], order: Order, size: int
) -> None:
    seen: list[UUID] = []
    cursor = None
    while True:
        connection = await listed(order, last=size, before=cursor)
        seen = [edge.node.id for edge in connection.edges] + seen
        previous, following = await has_more(connection)
        assert following == (cursor is not None)
        assert previous == (len(seen) < ROWS)
        if not previous:
            break
        cursor = connection.page_info.start_cursor
    assert seen == sorted_by(order, notes)


async def _insert(chosen: random.Random) -> Note:
    return await Note.create(id=uuid7(), name=f"n{chosen.randrange(40)}")


async def _delete(chosen: random.Random) -> None:
    await (await Note.filter(is_shown=False).first() or await _insert(chosen)).delete()


@ORDERS
@pytest.mark.parametrize("seed", range(6))
async def test_rows_that_come_between_pages_neither_repeat_nor_hide_others(
    notes: list[Note], order: Order, seed: int
) -> None:
    chosen = random.Random(seed)
    is_forwards = chosen.random() < 0.5
    seen: list[UUID] = []
    arguments: dict[str, Any] = {}
    while True:
        size = chosen.randrange(1, 60)
        connection = await listed(
            order, **arguments, **({"first": size} if is_forwards else {"last": size})
        )
        rows = [edge.node.id for edge in connection.edges]
        seen = seen + rows if is_forwards else rows + seen
        previous, following = await has_more(connection)
        if not (following if is_forwards else previous):
            break
        arguments = (
            {"after": connection.page_info.end_cursor}
            if is_forwards
            else {"before": connection.page_info.start_cursor}
        )
        for _ in range(chosen.randrange(4)):
            await _insert(chosen)
        await _delete(chosen)
    known = {row.id for row in notes}
    assert len(seen) == len(set(seen))
    assert [id for id in seen if id in known] == sorted_by(order, notes)


@ORDERS
async def test_cursor_of_a_deleted_row_still_works(notes: list[Note], order: Order) -> None:
    rows = sorted_by(order, notes)
    connection = await listed(order, first=10)
    await Note.filter(id=rows[9]).delete()
    after = await listed(order, first=10, after=connection.page_info.end_cursor)
    assert [edge.node.id for edge in after.edges] == rows[10:20]
    await Note.filter(id__in=rows[:9]).delete()
    assert await has_more(after) == (False, True)


@ORDERS
async def test_both_cursors_bound_a_page(notes: list[Note], order: Order) -> None:
    rows = sorted_by(order, notes)
    cursors = [edge.cursor for edge in (await listed(order, first=30)).edges]
    between = await listed(order, first=100, after=cursors[4], before=cursors[20])
    assert [edge.node.id for edge in between.edges] == rows[5:20]
    assert await has_more(between) == (True, True)
    tail = await listed(order, last=3, after=cursors[4], before=cursors[20])
    assert [edge.node.id for edge in tail.edges] == rows[17:20]


@ORDERS
async def test_empty_pages_know_what_is_around_them(notes: list[Note], order: Order) -> None:
    nothing = await listed(order, first=0)
    assert (nothing.edges, nothing.page_info.start_cursor, nothing.page_info.end_cursor) == (
        [],
        None,
        None,
    )
    assert await has_more(nothing) == (False, True)
    assert await has_more(await listed(order, last=0)) == (True, False)
    cursor = (await listed(order, last=1)).page_info.end_cursor
    assert await has_more(await listed(order, first=5, after=cursor)) == (True, False)
    await Note.all().delete()
    assert await has_more(await listed(order, first=5)) == (False, False)


async def test_default_is_the_first_twenty(notes: list[Note]) -> None:
    assert len((await listed(NEWEST_FIRST)).edges) == 20


@each_of(
    "arguments",
    [
        {"first": -1},
        {"first": 101},
        {"last": -1},
        {"last": 101},
        {"first": 1, "last": 1},
        {"first": 0, "last": 0},
    ],
)
async def test_page_sizes_out_of_range_are_bad_input(
    notes: list[Note], arguments: dict[str, int]
) -> None:
    with pytest.raises(BadInput, match=r"first|last"):
        await listed(NEWEST_FIRST, **arguments)


def encoded(value: object) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


KEY = "01900000-0000-7000-8000-000000000001"
BAD_CURSORS = [
    "",
    "x",
    "ü",
    "====",
    "A" * 5_000,
    encoded(None),
    encoded([]),
    encoded({}),
    encoded("name"),
    encoded(["name"]),
    encoded(["name", "a"]),
    encoded(["name", "a", "b"]),
    encoded(["name", 5, KEY]),
    encoded(["name", None, KEY]),
    encoded(["name", "a", KEY, KEY]),
    encoded(["name", "a\x00", KEY]),
    encoded(["name", "\ud800", KEY]),
    encoded(["name", "a", KEY.upper().replace("-", "")]),
    encoded(["newest", KEY]),
    encoded([5, "a", KEY]),
    encoded([["name"], "a", KEY]),
    write_cursor(BY_NAME, ("a", UUID(KEY))) + "==",
    base64.urlsafe_b64encode(b"[" * 1_400).decode(),
]


@each_of("cursor", BAD_CURSORS)
async def test_malformed_and_foreign_cursors_are_bad_input(notes: list[Note], cursor: str) -> None:
    for name in ("after", "before"):
        with pytest.raises(BadInput, match="cursor"):
            await listed(BY_NAME, **{name: cursor})


def test_cursors_come_back_as_they_went() -> None:
    for name in ("", "a b", "Ünïcode 💥", '"quoted"', "\n"):
        key = (name, UUID(KEY))
        assert read_cursor(BY_NAME, write_cursor(BY_NAME, key)) == key


async def test_totals_are_counted_once_and_up_to_ten_thousand(notes: list[Note]) -> None:
    connection = await listed(NEWEST_FIRST, first=1)
    assert await connection.total.read() == (ROWS, True)
    await Note.bulk_create([Note(id=uuid7(), name="many") for _ in range(9_750)], batch_size=2_000)
    assert await connection.total.read() == (ROWS, True)
    assert await (await listed(NEWEST_FIRST)).total.read() == (10_000, True)
    await Note.create(id=uuid7(), name="one more")
    assert await (await listed(NEWEST_FIRST)).total.read() == (10_000, False)


@strawberry.type(name="Note")
class NoteNode:
    name: str


@strawberry.type
class Query:
    @paged(Connection[NoteNode], description="Notes, by name.")
    async def notes(self) -> Listed[Note]:
        to_node: Callable[[Note], NoteNode] = lambda row: NoteNode(name=row.name)  # noqa: E731
        return Listed(Note.filter(is_shown=True), to_node, BY_NAME)


async def test_connection_is_a_relay_connection_in_the_schema(notes: list[Note]) -> None:
    schema = strawberry.Schema(Query, config=StrawberryConfig())
    assert "type NoteConnection {" in str(schema)
    assert "type NoteEdge {" in str(schema)
    selection = (
        "nodes { name } edges { node { name } cursor } totalCount totalCountExact "
        "pageInfo { hasNextPage hasPreviousPage endCursor }"
    )
    result = await schema.execute(
        "{ notes(first: 2) { " + selection + " } }",
        context_value=SimpleNamespace(reading=reading),
    )
    assert result.errors is None
    assert result.data is not None
    answer = result.data["notes"]
    assert answer["nodes"] == [edge["node"] for edge in answer["edges"]]
    assert (answer["totalCount"], answer["totalCountExact"]) == (ROWS, True)
    assert answer["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "endCursor": answer["edges"][1]["cursor"],
    }
