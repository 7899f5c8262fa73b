"""Revisions' snapshots: JSON that is compressed where it is long, as they are written and read."""

from typing import Any

import pytest

from hookline.db.bulk_rows import as_texts
from hookline.models import SyncRevision
from hookline.models.column_types import PackedJsonColumn
from hookline.runtime import Runtime
from tests.hookline.sync.files import ORDERS, apply, webhooks

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
