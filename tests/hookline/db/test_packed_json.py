"""Revisions' snapshots and changes: JSON that is compressed where it is long, as they are written
and read.
"""

from typing import Any

import orjson
import pytest

from hookline.db.bulk_rows import as_texts
from hookline.models import SyncRevision
from hookline.models.column_types import PackedJsonColumn, PackedListColumn
from hookline.runtime import Runtime
from hookline.sync.history import change_counts, changes_of
from tests.hookline.sync.files import ORDERS, apply, webhooks
from tests.making import WORKSPACE

COLUMN = PackedJsonColumn()
LONG = {f"hook-{n}": {"url": f"https://example.com/{n}", "name": "Zoë"} for n in range(1_000)}


@pytest.mark.parametrize(
    "value", [None, {}, [], "zlib:x", {"b": 1, "a": "zlib:"}, LONG, ["é" * 20_000]]
)
def test_value_comes_back_as_it_was(value: Any) -> None:
    text = COLUMN.to_db_value(value, None)
    assert COLUMN.to_python_value(text) == value
    assert text is None or text.isascii() or len(text) < 10_000


def test_long_text_alone_is_compressed() -> None:
    assert COLUMN.to_db_value({"b": 1, "a": 2}, None) == '{"b":1,"a":2}'
    packed = COLUMN.to_db_value(LONG, None)
    assert (packed[:5], len(packed) < 20_000) == ("zlib:", True)
    assert [*COLUMN.to_python_value(packed)] == [*LONG]
    assert as_texts(SyncRevision, [{"snapshot": LONG}]) == {"snapshot": [packed]}


ITEMS = [{"slug": f"hook-{n}", "note": "long " * 50} for n in range(250)]


@pytest.mark.parametrize(
    ("value", "parts"),
    [([], 0), ([1], 1), ([{"a": "zlib:"}] * 100, 1), ([[]] * 101, 2), (ITEMS, 3), (ITEMS[:100], 1)],
)
def test_list_comes_back_from_its_parts(value: list[Any], parts: int) -> None:
    column = PackedListColumn()
    text = column.to_db_value(value, None)
    count, *stored = orjson.loads(text)
    assert (count, len(stored)) == (len(value), parts)
    assert column.to_python_value(text) == value
    assert as_texts(SyncRevision, [{"changes": value}]) == {"changes": [text]}


def test_long_parts_alone_are_compressed() -> None:
    text = PackedListColumn().to_db_value([*ITEMS, *range(100)], None)
    _, *parts = orjson.loads(text)
    assert [type(part) for part in parts] == [str, str, str, list]
    assert PackedListColumn.items_of(parts[3]) == [*range(50, 100)]
    assert len(text) < 10_000
    assert PackedListColumn().to_db_value(None, None) is None


@pytest.mark.engines("sqlite", "postgres")
async def test_each_page_of_a_revisions_changes_is_found_in_its_parts(runtime: Runtime) -> None:
    body = ORDERS + f"description: {'long ' * 100}\n"
    slugs = [f"hook-{n:03}" for n in range(230)]
    await apply(runtime, webhooks(**dict.fromkeys(slugs, body)))
    await apply(runtime, webhooks(**dict.fromkeys(slugs[:229], body)))
    many, one = [row.id for row in await SyncRevision.all().order_by("number")]
    reads, pages = runtime.database.reader(), [(0, 1), (0, 100), (99, 101), (150, 230), (229, 300)]
    windows = [(many, *page) for page in [*pages, (0, 0), (230, 250)]] + [(one, 0, 50)]

    found = await changes_of(reads, WORKSPACE, windows)

    told = [[change["slug"] for change in found[window]] for window in windows]
    assert told == [*[slugs[first:beyond] for first, beyond in pages], [], [], [slugs[229]]]
    assert await change_counts(reads, WORKSPACE, [many, one]) == {many: 230, one: 1}
    assert len((await SyncRevision.get(id=many)).changes) == 230


@pytest.mark.engines("sqlite", "postgres")
async def test_revision_of_many_webhooks_has_them_in_little_room(runtime: Runtime) -> None:
    body = ORDERS + f"description: {'long ' * 100}\n"
    slugs = [f"hook-{n}" for n in range(50)]
    await apply(runtime, webhooks(**dict.fromkeys(slugs, body)))
    sql = "select length(snapshot) as size from sync_revision"
    [row] = await runtime.database.reader().rows(sql)
    assert row["size"] < 5_000
    assert sorted((await SyncRevision.get(number=1)).snapshot) == sorted(slugs)
    await apply(runtime, webhooks(**dict.fromkeys(slugs[1:], body)))
    assert len((await SyncRevision.get(number=2)).snapshot) == 49
